"""Amazon SES, whose reports come through SNS topics.

SNS signs with a certificate that lies at an address in the message itself: it is only fetched from SNS. A topic that
the owner has not named is not listened to, whoever signed it.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from domain.results.post import (
    CertificateMissing,
    Field,
    Forged,
    Post,
    age_field,
    as_json,
    bytes_of,
    require_fresh,
)
from domain.results.report import Kind, Report, each, excerpt, judged, moment, part, tidy

NAME: Final = "ses"
LABEL: Final = "Amazon SES"
USUAL_AGE: Final = 3600  # seconds; SNS comes again later than others

NOTIFICATION: Final = "Notification"
CONFIRMATIONS: Final = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
SIGNED: Final = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        CONFIRMATIONS, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    ),
}
HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {"1": hashes.SHA1, "2": hashes.SHA256}
TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d+:[A-Za-z0-9_.-]+")
HOST: Final = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE_AT: Final = re.compile(HOST + r"/[A-Za-z0-9_/.-]{1,200}\.pem")
CONFIRM_AT: Final = re.compile(HOST + r"/\?[A-Za-z0-9_%=&:./~+-]{1,1500}")

KINDS: Final = {
    "Send": Kind.ACCEPTED,
    "Delivery": Kind.DELIVERY,
    "DeliveryDelay": Kind.DELAY,
    "Bounce": Kind.BOUNCE,
    "Complaint": Kind.COMPLAINT,
    "Reject": Kind.REFUSED,
    "Rendering Failure": Kind.REFUSED,
    "RenderingFailure": Kind.REFUSED,
    "Open": Kind.OPEN,
    "Click": Kind.CLICK,
    "Subscription": Kind.UNSUBSCRIBE,
}
PLACES: Final = {
    "DeliveryDelay": "deliveryDelay",
    "Rendering Failure": "failure",
    "RenderingFailure": "failure",
}
KNOWN_DEAD: Final = {"NoEmail", "Suppressed", "OnAccountSuppressionList"}
NOT_A_PERSONS: Final = {"not-spam", "auth-failure", "auth_failure"}


def topics(text: str) -> list[str]:
    """As typed: one on each line, or with commas or blanks between."""
    return [one for one in re.split(r"[\s,;]+", text) if one]


def _are_topics(text: str) -> None:
    for one in topics(text):
        if not TOPIC.fullmatch(one):
            raise ValueError(
                f"{one[:80]} is not the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:123456789012:mail."
            )


def _is_set_name(text: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", text):
        raise ValueError("The name of a configuration set has letters, digits, dashes and underscores.")


FIELDS: Final = (
    Field("topic_arns", "SNS topics (ARN), one on each line", False, True, _are_topics),
    Field("configuration_set", "Configuration set for what is sent, if any", False, False, _is_set_name),
    age_field(USUAL_AGE),
)


def verify(post: Post) -> None:
    told = as_json(post.body)
    if not isinstance(told, dict) or tidy(told.get("Type")) not in SIGNED:
        raise Forged("it is no SNS message")
    if told.get("TopicArn") not in topics(post.keys.get("topic_arns", "")):
        raise Forged("this topic is not among those of the settings")
    require_fresh(post, moment(told.get("Timestamp")), USUAL_AGE)
    algorithm = HASHES.get(str(told.get("SignatureVersion")))
    if algorithm is None or not isinstance(told.get("SignatureVersion"), str):
        raise Forged("the version of the signature is unknown")
    signature, key = bytes_of(told.get("Signature")), _key(post, told.get("SigningCertURL"))
    try:
        key.verify(signature, _signed(told), padding.PKCS1v15(), algorithm())
    except InvalidSignature:
        raise Forged("the signature is wrong") from None


def read(body: bytes) -> list[Report]:
    envelope = as_json(body)
    number = tidy(envelope.get("MessageId"))
    if envelope.get("Type") != NOTIFICATION:
        return [_other(number, tidy(envelope.get("Type")), moment(envelope.get("Timestamp")))]
    try:
        event = as_json(str(envelope.get("Message")).encode("utf-8", "replace"))
    except Forged:  # "Successfully validated SNS topic ..."
        event = None
    if not isinstance(event, dict):
        return [_other(number, tidy(envelope.get("Message"), 60), moment(envelope.get("Timestamp")))]
    return list(_reports(number, event, moment(envelope.get("Timestamp"))))


def follow_up(post: Post) -> None:
    """Of a message that was verified: confirm the subscription, at SNS itself and nowhere else."""
    told = as_json(post.body)
    if told.get("Type") != "SubscriptionConfirmation":
        return
    address = told.get("SubscribeURL")
    if not isinstance(address, str) or not CONFIRM_AT.fullmatch(address):
        raise Forged("the address to confirm at is not one of SNS")
    post.fetch(address)


def _reports(number: str, event: dict[str, Any], sent_at: datetime | None) -> Iterator[Report]:
    said = tidy(event.get("eventType") or event.get("notificationType"), 60)
    kind = KINDS.get(said, Kind.OTHER)
    about = part(event, PLACES.get(said, said[:1].lower() + said[1:]))
    mail = part(event, "mail")
    if kind is Kind.COMPLAINT and tidy(part(about, "complaintFeedbackType")) in NOT_A_PERSONS:
        kind, said = Kind.OTHER, f"{said}: {tidy(part(about, 'complaintFeedbackType'), 30)}"
    if kind is Kind.UNSUBSCRIBE and not _wants_out(about):
        kind = Kind.OTHER
    common: dict[str, Any] = {
        "provider": NAME,
        "at": moment(part(about, "timestamp")) or sent_at or moment(part(mail, "timestamp")),
        "message_id": tidy(part(mail, "messageId")),
        "mark": _mark(mail),
        "said": said,
        "url": tidy(part(about, "link"), 500),
        "agent": tidy(part(about, "userAgent"), 300) if kind in (Kind.OPEN, Kind.CLICK) else "",
        "ip": tidy(part(about, "ipAddress"), 45),
        "excerpt": excerpt({name: value for name, value in event.items() if name != "mail"}),
    }
    for place, whom in enumerate(_recipients(kind, about, mail)):
        address = tidy(whom.get("emailAddress"), 320)
        yield Report(
            kind=kind, event_id=f"{number}/{place}", address=address, **common, **_words(kind, about, whom)
        )


def _words(kind: Kind, about: Any, whom: dict[str, Any]) -> dict[str, Any]:
    """Why it did not arrive, where it did not."""
    diagnostic, status = tidy(whom.get("diagnosticCode"), 500), tidy(whom.get("status"), 16)
    if kind is Kind.BOUNCE:
        hard = part(about, "bounceType") == "Permanent"
        is_known = hard and tidy(part(about, "bounceSubType")) in KNOWN_DEAD
        verdict = judged("" if is_known else diagnostic, status="" if is_known else status, hard=hard)
        told = verdict.status or status
        return {
            "permanent": verdict.permanent,
            "reason": verdict.reason,
            "status": told,
            "diagnostic": diagnostic,
        }
    if kind is Kind.DELAY:
        verdict = judged(diagnostic, status=status, hard=False)
        return {
            "permanent": False,
            "reason": verdict.reason,
            "status": verdict.status,
            "diagnostic": diagnostic,
        }
    if kind is Kind.REFUSED:
        why = tidy(part(about, "reason") or part(about, "errorMessage"), 500)
        return {"permanent": False, "diagnostic": why}
    return {"diagnostic": tidy(part(about, "smtpResponse") or part(about, "complaintFeedbackType"), 500)}


def _recipients(kind: Kind, about: Any, mail: Any) -> list[dict[str, Any]]:
    """One notice may speak of many."""
    place = {
        Kind.BOUNCE: "bouncedRecipients",
        Kind.COMPLAINT: "complainedRecipients",
        Kind.DELAY: "delayedRecipients",
    }
    found: list[dict[str, Any]] = [
        one for one in each(part(about, place.get(kind, ""))) if isinstance(one, dict)
    ]
    named = each(part(about, "recipients")) or each(part(mail, "destination"))
    if not found:
        found = [{"emailAddress": one} for one in named if isinstance(one, str)]
    return found or [{}]


def _mark(mail: Any) -> str:
    """Our tag; or one of our headers, among those of the original message."""
    tagged = [tidy(one) for one in each(part(mail, "tags", "handbill"))]
    named = {
        str(one.get("name")).casefold(): tidy(one.get("value"))
        for one in each(part(mail, "headers"))
        if isinstance(one, dict)
    }
    common = tidy(part(mail, "commonHeaders", "messageId"))
    return next(
        (one for one in (*tagged, named.get("x-handbill-mark"), named.get("message-id"), common) if one), ""
    )


def _wants_out(about: Any) -> bool:
    """SES tells of every change of its own topics; only who leaves all of them has said no."""
    return bool(part(about, "newTopicPreferences", "unsubscribeAll"))


def _other(number: str, said: str, at: datetime | None) -> Report:
    return Report(provider=NAME, kind=Kind.OTHER, event_id=number, said=said, at=at)


def _signed(told: dict[str, Any]) -> bytes:
    """Names and values line by line, in an order that depends on the type; a subject only where there is one."""
    lines = []
    for name in SIGNED[told["Type"]]:
        if name == "Subject" and told.get(name) is None:
            continue
        if not isinstance(told.get(name), str):
            raise Forged(f"it has no {name}")
        lines.append(f"{name}\n{told[name]}\n")
    return "".join(lines).encode("utf-8", "replace")


# Certificates, by their address: SNS changes them a few times a year.

KEEP: Final = timedelta(hours=24)
KEEP_FAILURE: Final = timedelta(seconds=20)  # a flood of messages must not become a flood of downloads
MOST_KEPT: Final = 32
_kept: "OrderedDict[str, tuple[datetime, bytes | None]]" = OrderedDict()
_lock = threading.Lock()


def _key(post: Post, address: Any) -> rsa.RSAPublicKey:
    if not isinstance(address, str) or not CERTIFICATE_AT.fullmatch(address) or ".." in address:
        raise Forged("the certificate does not lie at SNS")
    try:
        certificate = x509.load_pem_x509_certificate(_certificate(post, address))
        key = certificate.public_key()
    except ValueError:
        forget_certificates(address)
        raise CertificateMissing("what lies there is no certificate") from None
    is_in_time = certificate.not_valid_before_utc <= post.now <= certificate.not_valid_after_utc
    if not is_in_time or not isinstance(key, rsa.RSAPublicKey):
        raise Forged("the certificate is not valid")
    return key


def _certificate(post: Post, address: str) -> bytes:
    with _lock:
        at, known = _kept.get(address, (None, None))
    if at is not None and timedelta(0) <= post.now - at <= (KEEP if known else KEEP_FAILURE):
        if known is None:
            raise CertificateMissing("the certificate could not be fetched a moment ago")
        return known
    try:
        fetched = post.fetch(address)
    except CertificateMissing:
        _keep(address, post.now, None)
        raise
    _keep(address, post.now, fetched)
    return fetched


def _keep(address: str, at: datetime, certificate: bytes | None) -> None:
    with _lock:
        _kept[address] = (at, certificate)
        _kept.move_to_end(address)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def forget_certificates(address: str | None = None) -> None:
    with _lock:
        if address is None:
            _kept.clear()
        else:
            _kept.pop(address, None)
