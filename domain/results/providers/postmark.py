"""Postmark: one event in one post, not signed. The secret in the address is the proof, with a name and password if set."""

from typing import Any, Final

from domain.results.post import Field, Post, as_json, objects, require_sign_in
from domain.results.report import Kind, Report, digest, excerpt, judged, moment, part, tidy

NAME: Final = "postmark"
LABEL: Final = "Postmark"
FIELDS: Final = (
    Field("username", "User name, if you set one there", False),
    Field("password", "Password"),
)

RECORDS: Final = {
    "Delivery": Kind.DELIVERY,
    "Open": Kind.OPEN,
    "Click": Kind.CLICK,
    "SpamComplaint": Kind.COMPLAINT,
}
BOUNCES: Final = {
    "HardBounce": Kind.BOUNCE,
    "SoftBounce": Kind.BOUNCE,
    "BadEmailAddress": Kind.BOUNCE,
    "Blocked": Kind.BOUNCE,
    "DMARCPolicy": Kind.BOUNCE,
    "VirusNotification": Kind.BOUNCE,
    "ManuallyDeactivated": Kind.REFUSED,
    "SMTPApiError": Kind.REFUSED,
    "Unconfirmed": Kind.REFUSED,
    "TemplateRenderingFailed": Kind.REFUSED,
    "Transient": Kind.DELAY,
    "DnsError": Kind.DELAY,
    "SpamNotification": Kind.BOUNCE,
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBE,
    "Subscribe": Kind.RESUBSCRIBE,
    "AutoResponder": Kind.AUTO_REPLY,
    "AddressChange": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.AUTO_REPLY,
}
HARD: Final = {"HardBounce", "BadEmailAddress"}
STOPPED: Final = {
    "HardBounce": Kind.REFUSED,
    "SpamComplaint": Kind.COMPLAINT,
    "ManualSuppression": Kind.UNSUBSCRIBE,
}


def verify(post: Post) -> None:
    require_sign_in(post)


def read(body: bytes) -> list[Report]:
    return [_report(one) for one in objects(as_json(body))]


def _report(event: dict[str, Any]) -> Report:
    said, kind = _kind(event)
    return Report(
        provider=NAME,
        kind=kind,
        event_id=_number(event),
        address=tidy(event.get("Email") or event.get("Recipient"), 320),
        at=_when(event),
        message_id=tidy(event.get("MessageID")),
        mark=tidy(part(event, "Metadata", "handbill")),
        url=tidy(event.get("OriginalLink"), 500),
        agent=tidy(event.get("UserAgent"), 300),
        ip=tidy(part(event, "Geo", "IP"), 45),
        said=said,
        excerpt=excerpt({name: value for name, value in event.items() if name != "Content"}),
        **_words(kind, event),
    )


def _kind(event: dict[str, Any]) -> tuple[str, Kind]:
    record, type_ = tidy(event.get("RecordType"), 40), tidy(event.get("Type"), 40)
    if record == "Bounce":
        return f"{record}: {type_}", BOUNCES.get(type_, Kind.OTHER)
    if record == "SubscriptionChange":
        if event.get("SuppressSending") is not True:
            return record, Kind.RESUBSCRIBE
        why = tidy(event.get("SuppressionReason"), 40)
        return f"{record}: {why}", STOPPED.get(why, Kind.UNSUBSCRIBE)
    return record, RECORDS.get(record, Kind.OTHER)


def _number(event: dict[str, Any]) -> str:
    """Only what came back has a number of its own."""
    own = tidy(event.get("ID"), 40)
    return f"{tidy(event.get('RecordType'), 40)}/{own}" if own and own != "0" else digest(event)


def _when(event: dict[str, Any]) -> Any:
    told = (event.get(name) for name in ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"))
    return next((at for one in told if (at := moment(one))), None)


def _words(kind: Kind, event: dict[str, Any]) -> dict[str, Any]:
    words = tidy(event.get("Details"), 500) or tidy(event.get("Description"), 500)
    if kind is Kind.REFUSED:
        is_dead = event.get("SuppressionReason") == "HardBounce"
        knew = Kind.BOUNCE if is_dead else None
        reason = judged("", hard=True).reason if is_dead else None
        return {"diagnostic": words, "because": knew, "permanent": is_dead, "reason": reason}
    if kind not in (Kind.BOUNCE, Kind.DELAY):
        return {"diagnostic": words}
    spoken = (
        words if any(letter.isdigit() for letter in words[:60]) else ""
    )  # otherwise their words, not a server's
    hard = tidy(event.get("Type")) in HARD
    verdict = judged(spoken if hard else words, hard=hard)
    is_final = verdict.permanent and kind is Kind.BOUNCE
    return {"diagnostic": words, "status": verdict.status, "permanent": is_final, "reason": verdict.reason}
