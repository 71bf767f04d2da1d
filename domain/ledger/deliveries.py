"""The delivery ledger: one row for each recipient of each dispatch, and the only truth about who was reached.

The life of a row:

    skipped                                   matched, but may not be written to (the reason stands beside it)
    queued -> claimed -> handoff -> sent
                 |          |-----> failed    the server said no, for good
                 |          |-----> deferred  the server said "later" -> queued again when due
                 |          '-----> unknown   the body left and no answer came: shown as "not sure"
                 '-> queued                   a dead worker, or a lost link before the body: safe to repeat
    queued, deferred -> cancelled             stopped, undone, failed as a whole, or erased
    failed, cancelled -> queued               a second try that somebody asked for (second_tries.py)
    unknown -> queued | sent                  somebody's choice; or sent, because something proves that it went out

`handoff` is committed before the first byte of a body leaves. Every step names the worker and the attempt it belongs
to, so a worker that was thought dead can do no harm when it wakes up.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.book.customers import Customer


class State(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    HANDOFF = "handoff"
    DEFERRED = "deferred"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Heard(StrEnum):
    """What the outside said of a message that went out, the last word being the strongest: see `results.feedback`."""

    ACCEPTED = "accepted"  # by the provider
    DELAYED = "delayed"
    RETURNED = "returned"  # came back for a reason that passes: a full mailbox
    DELIVERED = "delivered"
    BOUNCED = "bounced"  # came back for good, or was never sent on
    COMPLAINED = "complained"


OPEN = (State.QUEUED, State.CLAIMED, State.HANDOFF, State.DEFERRED)
REACHED = (
    State.SENT,
    State.HANDOFF,
    State.UNKNOWN,
)  # got it, or may have got it: never written to by themselves
IN_FLIGHT = (State.HANDOFF, State.UNKNOWN)  # it may have arrived, and nobody has said so yet
PROVED = "proved"  # a reason: something came back that only a message in the inbox can cause
# Written out, not bound: only then does SQLite know that a query fits the partial index of the same words.
IS_OPEN = text("deliveries.state IN ('queued', 'deferred')")
IS_HELD = text("deliveries.state IN ('claimed', 'handoff')")
IS_PROVED = text("deliveries.state = 'unknown' AND deliveries.heard IS NOT NULL")
# Only who was put off has to wait; a clock that is set back must not hold up the others.
IS_QUEUED = text("deliveries.state = 'queued'")

# The wing that owns dispatches lies above this one; here only these of its columns are looked at.
DISPATCHES = table("dispatches", column("id"), column("state"), column("campaign_id"), column("channel"))


class Delivery(Base):
    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "uq_deliveries_once",
            "dispatch_id",
            "address_key",
            unique=True,
            sqlite_where=text("state != 'skipped'"),
        ),
        Index(
            "ix_deliveries_open",
            "dispatch_id",
            "next_at",
            "id",
            sqlite_where=IS_OPEN,
        ),
        Index("ix_deliveries_held", "claimed_by", sqlite_where=IS_HELD),
        Index("ix_deliveries_state", "dispatch_id", "state"),
        Index("ix_deliveries_customer", "customer_id", "id"),
        Index("ix_deliveries_heard", "dispatch_id", "heard", sqlite_where=text("heard IS NOT NULL")),
        Index("ix_deliveries_proved", "id", sqlite_where=IS_PROVED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dispatch_id: Mapped[int] = mapped_column(ForeignKey("dispatches.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="SET NULL"))
    address_key: Mapped[str | None] = mapped_column(String(320))  # normalised; where it goes
    state: Mapped[State] = mapped_column(Word(State))
    reason: Mapped[str | None] = mapped_column(String(30))  # a LeftOut word, or why it failed
    code: Mapped[int | None]  # the server's reply code
    reply: Mapped[str | None] = mapped_column(Text)  # the server's own words
    claimed_by: Mapped[int | None]  # a worker
    attempts: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)  # how often the server said "later"
    next_at: Mapped[datetime] = mapped_column(Instant)  # not tried before
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    heard: Mapped[Heard | None] = mapped_column(Word(Heard))  # beside the state: it divides what was sent
    heard_at: Mapped[datetime | None] = mapped_column(Instant)
    heard_reason: Mapped[str | None] = mapped_column(String(30))  # a Cause
    heard_said: Mapped[str | None] = mapped_column(Text)  # the words of their server


@dataclass(frozen=True, slots=True)
class Books:
    """The equation on the screen: recipients = queued + sent + failed + skipped + cancelled + not sure."""

    queued: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    not_sure: int = 0

    @property
    def recipients(self) -> int:
        return self.queued + self.sent + self.failed + self.skipped + self.cancelled + self.not_sure


COLUMN_OF: dict[State, str] = {
    State.QUEUED: "queued",
    State.CLAIMED: "queued",
    State.HANDOFF: "queued",
    State.DEFERRED: "queued",
    State.SENT: "sent",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.CANCELLED: "cancelled",
    State.UNKNOWN: "not_sure",
}


def books(session: Session, dispatch_id: int) -> Books:
    return books_of(session, [dispatch_id]).get(dispatch_id, Books())


def books_of(session: Session, dispatch_ids: list[int]) -> dict[int, Books]:
    rows = session.execute(
        select(Delivery.dispatch_id, Delivery.state, func.count())
        .where(Delivery.dispatch_id.in_(dispatch_ids))
        .group_by(Delivery.dispatch_id, Delivery.state)
    )
    sums: dict[int, dict[str, int]] = {}
    for dispatch_id, state, count in rows:
        line = sums.setdefault(dispatch_id, {})
        line[COLUMN_OF[state]] = line.get(COLUMN_OF[state], 0) + count
    return {dispatch_id: Books(**line) for dispatch_id, line in sums.items()}


Of = int | ColumnElement[bool]  # a dispatch, or a condition over deliveries


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the ledger as a person reads it."""

    id: int
    dispatch_id: int
    customer_id: int | None
    name: str
    address: str
    state: State
    reason: str | None
    code: int | None
    reply: str | None
    at: datetime | None
    attempts: int
    heard: Heard | None = None
    heard_at: datetime | None = None
    heard_reason: str | None = None  # a Cause
    heard_said: str | None = None


