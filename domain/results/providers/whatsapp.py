"""WhatsApp's Cloud API: one post may tell of many things, each under the field it belongs to; signed over the raw body.

The numbers of its events are made so that the same news has the same one, however often it is told, and in which post.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from domain.book.whatsapp_numbers import spellings
from domain.ledger import whatsapp_errors
from domain.results.post import Field, Forged, Post, as_json, is_same
from domain.results.report import Kind, Report, digest, each, excerpt, moment, part, tidy
from domain.results.whatsapp.messages import spoken
from domain.results.whatsapp.news import AccountNews, NewNumber, Tone, Wish
from domain.results.whatsapp.notices import notice

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
KINDS: Final = {"sent": Kind.ACCEPTED, "delivered": Kind.DELIVERY, "read": Kind.OPEN}
WISHES: Final = {"stop": False, "resume": True, "signup": True}
CHANGES: Final = frozenset(
    {"user_changed_number", "customer_changed_number", "user_changed_user_id", "customer_identity_changed"}
)


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


def read(body: bytes) -> list[Report]:
    try:
        whole = as_json(body)
    except Forged:  # but it was signed, so somebody may want to read it
        return [_other("unreadable", body.decode("utf-8", "replace"), None)]
    found = [
        report
        for entry in each(part(whole, "entry"))
        or [{"changes": [whole]}]  # their test button posts a bare change
        for change in each(part(entry, "changes"))
        for report in _changed(part(entry, "time"), change)
    ]
    return found or [_other("nothing", whole, None)]


def _changed(time: Any, change: Any) -> Iterator[Report]:
    field, value = tidy(part(change, "field"), 60), part(change, "value")
    at = moment(part(value, "timestamp")) or moment(time)
    if field == "messages" or (not field and isinstance(value, dict)):
        yield from _conversation(value, at)
    elif field == "user_preferences":
        yield from (_preference(one, value) for one in each(part(value, "user_preferences")))
    elif field == "user_id_update":
        yield from (_new_id(one) for one in each(part(value, "user_id_update")))
    else:
        yield _other(field, change, at, time=time, about=notice(field, value))


def _conversation(value: Any, at: datetime | None) -> Iterator[Report]:
    for one in each(part(value, "statuses")):
        if isinstance(one, dict):
            yield from _status(one, value)
    for one in each(part(value, "messages")):
        if isinstance(one, dict):
            yield _message(one, value)
    for one in each(part(value, "errors")):
        code = _code(one)
        known = whatsapp_errors.error(code)
        about = AccountNews(known.sentence, Tone.BAD) if known.about == "account" else None
        yield _other(f"error {code}", [one, value], at, about=about)
    if not any(each(part(value, name)) for name in ("statuses", "messages", "errors")):
        yield _other("messages", value, at)


# What became of a message


def _status(one: dict[str, Any], value: Any) -> Iterator[Report]:
    said, number = tidy(one.get("status"), 40).casefold(), tidy(one.get("id"), 150)
    common: dict[str, Any] = {
        "provider": NAME,
        "channel": CHANNEL,
        "address": _address(one.get("recipient_id")),
        "person": tidy(one.get("recipient_user_id"), 160) or _only_user(value),
        "at": moment(one.get("timestamp")),
        "message_id": number,
        "mark": tidy(one.get("biz_opaque_callback_data")),
        "excerpt": excerpt(one),
    }
    event = f"{number}/{said}" if number else digest(one)
    if said == "failed":
        yield Report(kind=Kind.BOUNCE, event_id=event, said=said, **_failure(one, value, common))
        return
    yield Report(kind=KINDS.get(said, Kind.OTHER), event_id=event, said=said, **common)
    if said == "read":  # whoever read it has it, whenever the other word comes
        yield Report(kind=Kind.DELIVERY, event_id=f"{event}/delivered", said=said, **common)


def _failure(one: dict[str, Any], value: Any, common: dict[str, Any]) -> dict[str, Any]:
    error: Any = next(iter((*each(one.get("errors")), *each(part(value, "errors")))), {})
    code = _code(error)
    known = whatsapp_errors.error(code)
    details = tidy(part(error, "error_data", "details"), 300)
    title = tidy(part(error, "title"), 200) or tidy(part(error, "message"), 200)
    more: dict[str, Any] = {
        "permanent": known.again is None,
        "reason": known.cause,
        "status": str(code) if code else "",
        "diagnostic": whatsapp_errors.words(code, title, "" if details == title else details),
    }
    if known.about == "account":
        more["about"] = AccountNews(known.sentence, Tone.BAD)
    if code == STOPPED:
        more["because"] = Kind.UNSUBSCRIBE
    return common | more


STOPPED: Final = 131050


# What people say


def _message(one: dict[str, Any], value: Any) -> Report:
    number = tidy(one.get("id"), 150)
    who = _contact(one, value)
    kind = tidy(one.get("type"), 40)
    common: dict[str, Any] = {
        "provider": NAME,
        "channel": CHANNEL,
        "event_id": f"{number}/{kind}" if number else digest(one),
        "address": _address(one.get("from") or part(who, "wa_id")),
        "person": tidy(one.get("from_user_id") or part(who, "user_id"), 160),
        "at": moment(one.get("timestamp")),
        "said": kind or "message",
        "excerpt": "",  # it stands beside the person, and nowhere else
    }
    if kind == "system" or part(one, "system"):
        return Report(kind=Kind.OTHER, about=_moved(one), **common)
    name = tidy(part(who, "profile", "name"), 120)
    answers = tidy(part(one, "context", "id") or part(one, "reaction", "message_id"), 150)
    return Report(kind=Kind.MESSAGE, message_id=answers, about=spoken(one, name), **common)


def _moved(one: dict[str, Any]) -> NewNumber | None:
    about = one.get("system")
    if tidy(part(about, "type")) not in CHANGES:
        return None
    number = _address(part(about, "wa_id") or part(about, "new_wa_id"))
    return NewNumber(number=number, new_id=tidy(part(about, "user_id"), 160))


def _preference(one: Any, value: Any) -> Report:
    who = _contact({"from": part(one, "wa_id"), "from_user_id": part(one, "user_id")}, value)
    said, category = tidy(part(one, "value"), 20).casefold(), tidy(part(one, "category"), 60)
    is_known = said in WISHES and category in ("", "marketing_messages")
    name = tidy(part(who, "profile", "name"), 120)
    return Report(
        provider=NAME,
        channel=CHANNEL,
        kind=Kind.OTHER,
        event_id=digest([one, "user_preferences"]),
        address=_address(part(one, "wa_id") or part(who, "wa_id")),
        person=tidy(part(one, "user_id") or part(who, "user_id"), 160),
        at=moment(part(one, "timestamp")),
        said=f"{category}: {said}"[:80],
        excerpt=excerpt(one),
        about=Wish(WISHES[said], name) if is_known else None,
    )


def _new_id(one: Any) -> Report:
    ids = part(one, "user_id")
    return Report(
        provider=NAME,
        channel=CHANNEL,
        kind=Kind.OTHER,
        event_id=digest([one, "user_id_update"]),
        address=_address(part(one, "wa_id")),
        at=moment(part(one, "timestamp")),
        said="user_id_update",
        excerpt=excerpt(one),
        about=NewNumber(
            old_id=tidy(part(ids, "previous"), 160),
            new_id=tidy(part(ids, "current"), 160),
        ),
    )


def _other(said: str, whole: Any, at: datetime | None, *, time: Any = None, about: Any = None) -> Report:
    """`time`: when it was told; the same thing may happen twice."""
    return Report(
        provider=NAME,
        channel=CHANNEL,
        kind=Kind.OTHER,
        event_id=digest([whole, time]),
        at=at,
        said=said or "nothing",
        excerpt=excerpt(whole),
        about=about,
    )


def _contact(one: Mapping[str, Any], value: Any) -> Any:
    """Of several, the one who is meant."""
    everybody = [found for found in each(part(value, "contacts")) if isinstance(found, dict)]
    meant = tidy(one.get("from"), 40), tidy(one.get("from_user_id"), 160)
    for found in everybody:
        if (meant[0] and found.get("wa_id") == meant[0]) or (meant[1] and found.get("user_id") == meant[1]):
            return found
    return everybody[0] if len(everybody) == 1 and len(each(part(value, "messages"))) <= 1 else {}


def _only_user(value: Any) -> str:
    everybody = each(part(value, "contacts"))
    is_clear = len(everybody) == 1 and len(each(part(value, "statuses"))) == 1
    return tidy(part(everybody[0], "user_id"), 160) if is_clear else ""


def _address(told: Any) -> str:
    """With the + that the book has; empty for an id that is no number."""
    found = spellings(tidy(told, 40))
    return found[0] if found else ""


def _code(error: Any) -> int:
    told = part(error, "code")
    if isinstance(told, str) and told.isascii() and told.isdecimal():
        return int(told[:9])
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 10**9 else 0
