"""A dispatch: one launch, with the content and the audience as they were at that moment. It never changes afterwards."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant, Word
from domain.book.consent import MessageType


class DispatchState(StrEnum):
    WAITING = "waiting"  # the undo window is open
    SENDING = "sending"
    SENT = "sent"  # every recipient has an outcome
    STOPPED = "stopped"  # by a person, part-way
    FAILED = "failed"  # by trouble with the mail account, part-way or before the first
    UNDONE = "undone"  # called back inside the window; nothing left


RUNNING = (DispatchState.WAITING, DispatchState.SENDING)


class Outcome(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    NOBODY = "nobody"
    CANCELLED = "cancelled"


class Dispatch(Base):
    __tablename__ = "dispatches"
    __table_args__ = (
        UniqueConstraint("campaign_id", "run_no"),
        Index("ix_dispatches_running", "state", sqlite_where=text("state IN ('waiting', 'sending')")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))  # none: a one-shot
    run_no: Mapped[int] = mapped_column(default=1)
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
    content_hash: Mapped[str] = mapped_column(String(64))

    audience: Mapped[dict[str, Any]]
    audience_label: Mapped[str] = mapped_column(Text)
    only_remaining: Mapped[bool] = mapped_column(default=False)
    expected: Mapped[int | None]  # what the screen said before the press; a difference is explained
    recipients: Mapped[int] = mapped_column(default=0)

    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # when a schedule wanted it
    late_reason: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime] = mapped_column(Instant)  # the end of the undo window
    started_at: Mapped[datetime | None] = mapped_column(Instant)  # a worker took it up
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    troubles: Mapped[int] = mapped_column(default=0)  # account troubles in a row, over all workers
    retry_at: Mapped[datetime | None] = mapped_column(Instant)  # no worker tries before, after such a trouble

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING
