"""What people wrote, read from the platform's own shape. Pure: whatever stands there, it becomes words or a note."""

from collections.abc import Callable
from typing import Any, Final

from domain.results.report import each, part, tidy
from domain.results.whatsapp.news import Spoken

LONGEST: Final = 2_000  # characters
UNKNOWN: Final = "Something that WhatsApp does not pass on"
ANSWERS: Final = ("button_reply", "list_reply", "nfm_reply", "call_permission_reply")
CALLED: Final = "Answered whether the shop may call"
CALLS: Final = {"accept": "Said that the shop may call", "reject": "Said that the shop may not call"}


def spoken(message: dict[str, Any], name: str) -> Spoken:
    kind, about, is_edited = _content(message)
    read = READERS.get(kind)
    found = read(about) if read else Spoken(note=UNKNOWN)
    is_of_a_group, context = bool(message.get("group_id")), message.get("context")
    is_passed_on = any(part(context, one) for one in ("forwarded", "frequently_forwarded"))
    opens = found.opens_window and not is_edited and not is_of_a_group
    note, is_personal = _with_advertisement(found.note, message)[:200], not is_of_a_group and not is_passed_on
    return Spoken(found.words, note, found.payload, name, opens, is_personal)


def _content(message: dict[str, Any]) -> tuple[str, Any, bool]:
    """What it is, what it says, and whether an earlier one was changed only. Without a kind, what stands there tells."""
    kind = tidy(message.get("type"), 40) or next((one for one in READERS if one in message), "")
    inner = part(message.get(kind), "message")
    if kind == "edit" and isinstance(inner, dict):
        return (*_content(inner)[:2], True)
    return kind, message.get(kind), kind == "edit"


def _with_advertisement(note: str, message: dict[str, Any]) -> str:
    referral = message.get("referral")
    headline = tidy(part(referral, "headline") or part(referral, "source_url"), 120)
    if not headline:
        return note
    return f"{note}, from an advertisement: {headline}" if note else f"From an advertisement: {headline}"


def _text(about: Any) -> Spoken:
    return Spoken(_words(about if isinstance(about, str) else part(about, "body")))


def _button(about: Any) -> Spoken:
    return Spoken(_words(part(about, "text")), payload=tidy(part(about, "payload"), 256))


def _interactive(about: Any) -> Spoken:
    kind = tidy(part(about, "type"), 40) or next((one for one in ANSWERS if part(about, one)), "")
    reply = part(about, kind)
    if kind == "call_permission_reply":
        return Spoken(
            note=CALLS.get(tidy(part(reply, "response"), 20).casefold(), CALLED), opens_window=False
        )
    words = _words(part(reply, "title")) or _words(part(reply, "body"))
    note = "A form, filled in" if kind == "nfm_reply" else ""
    return Spoken(words, note, tidy(part(reply, "id"), 256))


def _picture(about: Any) -> Spoken:
    return Spoken(_words(part(about, "caption")), "Photo")


def _video(about: Any) -> Spoken:
    return Spoken(_words(part(about, "caption")), "Video")


def _audio(about: Any) -> Spoken:
    return Spoken(note="Voice message" if part(about, "voice") else "Sound")


def _voice(about: Any) -> Spoken:
    return Spoken(note="Voice message")


def _document(about: Any) -> Spoken:
    return Spoken(_words(part(about, "caption")), _named("Document", part(about, "filename")))


def _sticker(about: Any) -> Spoken:
    return Spoken(note="Sticker")


def _location(about: Any) -> Spoken:
    where = part(about, "name") or part(about, "address")
    if not where and isinstance(part(about, "latitude"), int | float):
        where = f"{part(about, 'latitude')}, {part(about, 'longitude')}"
    return Spoken(note=_named("Place", where))


def _contacts(about: Any) -> Spoken:
    return Spoken(note=_named("Contact", ", ".join(filter(None, map(_card, each(about))))))


def _card(one: Any) -> str:
    """By name, or by what else the card has."""
    told = (
        part(one, "name", "formatted_name") or part(one, "name", "first_name") or part(one, "org", "company")
    )
    others = (part(way, name) for name in ("phone", "email") for way in each(part(one, f"{name}s")))
    return tidy(told or next((other for other in others if other), ""), 60)


def _order(about: Any) -> Spoken:
    count = len(each(part(about, "product_items")))
    return Spoken(_words(part(about, "text")), f"Order of {count} {'item' if count == 1 else 'items'}")


def _reaction(about: Any) -> Spoken:
    emoji = tidy(part(about, "emoji"), 20)
    return Spoken(note=_named("Reaction", emoji) if emoji else "Took a reaction back", opens_window=False)


def _taken_back(about: Any) -> Spoken:
    return Spoken(note="Took a message back", opens_window=False)


def _named(what: str, name: Any) -> str:
    said = tidy(name, 150)
    return f"{what}: {said}" if said else what


def _words(text: Any) -> str:
    """Lines stay lines."""
    if not isinstance(text, str):
        return ""
    whole = text[: LONGEST * 2].encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() or c == "\n" else " " for c in whole).strip()[:LONGEST]


READERS: Final[dict[str, Callable[[Any], Spoken]]] = {
    "text": _text,
    "button": _button,
    "interactive": _interactive,
    "image": _picture,
    "video": _video,
    "audio": _audio,
    "voice": _voice,
    "document": _document,
    "sticker": _sticker,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "reaction": _reaction,
    "revoke": _taken_back,
}
