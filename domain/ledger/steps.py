"""The steps of a delivery's life, each one conditional statement over a group of rows.

A step names the worker and the attempt it belongs to. Whoever changed a row owns the step; zero rows changed means
that the row is no longer ours, and nothing may be sent for it.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    bindparam,
    case,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from domain.book.consent import MessageType, Reach, why_left_out
from domain.book.customers import Customer
from domain.ledger.deliveries import DISPATCHES, Delivery, State

GONE = "gone"  # the customer was deleted after the launch
ADDRESS_CHANGED = "address_changed"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this worker holds for one attempt."""

    id: int
    attempt: int
    customer_id: int | None
    address: str


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


def claim(session: Session, dispatch_id: int, worker_id: int, *, now: datetime, most: int) -> list[Claim]:
    """Take up to `most` rows whose time has come. Committed before anything is done with them."""
    ripe = (
        select(Delivery.id)
        .where(
            Delivery.dispatch_id == dispatch_id,
            Delivery.state.in_([State.QUEUED, State.DEFERRED]),
            Delivery.next_at <= now,
        )
        .order_by(Delivery.next_at, Delivery.id)
        .limit(most)
    )
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ripe))
        .values(state=State.CLAIMED, claimed_by=worker_id, attempts=Delivery.attempts + 1)
        .returning(Delivery.id, Delivery.attempts, Delivery.customer_id, Delivery.address_key)
        .execution_options(synchronize_session=False)
    )
    return sorted((Claim(*row) for row in taken), key=lambda one: one.id)


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
    pairs = func.json_each(bindparam("pairs", type_=String)).table_valued(column("value"), name="held")
    allowed = (
        select(literal(1))
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
    statement = (
        update(Delivery)
        .where(
            Delivery.id == func.json_extract(pairs.c.value, "$[0]"),
            Delivery.attempts == func.json_extract(pairs.c.value, "$[1]"),
            Delivery.claimed_by == worker_id,
            Delivery.state == State.CLAIMED,
            _is_sending(dispatch_id),
            allowed,
        )
        .values(state=State.HANDOFF, handed_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(statement, {"pairs": json.dumps(held)}))


def settle(session: Session, worker_id: int, results: list[Result], *, now: datetime) -> None:
    """Write down what became of these attempts. A late answer still settles a row that was thought "not sure"."""
    if not results:
        return
    rows = func.json_each(bindparam("rows", type_=String)).table_valued(column("value"), name="settled")

    def part(name: str, kind: Any = String) -> Any:
        return func.json_extract(rows.c.value, f"$.{name}", type_=kind)

    statement = (
        update(Delivery)
        .where(
            Delivery.id == part("id", Integer),
            Delivery.attempts == part("attempt", Integer),
            Delivery.claimed_by == worker_id,
            Delivery.state.in_([State.CLAIMED, State.HANDOFF, State.UNKNOWN]),
        )
        .values(
            state=part("state"),
            reason=part("reason"),
            code=part("code", Integer),
            reply=part("reply"),
            next_at=func.coalesce(part("next_at"), Delivery.next_at),
            settled_at=case(
                (part("state") == State.DEFERRED, None),
                else_=literal(now, Delivery.settled_at.type),
            ),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(statement, {"rows": json.dumps([_plain(one) for one in results])})


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
    """Rows that were held and not handed over: no byte left, so each goes where it belongs now.

    Cancelled where the dispatch has ended, skipped where the person may not be written to any more, queued otherwise.
    """
    if not held:
        return
    pairs = func.json_each(bindparam("pairs", type_=String)).table_valued(column("value"), name="held")
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
    ended = ~_is_sending(dispatch_id)
    state = case((ended, State.CANCELLED), (why.is_not(None), State.SKIPPED), else_=State.QUEUED)
    session.execute(
        update(Delivery)
        .where(
            Delivery.id == func.json_extract(pairs.c.value, "$[0]"),
            Delivery.attempts == func.json_extract(pairs.c.value, "$[1]"),
            Delivery.claimed_by == worker_id,
            Delivery.state == State.CLAIMED,
        )
        .values(
            state=state,
            reason=case((ended, None), else_=why),
            claimed_by=None,
            settled_at=case(
                (~ended & why.is_(None), None),
                else_=literal(now, Delivery.settled_at.type),
            ),
        )
        .execution_options(synchronize_session=False),
        {"pairs": json.dumps(held)},
    )


def cancel_open(session: Session, dispatch_id: int, *, now: datetime) -> None:
    """Nobody holds these rows, and nobody will."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.dispatch_id == dispatch_id,
            Delivery.state.in_([State.QUEUED, State.DEFERRED]),
        )
        .values(state=State.CANCELLED, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def holders(session: Session) -> list[int]:
    """The workers that hold rows, dead or alive."""
    held = Delivery.state.in_([State.CLAIMED, State.HANDOFF])
    return list(
        session.scalars(select(Delivery.claimed_by).where(held, Delivery.claimed_by.is_not(None)).distinct())
    )


def held_by(session: Session, worker_id: int) -> list[int]:
    """The dispatches in which this worker holds rows."""
    held = Delivery.state.in_([State.CLAIMED, State.HANDOFF]) & (Delivery.claimed_by == worker_id)
    return list(session.scalars(select(Delivery.dispatch_id).where(held).distinct()))


def rescue(
    session: Session, worker_id: int, *, now: datetime, dispatch_id: int | None = None
) -> tuple[int, int]:
    """What a dead worker held: claimed rows go back, handed-over ones are "not sure". Nobody is written to twice.

    Answers with how many of each.
    """
    mine = Delivery.claimed_by == worker_id
    if dispatch_id is not None:
        mine &= Delivery.dispatch_id == dispatch_id
    unsure = session.execute(
        update(Delivery)
        .where(mine, Delivery.state == State.HANDOFF)
        .values(state=State.UNKNOWN, reason="worker_lost", settled_at=now)
        .execution_options(synchronize_session=False)
    )
    back = session.execute(
        update(Delivery)
        .where(mine, Delivery.state == State.CLAIMED)
        .values(state=State.QUEUED, claimed_by=None)
        .execution_options(synchronize_session=False)
    )
    return _changed(back), _changed(unsure)


def _is_sending(dispatch_id: int) -> Any:
    sending = (DISPATCHES.c.id == dispatch_id) & (DISPATCHES.c.state == "sending")
    return select(literal(1)).select_from(DISPATCHES).where(sending).exists()


def _plain(result: Result) -> dict[str, Any]:
    row = asdict(result)
    row["next_at"] = f"{result.next_at:%Y-%m-%d %H:%M:%S.%f}" if result.next_at else None
    return row


def _changed(result: Any) -> int:
    return int(result.rowcount)
