"""Mail providers that report: posts with keys of their own, signed as the real ones sign them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from domain.results.post import CertificateMissing, Post

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-reports"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + TOPIC + "&Token=23ab"
SIGNING_KEY = "key-of-mailgun-0123456789"


@dataclass
class Web:
    """What lies at which address; everything that was asked for is noted."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise CertificateMissing("nothing lies there")
        return self.pages[url]


@dataclass(frozen=True)
class Sent:
    """A post as it leaves the provider."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def received(sent: Sent, keys: Mapping[str, str], now: datetime, web: Web | None = None) -> Post:
    return Post(sent.body, dict(sent.headers), keys, now, (web or Web()).fetch)


# Amazon SNS

SES_KEYS = {"topic_arns": TOPIC}


def web_of_sns(now: datetime) -> Web:
    return Web({CERTIFICATE: certificate(now), CONFIRM: b"<ConfirmSubscriptionResponse/>"})


@cache
def sns_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(now: datetime, *, days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(sns_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .sign(sns_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def notification(event: Any, now: datetime, *, version: str = "2", number: str = "n-1", **more: str) -> Sent:
    told = {
        "Type": "Notification",
        "MessageId": number,
        "TopicArn": TOPIC,
        "Message": event if isinstance(event, str) else json.dumps(event),
        "Timestamp": stamp(now),
        **more,
    }
    return signed_by_sns(told, version)


def confirmation(now: datetime, **more: str) -> Sent:
    told = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "c-1",
        "Token": "23ab",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": CONFIRM,
        "Timestamp": stamp(now),
        **more,
    }
    return signed_by_sns(told, "2")


def signed_by_sns(told: dict[str, str], version: str) -> Sent:
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    if told["Type"] == "Notification":
        names = [name for name in names if name not in ("SubscribeURL", "Token")]
    plain = "".join(f"{name}\n{told[name]}\n" for name in names if name in told).encode()
    way = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = base64.b64encode(sns_key().sign(plain, padding.PKCS1v15(), way)).decode()
    whole = {**told, "SignatureVersion": version, "Signature": signature, "SigningCertURL": CERTIFICATE}
    return Sent(json.dumps(whole, indent=2).encode(), {"content-type": "text/plain; charset=UTF-8"})


def ses_event(
    kind: str, about: Mapping[str, Any], *, mark: str = "", message: str = "0100-ses-1", **mail: Any
) -> dict[str, Any]:
    place = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(kind, kind.lower())
    tags = {"ses:from-domain": ["marlow.example"], **({"handbill": [mark]} if mark else {})}
    told = {"timestamp": "2026-11-21T09:00:00.000Z", "messageId": message, "tags": tags, **mail}
    return {"eventType": kind, "mail": told, place: dict(about)}


def ses_bounce(address: str, *, mark: str = "", subtype: str = "General", **facts: Any) -> dict[str, Any]:
    whom = {
        "emailAddress": address,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }
    about = {
        "bounceType": "Permanent",
        "bounceSubType": subtype,
        "bouncedRecipients": [whom],
        "timestamp": "2026-11-21T09:01:00.000Z",
        **facts,
    }
    return ses_event("Bounce", about, mark=mark, destination=[address])


# SendGrid


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_keys() -> dict[str, str]:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    plain = sendgrid_key().public_key().public_bytes(serialization.Encoding.DER, form)
    return {"public_key": base64.b64encode(plain).decode()}


def from_sendgrid(events: Any, now: datetime) -> Sent:
    body, when = json.dumps(events).encode(), str(int(now.timestamp()))
    signature = sendgrid_key().sign(when.encode() + body, ec.ECDSA(hashes.SHA256()))
    return Sent(
        body,
        {
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": when,
            "content-type": "application/json",
        },
    )


def sendgrid_event(
    kind: str, address: str, number: str, *, mark: str = "", at: int = 1_795_253_400, **more: Any
) -> dict[str, Any]:
    told = {
        "event": kind,
        "email": address,
        "timestamp": at,
        "sg_event_id": number,
        "sg_message_id": "m.filter1",
        **more,
    }
    return {**told, **({"handbill": mark} if mark else {})}


# Mailgun

MAILGUN_KEYS = {"signing_key": SIGNING_KEY}


def from_mailgun(event: Any, now: datetime, *, token: str = "0" * 50) -> Sent:
    when = str(int(now.timestamp()))
    signature = hmac.digest(SIGNING_KEY.encode(), f"{when}{token}".encode(), hashlib.sha256).hex()
    told = {"signature": {"timestamp": when, "token": token, "signature": signature}, "event-data": event}
    return Sent(json.dumps(told).encode(), {"content-type": "application/json"})


def mailgun_event(
    kind: str, address: str, number: str = "e-1", *, mark: str = "", at: float = 1_795_253_400.5, **more: Any
) -> dict[str, Any]:
    return {
        "event": kind,
        "id": number,
        "timestamp": at,
        "recipient": address,
        "message": {"headers": {"message-id": "20261121.1@mg.marlow.example", "to": address}},
        "user-variables": {"handbill": mark} if mark else {},
        **more,
    }


# Postmark and Brevo sign nothing


def plainly(event: Any, *, sign_in: str = "") -> Sent:
    headers = {"content-type": "application/json"}
    if sign_in:
        headers["authorization"] = "Basic " + base64.b64encode(sign_in.encode()).decode()
    return Sent(json.dumps(event).encode(), headers)


def postmark_event(record: str, address: str, *, mark: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"handbill": mark} if mark else {}
    return {
        "RecordType": record,
        "MessageID": "883953f4-6105",
        "Recipient": address,
        "Metadata": metadata,
        **more,
    }


def brevo_event(
    kind: str, address: str, *, mark: str = "", at: int = 1_795_253_400, **more: Any
) -> dict[str, Any]:
    ours = {"X-Mailin-custom": json.dumps({"handbill": mark})} if mark else {}
    return {
        "event": kind,
        "email": address,
        "id": 7,
        "ts_epoch": at * 1000,
        "message-id": "<b1@marlow.example>",
        **ours,
        **more,
    }


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
