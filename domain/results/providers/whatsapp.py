"""WhatsApp's Cloud API: one post may tell of many things, each under the field it belongs to; signed over the raw body.

The numbers of its events are made so that the same news has the same one, however often it is told, and in which post.
What can't be read is kept, and never costs what stands beside it.
"""

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from domain.results.post import Field, Forged, Post, as_json, is_same
from domain.results.report import Kind, Report, digest, excerpt, part, tidy
from domain.results.whatsapp.messages import spoken
from domain.results.whatsapp.news import AccountNews, NewNumber, Tone, Wish
from domain.results.whatsapp.notices import notice
from domain.results.whatsapp.statuses import code_of, meaning, status
from domain.results.whatsapp.unpacking import INSIDE, Part, instant, parts, several, told
from domain.results.whatsapp.whom import ID, Whom, completed, contact_of, whom

log = logging.getLogger(__name__)

NAME: Final = "whatsapp"
LABEL: Final = "WhatsApp"
CHANNEL: Final = "whatsapp"
LARGEST: Final = 3 * 1024 * 1024  # bytes of one post, by their documentation
SIGNED: Final = "x-hub-signature-256"
FIELDS: Final = (
    Field("phone_number_id", "Phone number ID", False, True),
    Field("business_account_id", "WhatsApp business account ID", False, True),
    Field("access_token", "Access token", True, True),
    Field("app_secret", "App secret", True, True),
    Field("verify_token", "Verify token", True, True),
)
WISHES: Final = {"stop": False, "resume": True, "signup": True}
CHANGES: Final = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
NO_LETTERS: Final = frozenset(
    {"system", "request_welcome"}
)  # among the messages, and nobody has written anything
# What stands in these is of people who wrote to the shop's telephone, now or long ago: not ours to keep.
PRIVATE: Final = frozenset({"history", "smb_message_echoes", "message_echoes", "smb_app_state_sync", "standby",
    "messaging_handovers"})  # fmt: skip


def verify(post: Post) -> None:
    key, told = post.keys.get("app_secret", ""), post.headers.get(SIGNED, "")
    if not told:
        raise Forged("it is not signed")
    wanted = "sha256=" + hmac.new(key.encode(), post.body, hashlib.sha256).hexdigest()
    if not key or not is_same(told, wanted):
        raise Forged("the signature is wrong")


