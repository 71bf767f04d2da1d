"""Everybody who matches, with the reason for each who gets nothing. The count, the launch and the explanation share it,
so they can differ only because the book changed in between.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    column,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.orm import Session

from domain.audience import enough
from domain.audience.meaning import condition
from domain.audience.who import Audience
from domain.book.consent import LeftOut, MessageType, Reach, why_left_out
from domain.book.customers import Customer
from domain.ledger.deliveries import OPEN, REACHED, Delivery

DISPATCHES: Final = table("dispatches", column("id"), column("campaign_id"))  # that wing is above this one


@dataclass(frozen=True, slots=True)
class Judged:
    """The pieces of the answer, each over `customers`."""

    reach: Reach
    who: ColumnElement[bool]  # matches
    why: ColumnElement[str | None]  # NULL, or the LeftOut word of one alone
    spared: ColumnElement[bool] | None  # got enough lately; None where nobody can be
    twins: CTE  # addresses of several who would get it: `address`, `first` (a customer), `number`

    def people(self) -> Select[Any]:
        """`id`, `address` and `reason`; of several with one address only the first in the book gets the message."""
        alone, later = (self.why.is_not(None), self.why), (self.is_later_twin, str(LeftOut.DUPLICATE))
        got_enough = [] if self.spared is None else [(self.spared, str(LeftOut.ENOUGH))]
        reason = case(alone, *got_enough, later, else_=None)
        columns = select(Customer.id, self.reach.address.label("address"), reason.label("reason"))
        return columns.outerjoin_from(Customer, self.twins, self._same_address).where(self.who)

    def recipients(self) -> Select[Any]:
        """Ids of those who get it, in the order of the book."""
        found = select(Customer.id).outerjoin_from(Customer, self.twins, self._same_address)
        return found.where(self.may, not_(self.is_later_twin)).order_by(Customer.id)

    def sums(self) -> Select[Any] | CompoundSelect[Any]:
        """(word, number) for each reason, and (NULL, number) for all who match.

        Only those left out are grouped: grouping everybody, or numbering everybody by address, means sorting everybody.
        """
        matched = select(null(), func.count()).select_from(Customer).where(self.who)
        alone = select(self.why, func.count()).where(self.who, self.why.is_not(None)).group_by(self.why)
        later = select(literal(str(LeftOut.DUPLICATE)), func.sum(self.twins.c.number - 1)).select_from(
            self.twins
        )
        return union_all(matched, alone, *self._sum_of_spared(), later)

    @property
    def may(self) -> ColumnElement[bool]:
        """Gets it, unless an earlier customer with the same address does."""
        return _may(self.who, self.why, self.spared)

    @property
    def is_later_twin(self) -> ColumnElement[bool]:
        return and_(self.twins.c.first.is_not(None), self.twins.c.first != Customer.id)

    def _sum_of_spared(self) -> list[Any]:
        if self.spared is None:
            return []
        number = select(literal(str(LeftOut.ENOUGH)), func.count()).select_from(Customer)
        return [number.where(self.who, self.spared, self.why.is_(None))]

    @property
    def _same_address(self) -> ColumnElement[bool]:
        return self.twins.c.address == self.reach.address


def judge(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    not_reached_by: int | None = None,
    heeding_limit: bool = True,
) -> Judged:
    """`not_reached_by`: a campaign whose earlier launches leave out the addresses they reached, or may have reached."""
    who = and_(Customer.deleted_at.is_(None), condition(session, audience, now=now))
    if not_reached_by is not None:
        who = and_(who, or_(reach.address.is_(None), reach.address.not_in(_reached_by(not_reached_by))))
    why = why_left_out(reach, message_type, of_many=True)
    spared = enough.spared(session, reach, message_type, now=now) if heeding_limit else None
    return Judged(reach, who, why, spared, _twins(reach, _may(who, why, spared)))


def _may(
    who: ColumnElement[bool], why: ColumnElement[str | None], spared: ColumnElement[bool] | None
) -> ColumnElement[bool]:
    alone = and_(who, why.is_(None))
    return alone if spared is None else and_(alone, not_(spared))


def _twins(reach: Reach, gets_it: ColumnElement[bool]) -> CTE:
    found: Any = select(
        reach.address.label("address"), func.min(Customer.id).label("first"), func.count().label("number")
    )
    found = found.where(reach.address.in_(enough.shared(reach)), gets_it)
    return cast(CTE, found.group_by(reach.address).having(func.count() > 1).cte("twins"))


def _reached_by(campaign_id: int) -> Select[str | None]:
    runs = select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)
    # Open ones too: an earlier launch that was opened again for a second try is about to reach them.
    got_it = Delivery.state.in_([*REACHED, *OPEN]), Delivery.address_key.is_not(None)
    return select(Delivery.address_key).where(Delivery.dispatch_id.in_(runs), *got_it)
