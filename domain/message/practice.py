"""The Practice inbox: what Handbill's own mail catcher received while nothing may leave this machine."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant


class PracticeMail(Base):
    __tablename__ = "practice_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    sender: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
