"""Who wrote to the shop lately, so that the shop may answer freely: on WhatsApp, for 24 hours after their last message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from data.listed import listed
from domain.ledger.received import ReceivedMail

OPEN_FOR: Final = timedelta(hours=24)
WHATSAPP: Final = "whatsapp"


def open_until(
    session: Session, customer_id: int, *, now: datetime, channel: str = WHATSAPP
) -> datetime | None:
    """None: closed."""
    return open_of(session, [customer_id], now=now, channel=channel).get(customer_id)


def open_of(
    session: Session, customer_ids: Sequence[int], *, now: datetime, channel: str = WHATSAPP
) -> dict[int, datetime]:
    """Until when, for those whose window is open."""
    theirs = ReceivedMail.customer_id.in_(listed(customer_ids))
    last = func.max(ReceivedMail.received_at)
    rows = select(ReceivedMail.customer_id, last).where(theirs, *_lately(channel, now))
    found = session.execute(rows.group_by(ReceivedMail.customer_id))
    return {customer_id: at + OPEN_FOR for customer_id, at in found}


def open_now(channel: str, *, now: datetime) -> Select[int]:
    """The customers, for a condition over many."""
    return select(ReceivedMail.customer_id).where(*_lately(channel, now))


def close_all(session: Session, channel: str) -> None:
    """They wrote to another number of the shop."""
    theirs = update(ReceivedMail).where(ReceivedMail.channel == channel, ReceivedMail.opens_window.is_(True))
    session.execute(theirs.values(opens_window=False).execution_options(synchronize_session=False))


def _lately(channel: str, now: datetime) -> list[ColumnElement[bool]]:
    return [
        ReceivedMail.channel == channel,
        ReceivedMail.opens_window.is_(True),
        ReceivedMail.received_at > now - OPEN_FOR,
    ]
