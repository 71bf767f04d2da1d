"""What follows from the platform's word on a template, the shop's number or its account: the copy here, the sends, a notice."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery, Heard
from domain.message import whatsapp_templates
from domain.message.whatsapp_templates import WhatsAppTemplate
from domain.results.whatsapp.news import AccountNews, TemplateNews, Tone
from domain.sending import standstill
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.shop import notices, whatsapp
from domain.shop.notices import Notice

CHANNEL: Final = "whatsapp"
PAGE, SETTINGS = "/marketing/whatsapp-campaigns", "/settings/whatsapp"
APPROVED: Final = {"APPROVED", "REINSTATED", "UNARCHIVED"}
NOT_SENT: Final = {
    "PAUSED": "WhatsApp has paused this template, because too many people did not like it.",
    "DISABLED": "WhatsApp has switched this template off for good. Choose another one.",
    "REJECTED": "WhatsApp has turned this template down.",
    "PENDING_DELETION": "This template was deleted at WhatsApp.",
    "DELETED": "This template was deleted at WhatsApp.",
    "ARCHIVED": "WhatsApp has put this template away, because it was not used for long.",
}
GONE: Final = {"PENDING_DELETION", "DELETED"}
WAITING: Final = {
    "PENDING",
    "IN_APPEAL",
    "LIMIT_EXCEEDED",
}  # it can't be sent, and there is nothing to be done
NO_ACCIDENT: Final = 5  # messages of one send
KEPT_FROM_SENDING: Final = {"BANNED", "RESTRICTED", "DISCONNECTED"}


def template(session: Session, told: TemplateNews, *, now: datetime) -> None:
    before = whatsapp_templates.meant(session, told.name, told.language, told.number)
    if before is not None:
        if told.status in GONE and told.number and before.remote_id not in ("", told.number):
            return _look_again(session)  # an older one, whose name another one has by now
        told = replace(told, name=before.name, language=before.language)
    for sentence, tone in _news_of(told, before):
        tell(session, f"Template “{told.name}” ({told.language}): {sentence}", tone, PAGE, now)
    if told.quality:
        whatsapp_templates.note_quality(session, told.name, told.language, told.quality)
    if told.category:
        whatsapp_templates.note_category(session, told.name, told.language, told.category)
    if told.status in APPROVED:
        whatsapp_templates.note_status(session, told.name, told.language, "APPROVED")
    elif told.status in WAITING:
        whatsapp_templates.note_status(session, told.name, told.language, told.status)
    elif told.status in NOT_SENT:
        whatsapp_templates.note_status(session, told.name, told.language, told.status, told.reason)
        _bar(session, Hold.CONTENT, NOT_SENT[told.status], now, told)
    _look_again(session)


def _news_of(told: TemplateNews, before: WhatsAppTemplate | None) -> Iterator[tuple[str, Tone]]:
    """What the owner should hear of. Said once more, it is no news."""
    if told.status in NOT_SENT and (before is None or before.status != told.status):
        yield NOT_SENT[told.status], Tone.WARN
    if told.status in APPROVED and before is not None and not before.is_approved:
        yield "WhatsApp has approved it. It can be sent now.", Tone.INFO
    if told.status == "FLAGGED":
        yield "Many people block or report it. WhatsApp may switch it off.", Tone.WARN
    if told.quality == "RED" and (before is None or before.quality != "RED"):
        yield "Many people block or report it. WhatsApp may pause it.", Tone.WARN
    if before is not None and told.category and before.category not in ("", told.category):
        yield f"WhatsApp files it under {told.category.lower()} now. Its price may be another one.", Tone.WARN
    if told.will_be and before is not None and before.category != told.will_be:
        yield (
            f"WhatsApp will file it under {told.will_be.lower()} within a day. Its price may change.",
            Tone.WARN,
        )


def account(session: Session, told: AccountNews, *, dispatch_id: int | None = None, now: datetime) -> None:
    """`dispatch_id`: the send that learned it."""
    row = whatsapp.number(session)
    if row is not None and _is_another(told.number, row.shown):
        return
    if row is not None:
        row.tier, row.quality = told.tier or row.tier, told.quality or row.quality
        row.name, row.status = told.name or row.name, told.status or row.status
    if told.status in KEPT_FROM_SENDING:
        _bar(session, Hold.ACCOUNT, told.sentence, now)
    if dispatch_id is not None:
        standstill.bar(session, dispatch_id, Hold.ACCOUNT, told.sentence, now=now)
    elif told.sentence:
        tell(session, told.sentence, told.tone, SETTINGS, now)


def came_back(session: Session, dispatch_id: int, sentence: str, *, now: datetime) -> None:
    """A picture is fetched only after the message was taken: where the first all came back for it, the rest stay here."""
    heard = select(func.count()).select_from(Delivery).where(Delivery.dispatch_id == dispatch_id)
    spoiled = session.scalar(
        heard.where(Delivery.heard == Heard.BOUNCED, Delivery.heard_reason == Cause.TEMPLATE)
    )
    arrived = session.scalar(heard.where(Delivery.heard == Heard.DELIVERED))
    if (spoiled or 0) >= NO_ACCIDENT and not arrived:
        standstill.bar(session, dispatch_id, Hold.CONTENT, sentence, now=now)


def _is_another(told: str, shown: str) -> bool:
    """Some write a number with its country and some without, so the end of it decides."""
    mine = re.sub(r"\D", "", shown)
    return bool(told and mine) and told[-8:] != mine[-8:]


def _bar(
    session: Session, why: Hold, sentence: str, now: datetime, about: TemplateNews | None = None
) -> None:
    running = select(Dispatch).where(Dispatch.channel == CHANNEL, Dispatch.state == DispatchState.SENDING)
    for dispatch in session.scalars(running).all():
        if about is None or _uses(dispatch, about):
            standstill.bar(session, dispatch.id, why, sentence, now=now)


def _uses(dispatch: Dispatch, told: TemplateNews) -> bool:
    meant = dict(dispatch.content or {}).get("template")
    spelled = whatsapp_templates.spelled
    return (
        isinstance(meant, dict)
        and meant.get("name") == told.name
        and spelled(str(meant.get("language", ""))) == spelled(told.language)
    )


def _look_again(session: Session) -> None:
    """Notices may come late and in any order; what is true stands at the platform."""
    row = whatsapp.number(session)
    if row is not None:
        row.synced_at = None


def tell(session: Session, sentence: str, tone: Tone, link: str, now: datetime) -> None:
    """Once, until somebody has seen it."""
    same = select(Notice.id).where(Notice.sentence == sentence, Notice.link == link, Notice.seen_at.is_(None))
    if session.scalar(same.limit(1)) is None:
        notices.leave(session, sentence, now=now, tone=str(tone), link=link)
