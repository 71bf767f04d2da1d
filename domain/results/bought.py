"""What the people who got a send bought in the days after, beside what the same people bought in as many days before.

Called "bought afterwards" and never "because of": nobody knows what they would have bought anyway. The span before is
as long as what has passed since, so that both can be compared from the first day on.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from domain.book.record import CustomerRecord
from domain.ledger.deliveries import Delivery, State
from domain.sending.dispatches import Dispatch

ORDER: Final = "order"
COUNTS: Final = ("active", "done", "paused")  # what was cancelled was not bought
USUAL: Final = 14  # days
CHOICES: Final = (7, 14, 30)


@dataclass(frozen=True, slots=True)
class Bought:
    people: int = 0
    orders: int = 0
    amounts: dict[str, int] = field(default_factory=dict)  # minor units, by currency


@dataclass(frozen=True, slots=True)
class Comparison:
    since: datetime  # the send began
    days: int  # asked for
    is_over: bool  # so many days have passed
    after: Bought
    before: Bought

    @property
    def is_empty(self) -> bool:
        return not (self.after.orders or self.before.orders)


def afterwards(
    session: Session,
    dispatch: Dispatch,
    *,
    days: int = USUAL,
    among: ColumnElement[bool] | None = None,
    now: datetime,
) -> Comparison:
    """By everybody to whom the message went out; `among` narrows the ledger, where several sends are told as one."""
    begun = dispatch.started_at or dispatch.starts_at
    passed = max(timedelta(0), min(now - begun, timedelta(days=days)))
    return Comparison(
        begun,
        days,
        passed == timedelta(days=days),
        _bought(session, dispatch.id, among, begun, begun + passed),
        _bought(session, dispatch.id, among, begun - passed, begun),
    )


def _bought(
    session: Session, dispatch_id: int, among: ColumnElement[bool] | None, since: datetime, until: datetime
) -> Bought:
    got_it = select(Delivery.id).where(
        Delivery.customer_id == CustomerRecord.customer_id,
        Delivery.dispatch_id == dispatch_id,
        Delivery.state == State.SENT,
        *([] if among is None else [among]),
    )
    theirs = (
        CustomerRecord.kind == ORDER,
        CustomerRecord.status.in_(COUNTS),
        CustomerRecord.starts_at >= since,
        CustomerRecord.starts_at < until,
        got_it.exists(),
    )
    people = select(func.count(func.distinct(CustomerRecord.customer_id)), func.count()).where(*theirs)
    amounts = (
        select(CustomerRecord.currency, func.sum(CustomerRecord.amount))
        .where(*theirs, CustomerRecord.amount.is_not(None), CustomerRecord.currency.is_not(None))
        .group_by(CustomerRecord.currency)
        .order_by(CustomerRecord.currency)
    )
    who, orders = session.execute(people).one()
    return Bought(who, orders, {str(row[0]): int(row[1] or 0) for row in session.execute(amounts)})
