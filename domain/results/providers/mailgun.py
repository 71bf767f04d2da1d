"""Mailgun: one event in one post. Its signature covers a time and a token only, so a token is good for one post."""

import hashlib
import hmac
from typing import Any, Final

from domain.results.post import Field, Forged, Post, Token, age_field, as_json, is_same, require_fresh
from domain.results.report import Kind, Report, digest, excerpt, judged, moment, part, tidy

NAME: Final = "mailgun"
LABEL: Final = "Mailgun"
USUAL_AGE: Final = 300  # seconds

KINDS: Final = {
    "accepted": Kind.ACCEPTED,
    "delivered": Kind.DELIVERY,
    "rejected": Kind.REFUSED,
    "opened": Kind.OPEN,
    "clicked": Kind.CLICK,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
}
KNEW: Final = {
    "suppress-bounce": Kind.BOUNCE,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBE,
}
FIELDS: Final = (Field("signing_key", "HTTP webhook signing key", True, True), age_field(USUAL_AGE))


def verify(post: Post) -> None:
    told = part(as_json(post.body), "signature")
    stamp, token, signature = (part(told, name) for name in ("timestamp", "token", "signature"))
    if not (isinstance(stamp, str) and isinstance(token, str) and isinstance(signature, str)):
        raise Forged("it is not signed")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 15 and 16 <= len(token) <= 200):
        raise Forged("it is not signed as it should be")
    require_fresh(post, moment(stamp), USUAL_AGE)
    key = post.keys.get("signing_key", "")
    wanted = hmac.digest(key.encode(), f"{stamp}{token}".encode("utf-8", "replace"), hashlib.sha256).hex()
    if not key or not is_same(signature, wanted):
        raise Forged("the signature is wrong")


def token(body: bytes) -> Token:
    """Of a post that was verified."""
    return Token(tidy(part(as_json(body), "signature", "token")), hashlib.sha256(body).hexdigest())


def read(body: bytes) -> list[Report]:
    event = part(as_json(body), "event-data")
    return [_report(event)] if isinstance(event, dict) else []


def _report(event: dict[str, Any]) -> Report:
    said, at = tidy(event.get("event"), 60), moment(event.get("timestamp"))
    kind, reason = KINDS.get(said, Kind.OTHER), tidy(event.get("reason"), 60)
    if said == "failed":
        is_final = event.get("severity") != "temporary"
        kind = Kind.DELAY if not is_final else Kind.REFUSED if reason in KNEW else Kind.BOUNCE
    number = tidy(event.get("id"))  # only unique within a day, they say
    return Report(
        provider=NAME,
        kind=kind,
        event_id=f"{number}/{at:%Y%m%d}" if number and at else digest(event),
        address=tidy(event.get("recipient"), 320) or tidy(part(event, "message", "headers", "to"), 320),
        at=at,
        message_id=tidy(part(event, "message", "headers", "message-id")),
        mark=_mark(event),
        url=tidy(event.get("url"), 500),
        agent=tidy(part(event, "client-info", "user-agent"), 300),
        ip=tidy(event.get("ip"), 45),
        machine=True if part(event, "client-info", "bot") else None,
        said=f"{said}: {reason}" if reason else said,
        excerpt=excerpt(event),
        **_words(kind, event, reason),
    )


def _mark(event: dict[str, Any]) -> str:
    ours = tidy(part(event, "user-variables", "handbill"))
    return ours or tidy(part(event, "message", "headers", "message-id"))


def _words(kind: Kind, event: dict[str, Any], reason: str) -> dict[str, Any]:
    about = part(event, "delivery-status")
    words = tidy(part(about, "message"), 500) or tidy(part(about, "description"), 500)
    words = words or tidy(part(event, "reject", "reason"), 500)
    if kind is Kind.REFUSED:
        knew = KNEW.get(reason)
        cause = judged("", hard=True).reason if knew is Kind.BOUNCE else None
        return {"diagnostic": words, "because": knew, "permanent": knew is Kind.BOUNCE, "reason": cause}
    if kind not in (Kind.BOUNCE, Kind.DELAY):
        return {"diagnostic": words}
    code = tidy(part(about, "code"), 4)
    spoken = words if not code or words[:3] == code or not _is_servers(code) else f"{code} {words}"
    # 605 and 607 are Mailgun's own: they knew the address from before
    enhanced = tidy(part(about, "enhanced-code"), 16)
    verdict = judged(spoken, status=enhanced, hard=kind is Kind.BOUNCE and reason != "old")
    is_final = verdict.permanent and kind is Kind.BOUNCE
    return {"diagnostic": words, "status": verdict.status, "permanent": is_final, "reason": verdict.reason}


def _is_servers(code: str) -> bool:
    return len(code) == 3 and code[0] in "45" and code.isdecimal() and code not in ("498", "499")
