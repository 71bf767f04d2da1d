"""Everybody who matches, with the reason for each who gets nothing. The count, the launch and the explanation share it,
so they can differ only because the book changed in between.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import CTE, ColumnElement, Select, and_, case, column, func, not_, or_, select, table
from sqlalchemy.orm import Session

from domain.audience import enough
from domain.audience.asking import BOOK, asked_of
from domain.audience.meaning import condition
from domain.audience.who import Audience
from domain.book.consent import LeftOut, why_left_out
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.ledger.deliveries import OPEN, REACHED, Delivery

DISPATCHES: Final = table(
    "dispatches", column("id"), column("campaign_id"), column("channel")
)  # that wing is above this one
OTHERS: Final = BOOK.alias("others")

Found: TypeAlias = Select[Any]


@dataclass(frozen=True, slots=True)
class Only:
    """Fewer than the audience means: for what goes beside a message, or after it, on another channel."""

    among: ColumnElement[bool] | None = None  # over `customers`
    on: str | None = None  # "not reached" looks at the sends of this channel alone; None: of every channel
    beside: int | None = None  # a send that goes at the same time, and is no reason to have got enough


EVERYBODY: Final = Only()


@dataclass(frozen=True, slots=True)
class Judged:
    """The pieces of the answer, each over `customers`."""

    reach: Reach
    message_type: MessageType
    meant: ColumnElement[bool]  # by the audience, the deleted too
    fresh: (
        ColumnElement[bool] | None
    )  # not reached by the launches before, and meant by `Only`; None: not asked
    why: ColumnElement[str | None]  # NULL, or the LeftOut word of one alone
    spared: ColumnElement[bool] | None  # got enough lately; None where nobody can be

    @property
    def who(self) -> ColumnElement[bool]:
        """Matches."""
        alive = and_(Customer.deleted_at.is_(None), self.meant)
        return alive if self.fresh is None else and_(alive, self.fresh)

    @property
    def may(self) -> ColumnElement[bool]:
        """Gets it, unless an earlier customer with the same address does."""
        alone = and_(self.who, self.why.is_(None))
        return alone if self.spared is None else and_(alone, not_(self.spared))

    def people(self) -> Found:
        """`id`, `address` and `reason`; of several with one address only the first in the book gets the message."""
        twins = self.twins()
        later = and_(twins.c.first.is_not(None), twins.c.first != Customer.id)
        found: Any = select(
            Customer.id, self.reach.address.label("address"), self._reason(later).label("reason")
        )
        same = twins.c.address == self.reach.address
        return cast(Found, found.outerjoin_from(Customer, twins, same).where(self.who))

    def one(self, customer_id: int) -> Found:
        """The same about one customer, without looking at everybody."""
        later = self.first_with_the_address() != Customer.id
        found: Any = select(
            Customer.id, self.reach.address.label("address"), self._reason(later).label("reason")
        )
        return cast(Found, found.where(Customer.id == customer_id, self.who))

    def recipients(self) -> Found:
        """`id` and `address` of those who get it, in the order of the book; of one address only the first does."""
        found: Any = select(Customer.id, self.reach.address.label("address"))
        return cast(Found, found.where(self.may).order_by(Customer.id))

    def twins(self) -> CTE:
        """Addresses of several who would get it: `address`, `first` (a customer) and `number`."""
        address = self.reach.address
        found: Any = select(
            address.label("address"), func.min(Customer.id).label("first"), func.count().label("number")
        )
        found = found.where(address.in_(enough.shared(self.reach)), self.may)
        return cast(CTE, found.group_by(address).having(func.count() > 1).cte("twins"))

    def first_with_the_address(self) -> ColumnElement[Any]:
        """Over `customers`: the first of those who have the same address and would get it."""
        same = asked_of(self.reach.address, OTHERS) == self.reach.address
        first = select(func.min(OTHERS.c.id)).where(same, asked_of(self.may, OTHERS))
        return first.correlate(Customer).scalar_subquery()

    def _reason(self, is_later_twin: ColumnElement[bool]) -> ColumnElement[str | None]:
        got_enough = [] if self.spared is None else [(self.spared, str(LeftOut.ENOUGH))]
        alone = (self.why.is_not(None), self.why)
        return case(alone, *got_enough, (is_later_twin, str(LeftOut.DUPLICATE)), else_=None)


def judge(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    not_reached_by: int | None = None,
    only: Only = EVERYBODY,
    heeding_limit: bool = True,
    of_many: bool = True,
) -> Judged:
    """`not_reached_by`: a campaign whose earlier launches leave out the addresses they reached, or may have reached.

    Not `of_many` means the same and gathers nothing: for one customer, or for the first few.
    """
    meant = condition(session, audience, now=now, of_many=of_many)
    why = why_left_out(reach, message_type, of_many=of_many)
    spared = (
        enough.spared(session, reach, message_type, now=now, of_many=of_many, but=only.beside)
        if heeding_limit
        else None
    )
    return Judged(reach, message_type, meant, _fresh(reach, not_reached_by, only), why, spared)


def _fresh(reach: Reach, not_reached_by: int | None, only: Only) -> ColumnElement[bool] | None:
    narrowed = [] if only.among is None else [only.among]
    if not_reached_by is not None:
        narrowed.append(not_reached(reach, not_reached_by, only.on))
    return and_(*narrowed) if narrowed else None


def not_reached(reach: Reach, campaign_id: int, channel: str | None = None) -> ColumnElement[bool]:
    """Over `customers`: no launch of it reached them or their address, on this channel or on any."""
    runs = select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)
    if channel is not None:
        runs = runs.where(DISPATCHES.c.channel == channel)
    # Open ones too: an earlier launch that was opened again for a second try is about to reach them.
    got_it = Delivery.dispatch_id.in_(runs), Delivery.state.in_([*REACHED, *OPEN])
    addresses = select(Delivery.address_key).where(*got_it, Delivery.address_key.is_not(None))
    # Two cards made one, or a corrected address: the person got it, whichever address stands there now.
    people = select(Delivery.customer_id).where(*got_it, Delivery.customer_id.is_not(None))
    is_new = Customer.id.not_in(people)
    return and_(is_new, or_(reach.address.is_(None), reach.address.not_in(addresses)))
