"""The shop's number on WhatsApp: what the platform told of it, and whether it works."""

from datetime import datetime
from typing import Final

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.shop.limits import Limits

ACCOUNT: Final = -1  # among the accounts that have limits: those of mail are 0 and more
PER_SECOND: Final = 80  # messages; a number that is shared with the app on a telephone has 20
ONLY: Final = 1


class WhatsAppNumber(Base):
    """One row, or none before anything was looked up."""

    __tablename__ = "whatsapp_numbers"

    id: Mapped[int] = mapped_column(primary_key=True)
    phone_number_id: Mapped[str] = mapped_column(String(40), default="")
    practice: Mapped[bool] = mapped_column(default=False)
    shown: Mapped[str] = mapped_column(String(40), default="")  # the number as people read it
    name: Mapped[str] = mapped_column(String(200), default="")  # what people see above a message
    quality: Mapped[str] = mapped_column(String(20), default="")  # GREEN, YELLOW, RED, UNKNOWN
    tier: Mapped[str] = mapped_column(String(30), default="")  # TIER_250, ..., TIER_UNLIMITED
    status: Mapped[str] = mapped_column(String(30), default="")  # CONNECTED, FLAGGED, RESTRICTED, ...
    per_second: Mapped[int] = mapped_column(default=PER_SECOND)
    resting_until: Mapped[datetime | None] = mapped_column(Instant)
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(Text, default="")
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    synced_at: Mapped[datetime | None] = mapped_column(Instant)  # its templates
    sync_error: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def limits(self) -> Limits:
        return Limits(per_second=self.per_second)


def number(session: Session) -> WhatsAppNumber | None:
    return session.get(WhatsAppNumber, ONLY)
