"""What people wrote, read from the platform's own shape. Pure: whatever stands there, it becomes words or a note."""

from collections.abc import Callable
from typing import Any, Final

from domain.results.report import each, part, tidy
from domain.results.whatsapp.news import Spoken

LONGEST: Final = 2_000  # characters
UNKNOWN: Final = "Something that WhatsApp does not pass on"


def spoken(message: dict[str, Any], name: str) -> Spoken:
    kind = tidy(message.get("type"), 40)
    about = message.get(kind)
    if kind == "edit" and isinstance(part(about, "message"), dict):
        inner = part(about, "message")
        kind = tidy(part(inner, "type"), 40)
        about = part(inner, kind)
    read = READERS.get(kind)
    found = read(about) if read else Spoken(note=UNKNOWN)
    note = found.note
    if headline := tidy(
        part(message, "referral", "headline") or part(message, "referral", "source_url"), 120
    ):
        note = f"{note}, from an advertisement: {headline}".lstrip(", ").capitalize()
    is_of_a_group = bool(message.get("group_id"))
    return Spoken(
        found.words, note[:200], found.payload, name, found.opens_window and kind != "reaction" and not is_of_a_group
    )  # fmt: skip


def _text(about: Any) -> Spoken:
    return Spoken(_words(part(about, "body")))


def _button(about: Any) -> Spoken:
    return Spoken(_words(part(about, "text")), payload=tidy(part(about, "payload"), 256))


def _interactive(about: Any) -> Spoken:
    kind = tidy(part(about, "type"), 40)
    reply = part(about, kind)
    words = _words(part(reply, "title")) or _words(part(reply, "body"))
    note = "A form, filled in" if kind == "nfm_reply" else ""
    return Spoken(words, note, tidy(part(reply, "id"), 256))


def _picture(about: Any) -> Spoken:
    return Spoken(_words(part(about, "caption")), "Photo")


def _video(about: Any) -> Spoken:
    return Spoken(_words(part(about, "caption")), "Video")


def _audio(about: Any) -> Spoken:
    return Spoken(note="Voice message" if part(about, "voice") else "Sound")


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
    names = [tidy(part(one, "name", "formatted_name"), 60) for one in each(about)]
    return Spoken(note=_named("Contact", ", ".join(one for one in names if one)))


def _order(about: Any) -> Spoken:
    count = len(each(part(about, "product_items")))
    return Spoken(_words(part(about, "text")), f"Order of {count} {'item' if count == 1 else 'items'}")


def _reaction(about: Any) -> Spoken:
    emoji = tidy(part(about, "emoji"), 20)
    return Spoken(note=_named("Reaction", emoji) if emoji else "Took a reaction back")


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
    "voice": _audio,
    "document": _document,
    "sticker": _sticker,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "reaction": _reaction,
    "revoke": _taken_back,
}
