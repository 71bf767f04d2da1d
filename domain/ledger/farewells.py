"""Somebody leaves the book for good, or turns out to be somebody else: what becomes of their rows in the ledger.

These are the verbs for the doors. Rows that a worker holds are left alone: what it may still send it asks the book
about, at the moment of the hand-over, and the book says no.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, column, exists, func, or_, select, table, update
from sqlalchemy.orm import Session, aliased

from domain.book import earlier, erasing, joining
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.earlier import Contact
from domain.book.suppressions import fingerprint
from domain.ledger import received
from domain.ledger.deliveries import IS_OPEN, REACHED, Delivery, State
from domain.refusal import Kind, Refusal
from domain.shop.people import Actor, Right

ERASED = "erased"
# What providers reported lies in a wing above this one; here only these of its columns are looked at.
TOLD_OF_THEM = ("address", "diagnostic", "excerpt", "url", "agent", "ip")
REPORTS = table("incoming_events", *map(column, ("delivery_id", "address_hash", *TOLD_OF_THEM)))
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
    received.hand_over(session, other_id, survivor_id)
    _leave_one_open(session, survivor, now)
    return survivor


def erase(session: Session, customer_id: int, *, by: Actor, now: datetime) -> None:
    """See `erasing.erase`. The ledger keeps that a message went out, and not to which address."""
    reached_at = _reached_at(session, customer_id)
    marks = _marks(session, customer_id, reached_at)
    gone = erasing.erase(session, customer_id, reached_at=reached_at, by=by, now=now)
    _forget_addresses(session, Delivery.customer_id.in_(gone), marks, gone, now)


def erase_address(session: Session, address: str, *, by: Actor, now: datetime) -> list[int]:
    """Everybody who is known by this email address or phone number, also who was deleted. Answers with their numbers.

    Who had it earlier and has another one now keeps their card: see `erasing.forget_contact`.
    """
    by.require(Right.EDIT_CUSTOMERS)
    gone = [card.id for card in erasing.known_by(session, address)]
    contact = earlier.read(session, address)
    before = _had_it(session, contact)
    if not (gone or before):
        raise Refusal("not_found", UNKNOWN, Kind.MISSING, field="address")
    for customer_id in gone:
        erase(session, customer_id, by=by, now=now)
    erasing.forget_contact(session, contact, before.difference(gone), by=by, now=now)
    _forget_addresses(session, Delivery.address_key == contact.key, {contact.mark}, (), now)
    return gone


def had_it_earlier(session: Session, address: str) -> list[Customer]:
    """Customers in the book who have another address or number by now."""
    contact = earlier.read(session, address)
    found = select(Customer).where(
        Customer.id.in_(_had_it(session, contact)),
        Customer.deleted_at.is_(None),
        func.coalesce(getattr(Customer, contact.column), "") != contact.key,
    )
    return list(session.scalars(found.order_by(Customer.id)))


def how_many_wait(session: Session, customer_id: int) -> int:
    """Messages to this person that erasing would cancel."""
    return session.scalar(select(func.count()).where(Delivery.customer_id == customer_id, IS_OPEN)) or 0


def _reached_at(session: Session, customer_id: int) -> list[str]:
    sent = select(Delivery.address_key).where(Delivery.customer_id == customer_id)
    return [key for key in session.scalars(sent.distinct()) if key]


def _had_it(session: Session, contact: Contact) -> set[int]:
    """As the log, the imports or the ledger know it; who is erased is not known by anything any more."""
    sent = select(Delivery.customer_id).where(Delivery.address_key == contact.key).distinct()
    found = earlier.holders(session, contact) | {number for number in session.scalars(sent) if number}
    there = select(Customer.id).where(Customer.id.in_(found), Customer.source != erasing.REASON)
    return set(session.scalars(there))


def _marks(session: Session, customer_id: int, reached_at: list[str]) -> set[str]:
    """The keyed hashes by which reports of providers know their addresses and numbers."""
    mine = or_(Customer.id == customer_id, Customer.merged_into == customer_id)
    cards = session.execute(select(Customer.email_hash, Customer.phone_hash).where(mine))
    ids = session.scalars(select(Customer.wa_user_id).where(mine, Customer.wa_user_id.is_not(None)))
    told = {fingerprint(one) for one in (*reached_at, *ids) if one}
    return told | {mark for row in cards for mark in row if mark}


def _forget_addresses(
    session: Session, those: ColumnElement[bool], marks: Collection[str], gone: Sequence[int], now: datetime
) -> None:
    about = or_(
        REPORTS.c.delivery_id.in_(select(Delivery.id).where(those)), REPORTS.c.address_hash.in_(marks)
    )
    session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
    received.forget(session, gone)
    for statement in (
        update(REPORTS).where(about).values(dict.fromkeys(TOLD_OF_THEM, "")),
        update(Delivery).where(those, IS_OPEN).values(state=State.CANCELLED, reason=ERASED, settled_at=now),
        update(Delivery).where(those).values(address_key=None, reply=None, heard_said=None),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    session.connection().exec_driver_sql("PRAGMA secure_delete = OFF")


def _leave_one_open(session: Session, survivor: Customer, now: datetime) -> None:
    """Of several rows in one send the one to today's address may wait on, unless another has arrived or is on its way."""
    twin = aliased(Delivery, name="twin")
    today = [one for one in (survivor.email_key, survivor.whatsapp_key) if one]
    same = (twin.dispatch_id == Delivery.dispatch_id) & (twin.customer_id == survivor.id)
    other = same & (twin.id != Delivery.id)
    arriving = twin.state.in_(REACHED) | (
        (twin.state == State.CLAIMED) & twin.address_key.in_(today)  # another one is let go of
    )
    on_its_way = other & arriving
    better = other & twin.state.in_(_WAITING) & _goes_before(twin, today)
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


def _goes_before(twin: type[Delivery], today: Sequence[str]) -> ColumnElement[bool]:
    """The row to the address of today, then the earlier one."""
    fits, mine = twin.address_key.in_(today), Delivery.address_key.in_(today)
    return or_(fits & ~mine, (fits == mine) & (twin.id < Delivery.id))
