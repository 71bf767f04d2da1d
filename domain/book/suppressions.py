"""Addresses that are not to be written to, whoever has them: kept as keyed hashes, so that they outlive the customer."""

from datetime import datetime

from sqlalchemy import ColumnElement, Index, Select, String, UniqueConstraint, and_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.secrets import keys
from domain.book.message_types import EVERY_TYPE, MessageType


class Suppression(Base):
    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("channel", "address_hash", "scope"),
        Index("ix_suppressions_address", "address_hash", "channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    address_hash: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(20))  # a MessageType, or "all"
    reason: Mapped[str] = mapped_column(String(20))  # unsubscribed, bounced, complained, erased
    at: Mapped[datetime] = mapped_column(Instant)


def suppress(
    session: Session,
    channel: str,
    address_hash: str,
    *,
    reason: str,
    now: datetime,
    scope: str = EVERY_TYPE,
) -> None:
    row = {
        "channel": channel,
        "address_hash": address_hash,
        "scope": scope,
        "reason": reason,
        "at": now,
    }
    session.execute(insert(Suppression).values(**row).on_conflict_do_nothing())


def fingerprint(address: str) -> str:
    return keys().fingerprint(address)


def kept_out(channel: str, message_type: MessageType) -> Select[str]:
    """Hashes of the addresses that are not to be written to."""
    return select(Suppression.address_hash).where(holds(channel, message_type))


def holds(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    scopes = [EVERY_TYPE, str(message_type)]
    return and_(Suppression.channel == channel, Suppression.scope.in_(scopes))
