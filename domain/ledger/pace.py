"""How fast a send goes just now, from what was settled in the last minutes: a pause or a night's wait does not count."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.base import Instant
from domain.ledger.deliveries import Delivery, State

LOOKED_AT = (
    200  # messages, the last of the ledger; a look must cost next to nothing, also in a send to 20,000
)
WINDOW = timedelta(minutes=5)
ENOUGH_TO_GUESS = 10  # messages; before that a time left would be a fable


def seconds_a_message(
    session: Session, dispatch_id: int, *, since: datetime | None, now: datetime
) -> float | None:
    """None while too little is known. `since`: what was settled before says nothing about now."""
    begin = max(since, now - WINDOW) if since else now - WINDOW
    sent = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.SENT)
    last = (
        select(Delivery.settled_at.label("at"))
        .where(sent)
        .order_by(Delivery.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    count, first = session.execute(
        select(func.count(), func.min(last.c.at, type_=Instant)).where(last.c.at >= begin)
    ).one()
    if count < ENOUGH_TO_GUESS:
        return None
    span: timedelta = now - first
    return span.total_seconds() / int(count)
