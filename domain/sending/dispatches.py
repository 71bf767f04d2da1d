"""A dispatch: one launch, with the content and the audience as they were at that moment. It never changes afterwards."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    false,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.database import changed
from domain.book.message_types import MessageType
from domain.ledger.deliveries import IS_OPEN, IS_QUEUED, OPEN, Books, Delivery, State
from domain.refusal import Kind, Refusal, missing


class DispatchState(StrEnum):
    WAITING = "waiting"  # the undo window is open
    SENDING = "sending"
    PAUSED = "paused"  # by a person, or after a restore; nothing is handed over, nothing is lost
    SENT = "sent"  # every recipient has an outcome
    STOPPED = "stopped"  # by a person, part-way
    FAILED = "failed"  # by trouble with the mail account, part-way or before the first
    UNDONE = "undone"  # called back inside the window; nothing left


RUNNING = (DispatchState.WAITING, DispatchState.SENDING, DispatchState.PAUSED)
UNTRIED = (State.QUEUED, State.CLAIMED, State.SKIPPED, State.CANCELLED)
OVER = "This send is already over."
PURGED = "What this send said was removed for good. Only its figures are left."
DELETED = "This one-shot was deleted. The owner can put it back, under Settings, Deleted."


class Hold(StrEnum):
    """Why nothing is handed over just now."""

    NONE = ""
    PERSON = "person"  # paused by somebody (state PAUSED)
    RESTORED = "restored"  # paused because the shop was restored from a copy (state PAUSED)
    QUIET = "quiet"  # the shop's quiet hours (state SENDING, with held_until)
    HOUR = "hour"  # the mail account's limit for an hour is used up (SENDING, held_until)
    DAY = "day"  # the same for a day
    REACH = "reach"  # as many different people as a channel allows in a day were written to
    CONTENT = "content"  # nobody can get these words now: its template was paused (state PAUSED)
    ACCOUNT = "account"  # the shop is kept from sending: its access has run out (state PAUSED)


BARRED = (Hold.CONTENT, Hold.ACCOUNT)
BY_ITSELF = (Hold.QUIET, Hold.HOUR, Hold.DAY, Hold.REACH)  # nobody pressed anything, and nobody has to


class Outcome(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    NOBODY = "nobody"
    CANCELLED = "cancelled"


class Part(StrEnum):
    """Of a campaign's launch: one launch may be several sends."""

    MAIN = "main"
    ALSO = "also"  # what goes by the other channel at the same time
    ASKED = "asked"  # what goes there days later, to whom the first did not reach or who did not look at it


class Dispatch(Base):
    __tablename__ = "dispatches"
    __table_args__ = (
        Index(
            "uq_dispatches_part",
            "campaign_id",
            "run_no",
            "part",
            unique=True,
            sqlite_where=text("state != 'undone'"),
        ),
        Index(
            "ix_dispatches_running",
            "state",
            sqlite_where=text("state IN ('waiting', 'sending', 'paused')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))  # none: a one-shot
    run_no: Mapped[int] = mapped_column(default=1)
    part: Mapped[Part] = mapped_column(Word(Part), default=Part.MAIN, server_default="main")
    nonce: Mapped[str | None] = mapped_column(String(64), unique=True)  # one press of one form, for one-shots
    name: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    message_type: Mapped[MessageType] = mapped_column(Word(MessageType))
    state: Mapped[DispatchState] = mapped_column(Word(DispatchState))
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    error: Mapped[str] = mapped_column(Text, default="")

    from_name: Mapped[str] = mapped_column(Text)
    from_email: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(Text)
    preheader: Mapped[str] = mapped_column(Text, default="")
    html_body: Mapped[str] = mapped_column(Text, default="")
    text_body: Mapped[str] = mapped_column(Text, default="")
    shop_name: Mapped[str] = mapped_column(Text, default="")  # frozen too: a sent message keeps its footer
    postal_address: Mapped[str] = mapped_column(Text, default="")
    colour: Mapped[str] = mapped_column(String(7), default="", server_default="")
    content_hash: Mapped[str] = mapped_column(String(64))

    content: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # of another channel
    audience: Mapped[dict[str, Any]]
    audience_label: Mapped[str] = mapped_column(Text)
    only_remaining: Mapped[bool] = mapped_column(default=False)
    expected: Mapped[int | None]  # what the screen said before the press; a difference is explained
    recipients: Mapped[int] = mapped_column(default=0)

    practice: Mapped[bool] = mapped_column(default=False)  # launched while nothing could leave this machine
    measured: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # opens and clicks are counted
    held_until: Mapped[datetime | None] = mapped_column(Instant)  # no worker looks at it before
    held_for: Mapped[Hold] = mapped_column(Word(Hold), default=Hold.NONE)
    held_by: Mapped[str] = mapped_column(String(120), default="")  # who paused it
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # when a schedule wanted it
    late_reason: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime] = mapped_column(Instant)  # the end of the undo window
    started_at: Mapped[datetime | None] = mapped_column(Instant)  # a worker took it up
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)  # a one-shot; others go with their campaign
    purged_at: Mapped[datetime | None] = mapped_column(Instant)  # its content is gone for good

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING


def get(session: Session, dispatch_id: int) -> Dispatch:
    found = session.get(Dispatch, dispatch_id)
    if found is None:
        raise missing("send")
    return found


def require_content(dispatch: Dispatch) -> None:
    if dispatch.purged_at is not None:
        raise Refusal("purged", PURGED, Kind.CONFLICT)


def require_kept(dispatch: Dispatch) -> None:
    """Whatever goes out again, or is made of it, needs it whole."""
    require_content(dispatch)
    if dispatch.deleted_at is not None:
        raise Refusal("deleted", DELETED, Kind.CONFLICT)


def of_delivery(session: Session, delivery_id: int) -> tuple[Delivery, Dispatch]:
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise missing("message")
    return delivery, get(session, delivery.dispatch_id)


def newest(session: Session, *, before: int | None = None, limit: int = 50) -> list[Dispatch]:
    """Every launch, newest first; the Sends page."""
    query = select(Dispatch).order_by(Dispatch.id.desc()).limit(limit)
    return list(session.scalars(query.where(Dispatch.id < before) if before else query))


def how_many(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Dispatch)) or 0


