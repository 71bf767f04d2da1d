"""The steps of a delivery's life, each one conditional statement over a group of rows.

A step names the worker and the attempt it belongs to. Whoever changed a row owns the step; zero rows changed means
that the row is no longer ours, and nothing may be sent for it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    String,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.database import changed
from data.prepared import Prepared, plain, slot
from domain.book.consent import why_left_out
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.ledger.deliveries import DISPATCHES, IS_HELD, IS_OPEN, IS_QUEUED, PROVED, Delivery, State

GONE = "gone"  # the customer was deleted after the launch
ADDRESS_CHANGED = "address_changed"

WORKER = slot("worker", Integer)
MOMENT = slot("moment", String)
DISPATCH = slot("dispatch", Integer)
STATE = slot("state", String)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this worker holds for one attempt."""

    id: int
    attempt: int
    customer_id: int | None
    address: str
    tries: int = 0  # how often the server said "later" before


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt. `next_at` only for a deferred one, as text in the database's own form."""

    id: int
    attempt: int
    state: State
    reason: str | None = None
    code: int | None = None
    reply: str | None = None
    next_at: datetime | None = None


def claim(
    session: Session,
    dispatch_id: int,
    worker_id: int,
    *,
    now: datetime,
    most: int,
    among: Select[str] | None = None,
    but_not: Select[str] | None = None,
) -> list[Claim]:
    """Take up to `most` rows whose time has come. Committed before anything is done with them.

    `among`: of these addresses only; `but_not`: of none of these.
    """
    narrowed = [Delivery.address_key.in_(among)] if among is not None else []
    narrowed += [Delivery.address_key.not_in(but_not)] if but_not is not None else []
    claiming = Prepared(_to_claim(*narrowed)) if narrowed else _claiming()
    taken = claiming.run(session, dispatch=dispatch_id, worker=worker_id, moment=now, most=most)
    return sorted(
        (Claim(row.id, row.attempts, row.customer_id, row.address_key, row.tries) for row in taken),
        key=_in_order,
    )


def hand_over(
    session: Session,
    dispatch_id: int,
    worker_id: int,
    held: list[tuple[int, int]],
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
) -> set[int]:
    """Commit this before the first byte of these bodies leaves. Answers with the rows that may go.

    The permission is asked once more here: an opt-out that was committed before this one is honoured.
    """
    statement = _handing_over(reach, message_type)
    rows = statement.run(session, pairs=json.dumps(held), dispatch=dispatch_id, worker=worker_id, moment=now)
    return {row[0] for row in rows}


def settle(session: Session, worker_id: int, results: list[Result], *, now: datetime) -> None:
    """Write down what became of these attempts. A late answer still settles a row that was thought "not sure".

    "Later" is no outcome where the dispatch has ended meanwhile: nobody would try again, so the row is cancelled.
    """
    if results:
        _settling().run_each(session, [_plain(one) for one in results], worker=worker_id, moment=now)


def let_go(
    session: Session,
    dispatch_id: int,
    worker_id: int,
    held: list[tuple[int, int]],
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
) -> None:
    """Rows of which it is certain that they did not arrive: each goes where it belongs now, even after a hand-over.

    Cancelled where the dispatch has ended, skipped where the person may not be written to any more, queued otherwise.
    """
    if held:
        statement = _letting_go(reach, message_type)
        statement.run(session, pairs=json.dumps(held), dispatch=dispatch_id, worker=worker_id, moment=now)


def cancel_open(session: Session, dispatch_id: int, *, now: datetime) -> None:
    """Nobody holds these rows, and nobody will."""
    of_it = (Delivery.dispatch_id == dispatch_id) & IS_OPEN
    changed(session, update(Delivery).where(of_it).values(state=State.CANCELLED, settled_at=now))


def holders(session: Session) -> list[int]:
    """The workers that hold rows, dead or alive."""
    found = select(Delivery.claimed_by).where(IS_HELD, Delivery.claimed_by.is_not(None)).distinct()
    return list(session.scalars(found))


def held_by(session: Session, worker_id: int) -> list[int]:
    """The dispatches in which this worker holds rows."""
    found = select(Delivery.dispatch_id).where(IS_HELD, Delivery.claimed_by == worker_id).distinct()
    return list(session.scalars(found))


def rescue(
    session: Session, worker_id: int, *, now: datetime, dispatch_id: int | None = None
) -> tuple[int, int]:
    """What a dead worker held: claimed rows go back, handed-over ones are "not sure", unless something proves that they arrived.
    Nobody is written to twice.

    Where the dispatch has ended meanwhile the claimed ones are cancelled. Answers with how many of each.
    """
    mine = Delivery.claimed_by == worker_id
    if dispatch_id is not None:
        mine &= Delivery.dispatch_id == dispatch_id
    arrived = update(Delivery).where(mine, Delivery.state == State.HANDOFF, Delivery.reason == PROVED)
    changed(session, arrived.values(state=State.SENT, settled_at=now))
    unsure = changed(
        session,
        update(Delivery)
        .where(mine, Delivery.state == State.HANDOFF)
        .values(state=State.UNKNOWN, reason="worker_lost", settled_at=now),
    )
    back = changed(
        session,
        update(Delivery)
        .where(mine, Delivery.state == State.CLAIMED)
        .values(
            state=case((_goes_on(Delivery.dispatch_id), State.QUEUED), else_=State.CANCELLED),
            settled_at=case((_goes_on(Delivery.dispatch_id), None), else_=now),
            claimed_by=None,
        ),
    )
    return back, unsure


