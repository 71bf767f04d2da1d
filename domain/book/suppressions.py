"""Addresses that are not to be written to, whoever has them: kept as keyed hashes, so that they outlive the customer."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Index, Select, String, UniqueConstraint, and_, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.secrets import keys
from domain.book.message_types import EVERY_TYPE, MessageType

OWN_WORD: Final = "unsubscribed"  # the reason that is a person's own, and theirs to take back


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


def lift(session: Session, channel: str, address_hash: str, kinds: Collection[MessageType]) -> None:
    """Their own no, taken back by themselves. Any other reason stays."""
    theirs = delete(Suppression).where(
        Suppression.channel == channel,
        Suppression.address_hash == address_hash,
        Suppression.reason == OWN_WORD,
        Suppression.scope.in_([str(kind) for kind in kinds]),
    )
    session.execute(theirs.execution_options(synchronize_session=False))


def fingerprint(address: str) -> str:
    return keys().fingerprint(address)


def kept_out(channel: str, message_type: MessageType) -> Select[str]:
    """Hashes of the addresses that are not to be written to."""
    return select(Suppression.address_hash).where(holds(channel, message_type))


def holds(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    scopes = [EVERY_TYPE, str(message_type)]
    return and_(Suppression.channel == channel, Suppression.scope.in_(scopes))
