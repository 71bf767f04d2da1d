"""Where a campaign stands over all its sends, on every channel: each person once, so that the books balance after a second
launch too, and when it went out on two channels.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from domain.ledger.deliveries import COLUMN_OF, DISPATCHES, OPEN, Books, Delivery, State
from domain.ledger.hearing import CAME_BACK

# Of several rows of one person the one that says the most counts, and of equals the newest.
BEST_FIRST: Final = case(
    (and_(Delivery.state == State.SENT, Delivery.heard.in_(CAME_BACK)), 1),
    (Delivery.state == State.SENT, 0),
    (Delivery.state == State.UNKNOWN, 2),
    (Delivery.state.in_(OPEN), 3),
    (Delivery.state == State.FAILED, 4),
    (Delivery.state == State.CANCELLED, 5),
    else_=6,
)


def books_of_campaign(session: Session, campaign_id: int) -> Books:
    return books_over(session, in_campaign(session, campaign_id))


def books_over(session: Session, those: ColumnElement[bool]) -> Books:
    states = select(Delivery.state, func.count()).where(those).group_by(Delivery.state)
    sums: dict[str, int] = {}
    for state, count in session.execute(states):
        sums[COLUMN_OF[state]] = sums.get(COLUMN_OF[state], 0) + count
    return Books(**sums)


def in_campaign(session: Session, campaign_id: int) -> ColumnElement[bool]:
    """The rows that count, one for each person."""
    its = select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)
    return in_sends(list(session.scalars(its)))


def in_sends(sends: Sequence[int]) -> ColumnElement[bool]:
    """The same over these."""
    if len(sends) < 2:
        return Delivery.dispatch_id.in_(sends)
    place = func.row_number().over(
        partition_by=func.coalesce(Delivery.customer_id, -Delivery.id),
        order_by=[BEST_FIRST, Delivery.id.desc()],
    )
    ranked = select(Delivery.id, place.label("place")).where(Delivery.dispatch_id.in_(sends)).subquery()
    return Delivery.id.in_(select(ranked.c.id).where(ranked.c.place == 1))