def lines(
    session: Session,
    of: Of,
    *,
    states: tuple[State, ...] = (),
    search: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Line]:
    """The recipients of a dispatch in the order of the ledger, from the row behind `after` on.

    Found by number first: otherwise SQLite puts names and addresses of everybody in order, to give away a page of them.
    """
    rows = select(Delivery.id)
    if search.strip():
        rows = rows.outerjoin(Customer, Customer.id == Delivery.customer_id)
    wanted = rows.where(*_wanted(of, states, search), Delivery.id > after)
    page = wanted.order_by(Delivery.id).limit(limit)
    query = _lines().where(Delivery.id.in_(page)).order_by(Delivery.id)
    return [Line(*row) for row in session.execute(query)]


def by_send(session: Session, of: Of, *, after: tuple[int, int] | None, limit: int) -> list[Line]:
    """Over several sends: those of the newest first, within it in the order of the ledger; from the row behind `after` on,
    which is the number of a send and of one of its rows.
    """
    wanted = [Delivery.dispatch_id == of if isinstance(of, int) else of]
    if after is not None:
        send, row = after
        same = (Delivery.dispatch_id == send) & (Delivery.id > row)
        wanted.append((Delivery.dispatch_id < send) | same)
    order = Delivery.dispatch_id.desc(), Delivery.id
    page = select(Delivery.id).where(*wanted).order_by(*order).limit(limit)
    return [Line(*row) for row in session.execute(_lines().where(Delivery.id.in_(page)).order_by(*order))]


def how_many(session: Session, of: Of, *, states: tuple[State, ...] = (), search: str = "") -> int:
    """The length of the list that `lines` gives page by page. Only a search has to look at people."""
    rows = select(func.count()).select_from(Delivery)
    if search.strip():
        rows = rows.outerjoin(Customer, Customer.id == Delivery.customer_id)
    return session.scalar(rows.where(*_wanted(of, states, search))) or 0


