"""Where a campaign stands over all its launches: each person once, so that the books balance after a second try too."""

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from domain.ledger.deliveries import COLUMN_OF, DISPATCHES, OPEN, REACHED, Books, Delivery


def books_of_campaign(session: Session, campaign_id: int) -> Books:
    states = (
        select(Delivery.state, func.count()).where(in_campaign(session, campaign_id)).group_by(Delivery.state)
    )
    sums: dict[str, int] = {}
    for state, count in session.execute(states):
        sums[COLUMN_OF[state]] = sums.get(COLUMN_OF[state], 0) + count
    return Books(**sums)


def in_campaign(session: Session, campaign_id: int) -> ColumnElement[bool]:
    """The rows that count: for each person the one that reached them or is about to, otherwise the newest."""
    launches = list(session.scalars(select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)))
    if len(launches) < 2:
        return Delivery.dispatch_id.in_(launches)
    reached = case((Delivery.state.in_(REACHED), 0), (Delivery.state.in_(OPEN), 1), else_=2)
    place = func.row_number().over(
        partition_by=func.coalesce(Delivery.customer_id, -Delivery.id), order_by=[reached, Delivery.id.desc()]
    )
    ranked = select(Delivery.id, place.label("place")).where(Delivery.dispatch_id.in_(launches)).subquery()
    return Delivery.id.in_(select(ranked.c.id).where(ranked.c.place == 1))
