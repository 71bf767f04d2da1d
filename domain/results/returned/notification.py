"""Amazon's own form of a report, sent as a mail: JSON in the text (SES notifications through a topic)."""

import json
from collections.abc import Iterator
from typing import Any, Final

from domain.ledger.causes import Cause
from domain.results.returned.heading import addresses_in
from domain.results.returned.opened import Opened
from domain.results.returned.reasons import judge
from domain.results.returned.returned import Action, Kind, Person

MOST_PEOPLE: Final = 1_000
DEAD: Final = {
    "noemail",
    "suppressed",
    "onaccountsuppressionlist",
}  # kinds of bounce that name the address itself


def read_notification(mail: Opened) -> tuple[Kind, tuple[Person, ...]] | None:
    """None where the mail holds no such notification."""
    told = _found(mail)
    if told is None:
        return None
    kind = str(told.get("notificationType") or told.get("eventType") or "")
    if kind == "Bounce":
        return Kind.BOUNCE, tuple(_bounced(_dict(told.get("bounce"))))
    if kind == "Complaint":
        return Kind.COMPLAINT, tuple(_complained(_dict(told.get("complaint"))))
    return Kind.OTHER, ()


def _found(mail: Opened) -> dict[str, Any] | None:
    for text in mail.texts:
        start = text.find("{")
        if start < 0 or not ('"notificationType"' in text or '"eventType"' in text):
            continue
        try:
            return _dict(json.JSONDecoder(strict=False).raw_decode(text[start:].replace("!\n ", ""))[0])
        except (ValueError, RecursionError):
            continue
    return None


def _bounced(bounce: dict[str, Any]) -> Iterator[Person]:
    lasting = bounce.get("bounceType") == "Permanent"
    named = str(bounce.get("bounceSubType")).casefold()
    for one in _people(bounce, "bouncedRecipients"):
        words, status = str(one.get("diagnosticCode") or "")[:1000], str(one.get("status") or "")[:20]
        action = Action.DELAYED if str(one.get("action")).startswith("delay") else Action.FAILED
        cause, permanent = judge(status, words, action, named)
        if lasting and named in DEAD:
            cause, permanent = Cause.NO_SUCH_ADDRESS, True
        for address in addresses_in(str(one.get("emailAddress") or "")[:400])[:1]:
            yield Person(address, permanent and lasting, cause, status, words, action)


def _complained(complaint: dict[str, Any]) -> Iterator[Person]:
    for one in _people(complaint, "complainedRecipients"):
        for address in addresses_in(str(one.get("emailAddress") or "")[:400])[:1]:
            yield Person(address, None, None)


def _people(report: dict[str, Any], name: str) -> list[dict[str, Any]]:
    many = report.get(name)
    return [_dict(one) for one in many[:MOST_PEOPLE]] if isinstance(many, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
