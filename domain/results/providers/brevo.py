"""Brevo: not signed. The secret in the address is the proof, with a name and password or a token if set."""

import json
from typing import Any, Final

from domain.results.post import Field, Forged, Post, as_json, is_same, objects, require_sign_in
from domain.results.report import Kind, Report, digest, excerpt, judged, moment, part, tidy

NAME: Final = "brevo"
LABEL: Final = "Brevo"
FIELDS: Final = (
    Field("username", "User name, if you set one there", False),
    Field("password", "Password"),
    Field("bearer_token", "Token, if you chose that instead"),
)

KINDS: Final = {
    "request": Kind.ACCEPTED,
    "sent": Kind.ACCEPTED,
    "delivered": Kind.DELIVERY,
    "deferred": Kind.DELAY,
    "soft_bounce": Kind.BOUNCE,
    "hard_bounce": Kind.BOUNCE,
    "invalid_email": Kind.BOUNCE,
    "invalid": Kind.BOUNCE,
    "blocked": Kind.REFUSED,
    "error": Kind.REFUSED,
    "spam": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
    "opened": Kind.OPEN,
    "unique_opened": Kind.OPEN,
    "proxy_open": Kind.OPEN,
    "unique_proxy_open": Kind.OPEN,
    "click": Kind.CLICK,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "unsubscribed": Kind.UNSUBSCRIBE,
}
HARD: Final = {"hard_bounce", "invalid_email", "invalid"}


def verify(post: Post) -> None:
    wanted = post.keys.get("bearer_token", "")
    if wanted:
        scheme, _, told = post.headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not is_same(told, wanted):
            raise Forged("the token is wrong")
        return
    require_sign_in(post)


def read(body: bytes) -> list[Report]:
    return [_report(one) for one in objects(as_json(body))]


def _report(event: dict[str, Any]) -> Report:
    said = tidy(event.get("event"), 60)
    plain = said.replace("hardBounce", "hard_bounce").replace("softBounce", "soft_bounce").casefold()
    kind = KINDS.get(plain, Kind.OTHER)
    return Report(
        provider=NAME,
        kind=kind,
        event_id=digest(event),
        address=tidy(event.get("email"), 320),
        at=_when(event),
        message_id=tidy(event.get("message-id")),
        mark=_mark(event),
        url=tidy(event.get("link"), 500),
        agent=tidy(event.get("user_agent"), 300),
        ip=tidy(event.get("ip"), 45),
        machine=True if "proxy" in plain else None,
        said=said,
        excerpt=excerpt(event),
        **_words(kind, event, plain),
    )


def _when(event: dict[str, Any]) -> Any:
    """`ts_epoch` (milliseconds) is in UTC; the others follow the zone of the account."""
    epoch = event.get("ts_epoch")
    if isinstance(epoch, int | float) and not isinstance(epoch, bool):
        return moment(epoch // 1000)
    return moment(event.get("ts_event")) or moment(event.get("ts"))


def _mark(event: dict[str, Any]) -> str:
    """Our own header comes back as it was sent; behind it, the number that our message had."""
    own = event.get("X-Mailin-custom")
    try:
        found = tidy(part(json.loads(own), "handbill")) if isinstance(own, str) else ""
    except (ValueError, RecursionError):
        found = ""
    return found or tidy(event.get("message-id"))


def _words(kind: Kind, event: dict[str, Any], plain: str) -> dict[str, Any]:
    words = tidy(event.get("reason"), 500)
    if kind is Kind.REFUSED:
        return {"diagnostic": words, "permanent": False}
    if kind not in (Kind.BOUNCE, Kind.DELAY):
        return {"diagnostic": words}
    verdict = judged(words, hard=plain in HARD)
    is_final = verdict.permanent and kind is Kind.BOUNCE
    return {"diagnostic": words, "status": verdict.status, "permanent": is_final, "reason": verdict.reason}
