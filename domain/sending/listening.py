"""Who of an audience wrote to the shop within a day, and so may be answered in free words."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.audience.audience import Audience
from domain.audience.judging import judge
from domain.audience.reach import WHATSAPP_REACH
from domain.book.message_types import MessageType
from domain.ledger import windows


def listening(session: Session, audience: Audience, kind: MessageType, *, now: datetime) -> tuple[int, ...]:
    """The numbers of the customers whom this kind of message may reach."""
    recipients: Any = session.execute(judge(session, audience, WHATSAPP_REACH, kind, now=now).recipients())
    there = set(session.scalars(windows.open_now(WHATSAPP_REACH.channel, now=now)))
    return tuple(customer_id for customer_id, _ in recipients if customer_id in there)
