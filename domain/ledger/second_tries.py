"""Rows of the ledger that are over, and are taken up once more: tried again, counted as sent, or proved to have arrived.

Only rows that nobody holds are touched, and each statement says from which state it comes: pressed twice, it changes
nothing the second time. The number of the attempt stays, so whatever an earlier attempt still hears can't be mistaken
for an answer to the new one.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Update, and_, case, false, func, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from data.database import changed
from domain.book.consent import why_left_out
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.ledger.deliveries import DISPATCHES, OPEN, PROVED, REACHED, Delivery, State
from domain.ledger.steps import GONE

COUNTED = "counted"  # a person decided to count it as sent
ELSEWHERE = "elsewhere"  # another launch of the same campaign reached this person, or is about to
TAKEN = "taken"  # another row of the same send goes to this person's new address


@dataclass(frozen=True, slots=True)
class Row:
    """A row that somebody would like to take up again. `why_not` is a LeftOut word or one of those above."""

    id: int
    state: State
    attempts: int
    reason: str | None
    code: int | None
    was_at: str | None  # where it went
    address: str | None  # where it would go now
    why_not: str | None


def rows(
    session: Session,
    dispatch_id: int,
    states: tuple[State, ...],
    reach: Reach,
    message_type: MessageType,
    *,
    among: list[int] | None = None,
    on: str | None = None,
) -> list[Row]:
    """In the order of the ledger, each with the address of today and the reason why it can't be tried again.

    `on`: what reached them on another channel is no reason; they were to get it on both.
    """
    wanted = [Delivery.dispatch_id == dispatch_id, Delivery.state.in_(states)]
    if among is not None:
        wanted.append(Delivery.id.in_(among))
    found = session.execute(
        select(
            Delivery.id,
            Delivery.state,
            Delivery.attempts,
            Delivery.reason,
            Delivery.code,
            Delivery.address_key,
            reach.address,
            _why_not(reach, message_type, _other_launches(session, dispatch_id, on)),
        )
        .outerjoin(Customer, Customer.id == Delivery.customer_id)
        .where(*wanted)
        .order_by(Delivery.id)
    )
    return _each_address_once([Row(*one) for one in found])


def refusals(session: Session, dispatch_id: int, *, most: int) -> list[tuple[int | None, str | None]]:
    """Reply codes and words of those who failed, the newest first."""
    failed = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.FAILED)
    found = select(Delivery.code, Delivery.reply).where(failed).order_by(Delivery.id.desc()).limit(most)
    return [(code, reply) for code, reply in session.execute(found)]


def queue_again(session: Session, again: list[Row], *, now: datetime) -> int:
    """Back into the queue, as if they had never been tried; those who moved go to where they live now."""
    for row in again:
        if row.address != row.was_at:
            changed(session, _move(row))
    back = update(Delivery).where(_among(again)).values(
        state=State.QUEUED,
        tries=0,
        next_at=now,
        reason=None,
        code=None,
        reply=None,
        claimed_by=None,
        handed_at=None,
        settled_at=None,
    )  # fmt: skip
    return changed(session, back)


def count_as_sent(
    session: Session, dispatch_id: int, *, now: datetime, delivery_id: int | None = None
) -> list[int]:
    """Whoever is "not sure" counts as reached from now on: one of them, or all. Answers with the rows."""
    doubtful = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.UNKNOWN)
    if delivery_id is not None:
        doubtful &= Delivery.id == delivery_id
    return _settled_as_sent(session, doubtful, COUNTED, now)


def prove_arrival(session: Session, delivery_id: int, *, now: datetime) -> bool:
    """Somebody has the message before their eyes: a doubt about it is over. Whether there was one.

    While it is still being handed over the word is kept in the row, in case the answer gets lost.
    """
    doubtful = (Delivery.id == delivery_id) & (Delivery.state == State.UNKNOWN)
    on_its_way = (Delivery.id == delivery_id) & (Delivery.state == State.HANDOFF)
    changed(session, update(Delivery).where(on_its_way).values(reason=PROVED))
    return bool(_settled_as_sent(session, doubtful, PROVED, now))


def _why_not(reach: Reach, message_type: MessageType, launches: list[int]) -> ColumnElement[str | None]:
    is_gone = or_(Customer.id.is_(None), Customer.deleted_at.is_not(None))
    is_taken = and_(reach.address != Delivery.address_key, _is_taken(reach))
    twice = case((_is_elsewhere(reach, launches), ELSEWHERE), (is_taken, TAKEN), else_=None)
    return func.coalesce(case((is_gone, GONE), else_=None), why_left_out(reach, message_type), twice)


def _other_launches(session: Session, dispatch_id: int, on: str | None) -> list[int]:
    """Of the same campaign; a one-shot has none."""
    mine = select(DISPATCHES.c.campaign_id).where(DISPATCHES.c.id == dispatch_id).scalar_subquery()
    others = (DISPATCHES.c.campaign_id == mine) & (DISPATCHES.c.id != dispatch_id)
    if on is not None:
        others &= DISPATCHES.c.channel == on
    return list(session.scalars(select(DISPATCHES.c.id).where(others)))


def _is_elsewhere(reach: Reach, launches: list[int]) -> ColumnElement[bool]:
    """The person, or whoever has the address, in a row that arrived or is on its way."""
    if not launches:
        return false()
    other = aliased(Delivery, name="other")
    counts = other.dispatch_id.in_(launches) & other.state.in_([*REACHED, *OPEN])
    # Gathered once each: looked for row by row, two launches of 10,000 took minutes.
    addresses = select(other.address_key).where(counts, other.address_key.is_not(None))
    people = select(other.customer_id).where(counts, other.customer_id.is_not(None))
    return or_(reach.address.in_(addresses), Delivery.customer_id.in_(people))


def _is_taken(reach: Reach) -> ColumnElement[bool]:
    twin = aliased(Delivery, name="twin")
    same = (twin.dispatch_id == Delivery.dispatch_id) & (twin.address_key == reach.address)
    found = select(twin.id).where(same, _not_skipped("twin"), twin.id != Delivery.id)
    return found.correlate(Delivery, Customer).exists()


def _not_skipped(name: str) -> ColumnElement[bool]:
    """Written out as in the unique index, so that the database sees that it fits."""
    return and_(text(f"{name}.state != 'skipped'"))


def _each_address_once(found: list[Row]) -> list[Row]:
    """Two who both moved to one new address: the first in the ledger gets it there."""
    seen: set[str] = set()
    once = []
    for row in found:
        free = row.why_not is not None or row.address is None or row.address not in seen
        once.append(row if free else replace(row, why_not=TAKEN))
        if row.why_not is None and row.address is not None:
            seen.add(row.address)
    return once


def _move(row: Row) -> Update:
    return update(Delivery).where(Delivery.id == row.id).values(address_key=row.address)


def _among(rows_: list[Row]) -> ColumnElement[bool]:
    """These rows, as long as they stand where they were found. One bound value: a database takes only so many."""
    ids = func.json_each(json.dumps([row.id for row in rows_])).table_valued("value")
    states = sorted({row.state for row in rows_})
    return and_(Delivery.id.in_(select(ids.c.value)), Delivery.state.in_(states))


def _settled_as_sent(session: Session, which: ColumnElement[bool], reason: str, now: datetime) -> list[int]:
    settled = (
        update(Delivery)
        .where(which)
        .values(state=State.SENT, reason=reason, settled_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(session.scalars(settled))