def challenged(query: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """What to answer where the platform asks whether this address is the shop's. Raises Forged."""
    wanted = keys.get("verify_token", "")
    is_asked = query.get("hub.mode") == "subscribe"
    if not is_asked or not wanted or not is_same(query.get("hub.verify_token", ""), wanted):
        raise Forged("the verify token is not the one of the settings")
    return query.get("hub.challenge", "")[:256]


def read_post(post: Post) -> list[Report]:
    return read(post.body, post.keys)


def read(body: bytes, keys: Mapping[str, str] | None = None) -> list[Report]:
    """`keys` tell which number and which account are the shop's."""
    try:
        whole = as_json(body)
    except Forged:  # but it was signed, so somebody may want to read it
        return [_other("unreadable", body.decode("utf-8", "replace"))]
    found = [report for one in _safely(parts, whole, keys or {}) for report in _safely(_changed, one)]
    return found or [_other("nothing", whole)]


def _safely(read: Callable[..., Iterable[Any]], *about: Any) -> list[Any]:
    """What stands beside it must not be lost for what nobody has foreseen."""
    try:
        return list(read(*about))
    except Exception:
        log.exception("A part of a post of WhatsApp could not be read")
        return [told(Kind.OTHER, _number_of(about), said="unreadable")]


def _number_of(about: Any) -> str:
    try:
        return digest(about)
    except RecursionError:
        return digest("too deep")


def _changed(one: Part | Report) -> Iterator[Report]:
    if isinstance(one, Report):
        yield one
    elif one.field == "messages" or (not one.field and isinstance(one.value, dict)):
        yield from _conversation(one)
    elif one.field == "user_preferences":
        for wish in several(part(one.value, "user_preferences")):
            yield from _safely(_preference, wish, one)
    elif one.field == "user_id_update":
        for change in several(part(one.value, "user_id_update")):
            yield from _safely(_new_id, change)
    else:
        about = notice(one.field, one.value) if one.is_ours else None
        yield _other(one.field, one.whole, one, about=about)


def _conversation(one: Part) -> Iterator[Report]:
    value = one.value
    for found in several(part(value, "statuses")):
        if isinstance(found, dict):
            yield from _safely(status, found, value, one.is_ours)
    for found in several(part(value, "messages")):
        if isinstance(found, dict):
            yield from _safely(_message, found, one)
    for error in several(part(value, "errors")):
        code = code_of(error)
        known = meaning(code)
        is_trouble = one.is_ours and known is not None and known.about == "account"
        about = AccountNews(known.sentence, Tone.BAD) if is_trouble and known else None
        yield _other(f"error {code}", [error, value], one, about=about)
    if not any(several(part(value, name)) for name in INSIDE):
        yield _other("messages", value, one)


# What people say


def _message(one: dict[str, Any], of: Part) -> Iterator[Report]:
    number, kind = tidy(one.get("id"), 150), tidy(one.get("type"), 40)
    sender = whom(one.get("from"), one.get("from_user_id"))
    who = contact_of(sender, of.value, is_alone=len(several(part(of.value, "messages"))) == 1)
    sender = completed(sender, who)
    event = f"{number}/{kind}" if number else digest(one)
    common: dict[str, Any] = {  # its words stand beside the person, and nowhere else
        "at": instant(one.get("timestamp")), "said": kind or "message", "elsewhere": not of.is_ours,
    }  # fmt: skip
    if kind in NO_LETTERS or part(one, "system"):
        moved = _moved(one, sender)
        yield told(Kind.OTHER, event, **common, address=sender.number, person=moved.new_id if moved else sender.user, about=moved)  # fmt: skip
        return
    name = tidy(part(who, "profile", "name"), 120)
    answers = tidy(part(one, "context", "id") or part(one, "reaction", "message_id"), 150)
    yield told(
        Kind.MESSAGE, event, **common, address=sender.number, person=sender.user, message_id=answers, about=spoken(one, name)
    )  # fmt: skip


def _moved(one: dict[str, Any], sender: Whom) -> NewNumber | None:
    about = one.get("system")
    if tidy(part(about, "type")) not in CHANGES:
        return None
    number = whom(part(about, "wa_id") or part(about, "new_wa_id")).number
    new = tidy(part(about, "user_id"), 160)
    old = tidy(part(about, "previous_user_id"), 160) or next(
        (found for found in ID.findall(tidy(part(about, "body"), 400)) if found != new), sender.user
    )
    return NewNumber(old if old != new else "", number, new)


def _preference(one: Any, of: Part) -> Iterator[Report]:
    who = whom(part(one, "wa_id"), part(one, "user_id"))
    contact = contact_of(who, of.value, is_alone=len(several(part(of.value, "user_preferences"))) == 1)
    who = completed(who, contact)
    said, category = tidy(part(one, "value"), 20).casefold(), tidy(part(one, "category"), 60)
    is_known = said in WISHES and category in ("", "marketing_messages")
    name = tidy(part(contact, "profile", "name"), 120)
    yield told(
        Kind.OTHER,
        digest([one, "user_preferences"]),
        address=who.number,
        person=who.user,
        at=instant(part(one, "timestamp")),
        said=f"{category}: {said}"[:80],
        excerpt=excerpt(one),
        about=Wish(WISHES[said], name) if is_known else None,
        elsewhere=not of.is_ours,
    )


def _new_id(one: Any) -> Iterator[Report]:
    ids = part(one, "user_id")
    new = tidy(part(ids, "current"), 160)
    yield told(
        Kind.OTHER,
        digest([one, "user_id_update"]),
        address=whom(part(one, "wa_id")).number,
        person=new,
        at=instant(part(one, "timestamp")),
        said="user_id_update",
        excerpt=excerpt(one),
        about=NewNumber(old_id=tidy(part(ids, "previous"), 160), new_id=new),
    )


def _other(said: str, whole: Any, of: Part | None = None, *, about: Any = None) -> Report:
    return told(
        Kind.OTHER,
        digest([whole, of.time if of else None]),
        at=of.at if of else None,
        said=said or "nothing",
        excerpt="" if said in PRIVATE else excerpt(whole),
        about=about,
        elsewhere=of is not None and not of.is_ours,
    )
