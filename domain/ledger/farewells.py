"""Somebody leaves the book for good, or turns out to be somebody else: what becomes of their rows in the ledger.

These are the verbs for the doors. Rows that a worker holds are left alone: what it may still send it asks the book
about, at the moment of the hand-over, and the book says no.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.book import erasing, joining
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.ledger.deliveries import IS_OPEN, REACHED, Delivery, State
from domain.refusal import Kind, Refusal
from domain.shop.people import Actor, Right

ERASED = "erased"
UNKNOWN = "Nobody is known by this, neither in the book nor among the deleted."


def merge(
    session: Session,
    survivor_id: int,
    other_id: int,
    *,
    take: Collection[str] = (),
    by: Actor,
    now: datetime,
) -> Customer:
    """See `joining.join`. In a send that is under way the person gets one message, not one for each card."""
    survivor = joining.join(session, survivor_id, other_id, take=take, by=by, now=now)
    moving = update(Delivery).where(Delivery.customer_id == other_id).values(customer_id=survivor_id)
    session.execute(moving.execution_options(synchronize_session=False))
    _leave_one_open(session, survivor, now)
    return survivor


def erase(session: Session, customer_id: int, *, by: Actor, now: datetime) -> None:
    """See `erasing.erase`. The ledger keeps that a message went out, and not to which address."""
    gone = erasing.erase(session, customer_id, by=by, now=now)
    theirs = Delivery.customer_id.in_(gone)
    for statement in (
        update(Delivery).where(theirs, IS_OPEN).values(state=State.CANCELLED, reason=ERASED, settled_at=now),
        update(Delivery).where(theirs).values(address_key=None, reply=None),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def erase_address(session: Session, address: str, *, by: Actor, now: datetime) -> list[int]:
    """Everybody who is known by this email address or phone number, also who was deleted. Answers with their numbers."""
    by.require(Right.EDIT_CUSTOMERS)
    gone = [card.id for card in erasing.known_by(session, address)]
    if not gone:
        raise Refusal("not_found", UNKNOWN, Kind.MISSING, field="address")
    for customer_id in gone:
        erase(session, customer_id, by=by, now=now)
    return gone


def how_many_wait(session: Session, customer_id: int) -> int:
    """Messages to this person that erasing would cancel."""
    return session.scalar(select(func.count()).where(Delivery.customer_id == customer_id, IS_OPEN)) or 0


def _leave_one_open(session: Session, survivor: Customer, now: datetime) -> None:
    """Of several rows in one send the one to today's address may wait on, unless another has arrived or is on its way."""
    twin = aliased(Delivery, name="twin")
    same = (twin.dispatch_id == Delivery.dispatch_id) & (twin.customer_id == survivor.id)
    other = same & (twin.id != Delivery.id)
    arriving = twin.state.in_(REACHED) | (
        (twin.state == State.CLAIMED) & (twin.address_key == survivor.email_key)  # another one is let go of
    )
    on_its_way = other & arriving
    better = other & twin.state.in_(_WAITING) & _goes_before(twin, survivor.email_key)
    superfluous = (
        update(Delivery)
        .where(
            Delivery.customer_id == survivor.id,
            IS_OPEN,
            or_(exists().where(on_its_way), exists().where(better)),
        )
        .values(state=State.SKIPPED, reason=str(LeftOut.DUPLICATE), settled_at=now)
    )
    session.execute(superfluous.execution_options(synchronize_session=False))


_WAITING = (State.QUEUED, State.DEFERRED)


def _goes_before(twin: type[Delivery], address: str | None) -> ColumnElement[bool]:
    """The row to the address of today, then the earlier one."""
    fits, mine = twin.address_key == address, Delivery.address_key == address
    return or_(fits & ~mine, (fits == mine) & (twin.id < Delivery.id))