def of_campaign(session: Session, campaign_id: int) -> list[Dispatch]:
    return list(
        session.scalars(
            select(Dispatch).where(Dispatch.campaign_id == campaign_id).order_by(Dispatch.id.desc())
        )
    )


def of_run(session: Session, campaign_id: int, run_no: int) -> list[Dispatch]:
    """Every part of one launch, in the order in which they began."""
    mine = Dispatch.campaign_id == campaign_id, Dispatch.run_no == run_no
    return list(session.scalars(select(Dispatch).where(*mine).order_by(Dispatch.id)))


def running_of(session: Session, campaign_id: int) -> list[Dispatch]:
    """What of a campaign goes, waits or stands still just now: each part of a launch is a send."""
    mine = Dispatch.campaign_id == campaign_id, Dispatch.state.in_(RUNNING)
    return list(session.scalars(select(Dispatch).where(*mine).order_by(Dispatch.id)))


def latest_of(session: Session, campaign_ids: Sequence[int]) -> dict[int, Dispatch]:
    """The last launch of each of these campaigns: its first send."""
    last = (
        select(func.max(Dispatch.id))
        .where(Dispatch.campaign_id.in_(campaign_ids), Dispatch.part == Part.MAIN)
        .group_by(Dispatch.campaign_id)
    )
    rows = session.scalars(select(Dispatch).where(Dispatch.id.in_(last)))
    return {row.campaign_id: row for row in rows if row.campaign_id is not None}


def is_sending(session: Session, dispatch_id: int) -> bool:
    return session.scalar(select(Dispatch.state).where(Dispatch.id == dispatch_id)) is DispatchState.SENDING


def begin(session: Session, dispatch_id: int, now: datetime) -> bool:
    """The undo window is over. True for the one who opened the gate."""
    opened = changed(
        session,
        update(Dispatch)
        .where(
            Dispatch.id == dispatch_id,
            Dispatch.state == DispatchState.WAITING,
            Dispatch.starts_at <= now,
        )
        .values(state=DispatchState.SENDING),
    )
    return opened > 0


def ripe(session: Session, now: datetime) -> list[int]:
    """Undo windows that are over."""
    over = (Dispatch.state == DispatchState.WAITING) & (Dispatch.starts_at <= now)
    return list(session.scalars(select(Dispatch.id).where(over)))


def hungry(session: Session, now: datetime) -> list[int]:
    """Dispatches with a row whose time has come."""
    due = (
        select(Delivery.id)
        .where(
            Delivery.dispatch_id == Dispatch.id,
            IS_OPEN,
            or_(IS_QUEUED, Delivery.next_at <= now),
        )
        .exists()
    )
    may_go = or_(Dispatch.held_until.is_(None), Dispatch.held_until <= now)
    sending = Dispatch.state == DispatchState.SENDING
    return list(session.scalars(select(Dispatch.id).where(sending, may_go, due)))


def unfinished(session: Session) -> list[int]:
    """Dispatches that have ended, or may have ended, and were not closed: a worker died in between."""
    is_open = Delivery.state.in_(OPEN)
    open_row = select(Delivery.id).where(Delivery.dispatch_id == Dispatch.id, is_open).exists()
    ended = Dispatch.state.in_(
        [DispatchState.SENDING, DispatchState.PAUSED, DispatchState.STOPPED, DispatchState.FAILED]
    )
    return list(session.scalars(select(Dispatch.id).where(ended, Dispatch.finished_at.is_(None), ~open_row)))


def is_untouched(session: Session, dispatch: Dispatch) -> bool:
    """Everybody on the list still waits for the first try of all."""
    tried = or_(
        Delivery.state.not_in(UNTRIED),
        Delivery.handed_at.is_not(None),
        Delivery.next_at > dispatch.created_at,
    )
    touched = select(Delivery.id).where(Delivery.dispatch_id == dispatch.id, tried).limit(1)
    return session.scalar(touched) is None


def note_started(session: Session, dispatch_id: int, now: datetime) -> None:
    not_yet = (Dispatch.id == dispatch_id) & Dispatch.started_at.is_(None)
    changed(session, update(Dispatch).where(not_yet).values(started_at=now))


def needs_attention(books: Books, came_back: int = 0) -> bool:
    """More than one in twenty failed, or came back since (S4-45)."""
    tried = books.sent + books.failed
    return tried > 0 and (books.failed + came_back) * 20 > tried
