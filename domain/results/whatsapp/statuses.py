"""What became of a message, read from the platform's own shape. Pure.

Among them stand words about other things: payments, calls, groups. Those are kept, and mean nothing for a message.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from domain.ledger import whatsapp_errors
from domain.ledger.causes import Cause
from domain.ledger.whatsapp_errors import WhatsAppError
from domain.results.report import Kind, Report, digest, excerpt, part, tidy
from domain.results.whatsapp.news import AccountNews, Tone
from domain.results.whatsapp.unpacking import instant, several, told
from domain.results.whatsapp.whom import completed, contact_of, whom

KINDS: Final = {
    "sent": Kind.ACCEPTED, "delivered": Kind.DELIVERY, "read": Kind.OPEN, "played": Kind.OPEN,
}  # fmt: skip
OLDER: Final[Mapping[int, int]] = {470: 131047, 1013: 131026, 1026: 131026}  # as the platform once counted
STOPPED: Final = 131050
WRITTEN_OUT: Final = re.compile(r"\(#(\d{1,9})\)")  # "(#131026) Message undeliverable"
UNSAID: Final = "WhatsApp did not say why."


def status(one: dict[str, Any], value: Any, is_ours: bool) -> Iterator[Report]:
    said, number = tidy(one.get("status"), 40).casefold(), tidy(one.get("id"), 150)
    to = whom(one.get("recipient_id"), one.get("recipient_user_id"))
    is_alone = len(several(part(value, "statuses"))) == 1
    to = completed(to, contact_of(to, value, is_alone=is_alone)) if not to.user else to
    common: dict[str, Any] = {
        "said": said,
        "address": to.number,
        "person": to.user,
        "at": instant(one.get("timestamp")),
        "message_id": number,
        "mark": tidy(one.get("biz_opaque_callback_data")),
        "excerpt": excerpt(one),
        "elsewhere": not is_ours,
    }
    if not _is_of_a_message(one):
        yield told(Kind.OTHER, digest(one), **common | {"message_id": "", "mark": ""})
        return
    event = f"{number}/{said}" if number else digest(one)
    if said == "failed":
        yield told(Kind.BOUNCE, event, **common, **_failure(one, value, is_ours))
        return
    yield told(KINDS.get(said, Kind.OTHER), event, **common)
    if KINDS.get(said) is Kind.OPEN:  # whoever read it has it, whenever the other word comes
        yield told(Kind.DELIVERY, f"{event}/delivered", **common)


def _is_of_a_message(one: dict[str, Any]) -> bool:
    kind, to = tidy(one.get("type"), 40).casefold(), tidy(one.get("recipient_type"), 40).casefold()
    return kind in ("", "message") and to in ("", "individual") and not one.get("group_id")


def _failure(one: dict[str, Any], value: Any, is_ours: bool) -> dict[str, Any]:
    error = _most_telling([*several(one.get("errors")), *several(part(value, "errors"))])
    code = code_of(error)
    known = meaning(code)
    details = tidy(part(error, "error_data", "details") or part(error, "details"), 300)
    title = tidy(_title(error), 200)
    words = title, "" if details == title else details
    more: dict[str, Any] = {
        "permanent": known.again is None if known else True,
        "reason": known.cause if known else Cause.REFUSED_THERE,
        "status": "" if code is None else str(code),
        "diagnostic": " ".join(filter(None, words)) or UNSAID
        if code is None
        else whatsapp_errors.words(code, *words),
    }
    if known and known.about == "account" and is_ours:
        more["about"] = AccountNews(known.sentence, Tone.BAD)
    if code == STOPPED:
        more["because"] = Kind.UNSUBSCRIBE
    return more


def _most_telling(errors: list[Any]) -> Any:
    """Of several, one that says more than that something went wrong."""
    for one in errors:
        known = meaning(code_of(one))
        if known and known.about != "unclear":
            return one
    return errors[0] if errors else {}


def meaning(code: int | None) -> WhatsAppError | None:
    """None where no number was told: then nobody knows more than that it failed, and nothing follows for anybody."""
    return None if code is None else whatsapp_errors.error(OLDER.get(code, code))


def code_of(error: Any) -> int | None:
    """0 is a number of theirs; None where there is none."""
    found = part(error, "code")
    if found is None:
        found = part(error, "error_code")
    if found is None and (written := WRITTEN_OUT.search(tidy(_title(error), 200))):
        found = written[1]
    if isinstance(found, str) and found.strip().isascii() and found.strip().isdecimal():
        found = int(found.strip()[:10])
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9 else None


def _title(error: Any) -> Any:
    return part(error, "title") or part(error, "message") or part(error, "error_message")
