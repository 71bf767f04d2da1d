"""Whom the sends of a campaign did not reach, or who has not looked at them: those another channel may be asked for.

Each person once, by what became of all their rows. Whoever did anything with a message is none of them, nor is anybody
of whom it can't be known: people who don't want to be measured, and sends whose opens nobody counts. What a machine
opened is not opened; where it can't be told whether it was a machine, it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, not_, or_, select, union
from sqlalchemy.orm import Session

from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.measuring import Unmeasured
from domain.book.proof import Consent
from domain.ledger.deliveries import OPEN, Delivery, Heard, State
from domain.ledger.engagement import Engagement
from domain.ledger.hearing import CAME_BACK
from domain.ledger.received import ReceivedMail

NO_WAY: Final = (str(LeftOut.NO_ADDRESS), str(LeftOut.BAD_ADDRESS))


class Why(StrEnum):
    MISSING = "missing"  # no address, or one that does not work
    CAME_BACK = "came_back"  # refused at once, or returned since
    UNOPENED = "unopened"


@dataclass(frozen=True, slots=True)
class Sends:
    """`those` are the sends that were meant to reach them; an answer to any of `all` counts."""

    those: Sequence[int]
    measured: Sequence[int]  # of `those`
    all: Sequence[int]


def people(sends: Sends) -> CTE:
    """`id` of a customer, and `why`."""
    told = _told(sends).subquery("told")
    touched = _touched(sends.all)
    found = select(told.c.id, told.c.why).where(told.c.why.is_not(None), told.c.id.not_in(touched))
    return found.cte("unanswered")


def is_one(sends: Sends) -> ColumnElement[bool]:
    """The same over `customers`."""
    return Customer.id.in_(select(people(sends).c.id))


def counts(session: Session, sends: Sends, *, besides: ColumnElement[bool]) -> dict[Why, int]:
    """How many live customers stand under which reason; `besides` narrows them further."""
    there = people(sends)
    living = Customer.deleted_at.is_(None), besides
    found = select(there.c.why, func.count()).join(Customer, Customer.id == there.c.id).where(*living)
    return {Why(why): number for why, number in session.execute(found.group_by(there.c.why))}


def _told(sends: Sends) -> Select[Any]:
    """One of several rows may be the one that counts: on its way or arrived before looked past, that before returned."""
    went = Delivery.state.in_([State.SENT, State.UNKNOWN])
    back = and_(went, Delivery.heard.in_(CAME_BACK))
    may_be_asked = and_(
        Delivery.dispatch_id.in_(sends.measured),
        Delivery.customer_id.not_in(_refusing()),
        or_(Delivery.heard.is_(None), Delivery.heard != Heard.COMPLAINED),
    )
    left_out = and_(Delivery.state == State.SKIPPED, Delivery.reason.in_(NO_WAY))
    flag = case(
        (Delivery.state.in_(OPEN), 5),
        (and_(went, not_(func.coalesce(back, False)), not_(may_be_asked)), 5),
        (and_(went, not_(func.coalesce(back, False))), 3),
        (or_(Delivery.state == State.FAILED, back), 2),
        (left_out, 1),
        else_=0,
    )
    why = case({3: str(Why.UNOPENED), 2: str(Why.CAME_BACK), 1: str(Why.MISSING)}, value=func.max(flag))
    theirs = Delivery.dispatch_id.in_(sends.those), Delivery.customer_id.is_not(None)
    return (
        select(Delivery.customer_id.label("id"), why.label("why"))
        .where(*theirs)
        .group_by(Delivery.customer_id)
    )


def _touched(sends: Sequence[int]) -> Select[Any]:
    """Who opened, pressed, wrote back, or said by the link in it what they want."""
    did = Engagement.opens + Engagement.unsure_opens + Engagement.clicks + Engagement.unsure_clicks > 0
    by_row = select(Engagement.delivery_id).where(Engagement.dispatch_id.in_(sends), did)
    opened = select(Delivery.customer_id).where(Delivery.id.in_(by_row))
    wrote = (
        select(Delivery.customer_id)
        .join(ReceivedMail, ReceivedMail.delivery_id == Delivery.id)
        .where(Delivery.dispatch_id.in_(sends))
    )
    said = select(Consent.customer_id).where(
        Consent.source.in_([f"dispatch {number}" for number in sends]), Consent.how != "import"
    )
    them = union(opened, wrote, said).subquery("them")
    return select(them.c.customer_id).where(them.c.customer_id.is_not(None))


def _refusing() -> Select[Any]:
    """Also by a card that became a part of theirs since."""
    mine = select(Unmeasured.customer_id)
    merged = select(Customer.merged_into).where(
        Customer.merged_into.is_not(None), Customer.id.in_(select(Unmeasured.customer_id))
    )
    both = union(mine, merged).subquery("refusing")
    return select(both.c.customer_id)
