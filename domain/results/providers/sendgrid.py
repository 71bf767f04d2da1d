"""SendGrid: many events in one post, signed as a whole with an elliptic-curve key."""

import base64
import binascii
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.results.post import Field, Forged, Post, age_field, as_json, bytes_of, objects, require_fresh
from domain.results.report import Kind, Report, digest, excerpt, judged, moment, part, tidy

NAME: Final = "sendgrid"
LABEL: Final = "SendGrid"
USUAL_AGE: Final = 300  # seconds
SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"

KINDS: Final = {
    "processed": Kind.ACCEPTED,
    "deferred": Kind.DELAY,
    "delivered": Kind.DELIVERY,
    "bounce": Kind.BOUNCE,
    "blocked": Kind.BOUNCE,
    "dropped": Kind.REFUSED,
    "spamreport": Kind.COMPLAINT,
    "open": Kind.OPEN,
    "click": Kind.CLICK,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
    "group_resubscribe": Kind.RESUBSCRIBE,
}
KNEW: Final = {
    "bounced address": Kind.BOUNCE,
    "invalid": Kind.BOUNCE,
    "spam reporting address": Kind.COMPLAINT,
    "unsubscribed address": Kind.UNSUBSCRIBE,
}


def _is_key(text: str) -> None:
    if _key(text) is None:
        raise ValueError(
            "This is not the verification key that SendGrid shows. Copy it once more, all of it."
        )


@lru_cache(8)
def _key(text: str) -> ec.EllipticCurvePublicKey | None:
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, ec.EllipticCurvePublicKey) else None


FIELDS: Final = (
    Field("public_key", "Verification key", True, True, _is_key),
    age_field(USUAL_AGE),
)


def verify(post: Post) -> None:
    stamp = post.headers.get(TIMESTAMP, "")
    signature = bytes_of(post.headers.get(SIGNATURE, ""))
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 15):
        raise Forged("it has no time")
    require_fresh(post, moment(stamp), USUAL_AGE)
    key = _key(post.keys.get("public_key", ""))
    if key is None:
        raise Forged("there is no key to check it with")
    try:
        key.verify(signature, stamp.encode() + post.body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Forged("the signature is wrong") from None


def read(body: bytes) -> list[Report]:
    return [_report(one) for one in objects(as_json(body))]


def _report(event: dict[str, Any]) -> Report:
    said = tidy(event.get("event"), 60)
    kind = KINDS.get(said, Kind.OTHER)
    return Report(
        provider=NAME,
        kind=kind,
        event_id=tidy(event.get("sg_event_id")) or digest(event),
        address=tidy(event.get("email"), 320),
        at=moment(event.get("timestamp")),
        message_id=tidy(event.get("sg_message_id")),
        mark=tidy(event.get("handbill"))
        or tidy(part(event, "unique_args", "handbill"))
        or tidy(event.get("smtp-id")),
        url=tidy(event.get("url"), 500),
        agent=tidy(event.get("useragent"), 300),
        ip=tidy(event.get("ip"), 45) if kind in (Kind.OPEN, Kind.CLICK) else "",
        machine=True if event.get("sg_machine_open") is True else None,
        said=said,
        excerpt=excerpt(event),
        **_words(kind, event),
    )


def _words(kind: Kind, event: dict[str, Any]) -> dict[str, Any]:
    diagnostic = tidy(event.get("reason") or event.get("response"), 500)
    if kind is Kind.REFUSED:
        knew = KNEW.get(diagnostic.casefold())
        reason = judged("", hard=True).reason if knew is Kind.BOUNCE else None
        return {"diagnostic": diagnostic, "because": knew, "permanent": knew is Kind.BOUNCE, "reason": reason}
    if kind not in (Kind.BOUNCE, Kind.DELAY):
        return {"diagnostic": diagnostic}
    # "blocked" is their word for what may pass: a full mailbox, a block list
    hard = (
        kind is Kind.BOUNCE and event.get("type", "bounce") != "blocked" and event.get("event") != "blocked"
    )
    verdict = judged(diagnostic, status=tidy(event.get("status"), 16), hard=hard)
    return {
        "diagnostic": diagnostic,
        "status": verdict.status,
        "permanent": verdict.permanent and kind is Kind.BOUNCE,
        "reason": verdict.reason,
    }