def put_off(session: Session, dispatch_id: int) -> tuple[int, datetime | None]:
    """How many the server told to come again later, and when the first of them is tried."""
    row = session.execute(
        select(func.count(), func.min(Delivery.next_at)).where(
            Delivery.dispatch_id == dispatch_id, Delivery.state == State.DEFERRED
        )
    ).one()
    return row[0], row[1]


def reasons(session: Session, dispatch_id: int, state: State) -> dict[str, int]:
    """Why rows ended in this state, the most frequent reason first."""
    number = func.count()
    rows = session.execute(
        select(Delivery.reason, number)
        .where(Delivery.dispatch_id == dispatch_id, Delivery.state == state)
        .group_by(Delivery.reason)
        .order_by(number.desc())
    )
    return {reason or "": count for reason, count in rows}


def left_out_on_the_way(session: Session, dispatch_id: int) -> int:
    """Those who were on the list at the launch and may not be written to any more when their turn came."""
    on_the_way = (Delivery.state == State.SKIPPED) & (Delivery.attempts > 0)
    query = select(func.count()).where(Delivery.dispatch_id == dispatch_id, on_the_way)
    return session.scalar(query) or 0


def last_success(session: Session, channel: str, *, among: int = 20) -> datetime | None:
    """When this channel last carried a message, looked for in its newest dispatches."""
    newest = (
        select(DISPATCHES.c.id)
        .where(DISPATCHES.c.channel == channel)
        .order_by(DISPATCHES.c.id.desc())
        .limit(among)
    )
    carried = (Delivery.state == State.SENT) & Delivery.dispatch_id.in_(newest)
    return session.scalar(select(func.max(Delivery.settled_at)).where(carried))


def by_id(session: Session, delivery_id: int) -> Line | None:
    row = session.execute(_lines().where(Delivery.id == delivery_id)).one_or_none()
    return Line(*row) if row else None


def reached_in_campaign(session: Session, campaign_id: int) -> int:
    """How many people got it, or may have got it, over all launches of a campaign and on whichever channel."""
    person = func.coalesce(Delivery.customer_id, -Delivery.id)
    return (
        session.scalar(
            select(func.count(func.distinct(person)))
            .join(DISPATCHES, DISPATCHES.c.id == Delivery.dispatch_id)
            .where(DISPATCHES.c.campaign_id == campaign_id, Delivery.state.in_(REACHED))
        )
        or 0
    )


def _lines() -> Any:
    name = func.trim(Customer.first_name + " " + Customer.last_name)
    shown = func.coalesce(func.nullif(name, ""), func.nullif(Customer.company, ""), "")
    address = func.coalesce(Delivery.address_key, Customer.email, "")
    at = func.coalesce(Delivery.settled_at, Delivery.handed_at, type_=Instant)
    return select(
        Delivery.id,
        Delivery.dispatch_id,
        Delivery.customer_id,
        func.coalesce(shown, ""),
        address,
        Delivery.state,
        Delivery.reason,
        Delivery.code,
        Delivery.reply,
        at,
        Delivery.attempts,
        Delivery.heard,
        Delivery.heard_at,
        Delivery.heard_reason,
        Delivery.heard_said,
    ).outerjoin(Customer, Customer.id == Delivery.customer_id)


def _wanted(of: Of, states: tuple[State, ...], search: str) -> list[Any]:
    wanted: list[Any] = [Delivery.dispatch_id == of if isinstance(of, int) else of]
    if states:
        wanted.append(Delivery.state.in_(states))
    if search.strip():
        wanted.append(_looks_like(search.strip()))
    return wanted


def _looks_like(text_: str) -> Any:
    return (
        Delivery.address_key.icontains(text_, autoescape=True)
        | Customer.first_name.icontains(text_, autoescape=True)
        | Customer.last_name.icontains(text_, autoescape=True)
    )


def open_count(session: Session, dispatch_id: int) -> int:
    """How many rows have no outcome yet."""
    is_open = (Delivery.dispatch_id == dispatch_id) & Delivery.state.in_(OPEN)
    return session.scalar(select(func.count()).select_from(Delivery).where(is_open)) or 0
