"""Messages that WhatsApp itself held back, because the person gets many just now: once more after a day, where the campaign
asks for it, and never sooner. A few times at most.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from data.database import changed
from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.whatsapp_errors import HELD_FOR
from domain.refusal import Refusal
from domain.sending import dispatches, resending
from domain.sending.dispatches import Dispatch
from domain.sending.resending import Which
from domain.shop import audit
from domain.shop.people import CLOCK

ASKED_FOR: Final = "retry_held"  # in the content of a campaign
TRIES: Final = 3
LOOKED_AT: Final = timedelta(days=14)  # since the launch


def due(session: Session, now: datetime) -> list[int]:
    """Sends of which somebody may be tried again."""
    asked = func.json_extract(Dispatch.content, f"$.{ASKED_FOR}").is_(True)
    lately = (Dispatch.channel == "whatsapp") & (Dispatch.created_at > now - LOOKED_AT)
    there = select(Delivery.id).where(*_held(Dispatch.id, now)).correlate(Dispatch).exists()
    return list(session.scalars(select(Dispatch.id).where(lately, asked, there)))


def try_again(session: Session, dispatch_id: int, *, now: datetime) -> int:
    """Back into the queue; whether they may still be written to is asked at the gate. 0: not just now."""
    dispatch = dispatches.get(session, dispatch_id)
    try:
        resending.require_open(session, dispatch, Which.FAILED)
    except Refusal:
        return 0
    numbers = list(session.scalars(select(Delivery.id).where(*_held(dispatch_id, now))))
    if numbers:
        _queue(session, numbers, now)
        resending.reopen(session, dispatch)
        after = {"state": str(State.QUEUED), "queued": len(numbers), "why": str(Cause.HELD_BY_WHATSAPP)}
        audit.write(session, "dispatch.retried", by=CLOCK, now=now, subject_id=dispatch_id, after=after)
    return len(numbers)


def _held(dispatch_id: object, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.dispatch_id == dispatch_id,
        Delivery.state == State.SENT,
        Delivery.heard == Heard.RETURNED,
        Delivery.heard_reason == str(Cause.HELD_BY_WHATSAPP),
        Delivery.heard_at <= now - HELD_FOR,
        Delivery.attempts < TRIES,
    )


def _queue(session: Session, numbers: Sequence[int], now: datetime) -> None:
    nothing = dict.fromkeys(
        (
            "heard",
            "heard_at",
            "heard_reason",
            "heard_said",
            "reason",
            "code",
            "reply",
            "claimed_by",
            "handed_at",
            "settled_at",
        )
    )
    back = (
        update(Delivery)
        .where(Delivery.id.in_(numbers))
        .values(state=State.QUEUED, tries=0, next_at=now, **nothing)
    )
    changed(session, back)