@cache
def _claiming() -> Prepared:
    return Prepared(_to_claim())


def _to_claim(*more: ColumnElement[bool]) -> Executable:
    ripe = (
        select(Delivery.id)
        .where(
            Delivery.dispatch_id == DISPATCH,
            IS_OPEN,
            or_(IS_QUEUED, Delivery.next_at <= MOMENT),
            *more,
        )
        .order_by(Delivery.next_at, Delivery.id)
        .limit(slot("most", Integer))
    )
    return (
        update(Delivery)
        .where(Delivery.id.in_(ripe))
        .values(state=State.CLAIMED, claimed_by=WORKER, attempts=Delivery.attempts + 1)
        .returning(Delivery.id, Delivery.attempts, Delivery.customer_id, Delivery.address_key, Delivery.tries)
    )


@cache
def _handing_over(reach: Reach, message_type: MessageType) -> Prepared:
    may_go = (
        select(literal_column("1"))
        .select_from(Customer)
        .where(
            Customer.id == Delivery.customer_id,
            Customer.deleted_at.is_(None),
            reach.address == Delivery.address_key,
            why_left_out(reach, message_type).is_(None),
        )
        .correlate(Delivery)
        .exists()
    )
    return Prepared(
        update(Delivery)
        .where(*_held_rows(State.CLAIMED), _is_sending(DISPATCH), may_go)
        .values(state=State.HANDOFF, handed_at=MOMENT)
        .returning(Delivery.id)
    )


@cache
def _settling() -> Prepared:
    said_later = literal_column(f"'{State.DEFERRED}'") == STATE
    arrived = (literal_column(f"'{State.UNKNOWN}'") == STATE) & (Delivery.reason == PROVED)
    goes_on = _goes_on(Delivery.dispatch_id)
    return Prepared(
        update(Delivery)
        .where(
            Delivery.id == slot("id", Integer),
            Delivery.attempts == slot("attempt", Integer),
            Delivery.claimed_by == WORKER,
            Delivery.state.in_([State.CLAIMED, State.HANDOFF, State.UNKNOWN]),
        )
        .values(
            state=case((said_later & ~goes_on, State.CANCELLED), (arrived, State.SENT), else_=STATE),
            reason=case((said_later & ~goes_on, None), (arrived, PROVED), else_=slot("reason", String)),
            code=slot("code", Integer),
            reply=slot("reply", String),
            tries=case((said_later, Delivery.tries + literal_column("1")), else_=Delivery.tries),
            next_at=func.coalesce(slot("next_at", String), Delivery.next_at),
            settled_at=case((said_later & goes_on, None), else_=MOMENT),
        )
    )


@cache
def _letting_go(reach: Reach, message_type: MessageType) -> Prepared:
    reason = (
        select(
            case(
                (Customer.deleted_at.is_not(None), GONE),
                (reach.address.is_(None), "no_address"),
                (reach.address != Delivery.address_key, ADDRESS_CHANGED),
                else_=why_left_out(reach, message_type),
            )
        )
        .where(Customer.id == Delivery.customer_id)
        .correlate(Delivery)
        .scalar_subquery()
    )
    why = case((Delivery.customer_id.is_(None), GONE), else_=reason)
    ended = ~_goes_on(DISPATCH)
    return Prepared(
        update(Delivery)
        .where(*_held_rows(State.CLAIMED, State.HANDOFF))
        .values(
            state=case((ended, State.CANCELLED), (why.is_not(None), State.SKIPPED), else_=State.QUEUED),
            reason=case((ended, None), else_=why),
            claimed_by=None,
            # To the end of the queue: somebody at whom the server always hangs up must not hold up all the others.
            next_at=MOMENT,
            settled_at=case((~ended & why.is_(None), None), else_=MOMENT),
        )
    )


def _held_rows(*states: State) -> tuple[ColumnElement[bool], ...]:
    """The rows named by `pairs` (a JSON list of [id, attempt]), as long as this worker still holds them."""
    pairs = func.json_each(slot("pairs", String)).table_valued(column("value"), name="held")
    return (
        Delivery.id == func.json_extract(pairs.c.value, literal_column("'$[0]'")),
        Delivery.attempts == func.json_extract(pairs.c.value, literal_column("'$[1]'")),
        Delivery.claimed_by == WORKER,
        Delivery.state.in_(states),
    )


def _is_sending(dispatch: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return _stands(dispatch, "('sending')")


def _goes_on(dispatch: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """A paused one keeps its rows; one that has ended cancels them."""
    return _stands(dispatch, "('sending', 'paused')")


def _stands(dispatch: ColumnElement[int] | InstrumentedAttribute[int], states: str) -> ColumnElement[bool]:
    fits = (DISPATCHES.c.id == dispatch) & text(f"dispatches.state IN {states}")
    return select(literal_column("1")).select_from(DISPATCHES).where(fits).correlate(Delivery).exists()


def _in_order(claim: Claim) -> int:
    return claim.id


def _plain(result: Result) -> dict[str, Any]:
    """As `_settling` takes it."""
    return {
        "id": result.id,
        "attempt": result.attempt,
        "state": str(result.state),
        "reason": result.reason,
        "code": result.code,
        "reply": result.reply,
        "next_at": plain(result.next_at),
    }
