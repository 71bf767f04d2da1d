"""A campaign: the plan. Its launches are dispatches; its status is one of four words."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant, Word
from domain.book.consent import MessageType


class Status(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"


class Campaign(Base):
    __tablename__ = "campaigns"
    __table_args__ = (
        Index("ix_campaigns_due", "scheduled_at", sqlite_where=text("status = 'scheduled' AND deleted_at IS NULL")),
        Index("ix_campaigns_newest", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    channel: Mapped[str] = mapped_column(String(20), default="email")
    message_type: Mapped[MessageType] = mapped_column(Word(MessageType), default=MessageType.MARKETING)
    from_name: Mapped[str] = mapped_column(Text, default="")  # empty: the shop's usual sender
    from_email: Mapped[str] = mapped_column(String(320), default="")
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    preheader: Mapped[str] = mapped_column(Text, default="")
    html_body: Mapped[str] = mapped_column(Text, default="")
    text_body: Mapped[str] = mapped_column(Text, default="")
    template_id: Mapped[int | None] = mapped_column(ForeignKey("templates.id"))
    audience: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"type": "all"})

    status: Mapped[Status] = mapped_column(Word(Status), default=Status.DRAFT)
    outcome: Mapped[str | None] = mapped_column(String(20))
    scheduled_at: Mapped[datetime | None] = mapped_column(Instant)
    scheduled_wall: Mapped[str] = mapped_column(String(16), default="")  # "2026-12-01T09:00" as typed
    scheduled_zone: Mapped[str] = mapped_column(String(64), default="")
    last_launch_error: Mapped[str] = mapped_column(Text, default="")
    last_launch_at: Mapped[datetime | None] = mapped_column(Instant)
    last_launch_by: Mapped[str] = mapped_column(String(120), default="")
    run_no: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_editable(self) -> bool:
        return self.status is Status.DRAFT and self.deleted_at is None
