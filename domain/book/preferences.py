"""What somebody wants today: for each channel and type they ever said something about, yes or no. How it came about: `proof`."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    delete,
    select,
    text,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer


class Preference(Base):
    __tablename__ = "preferences"
    __table_args__ = (
        UniqueConstraint("customer_id", "channel", "message_type"),
        Index(
            "ix_preferences_no", "channel", "message_type", "customer_id", sqlite_where=text("allowed IS 0")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(20))
    message_type: Mapped[MessageType] = mapped_column(Word(MessageType))
    allowed: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(Instant)


def allows(session: Session, customer_id: int, channel: str, message_type: str) -> bool | None:
    """What the person said about this type of message; None if they never said anything."""
    said = select(Preference.allowed).where(
        Preference.customer_id == customer_id,
        Preference.channel == channel,
        Preference.message_type == message_type,
    )
    return session.scalar(said)


def states(session: Session, customer_id: int) -> list[Preference]:
    """What the person wants today, for each channel and type they ever said something about."""
    said = select(Preference).where(Preference.customer_id == customer_id)
    return list(session.scalars(said.order_by(Preference.channel, Preference.message_type)))


def keep(
    session: Session,
    customer: Customer,
    channel: str,
    message_type: str,
    allowed: bool,
    now: datetime,
) -> None:
    """A no to everything is marked on the customer. Nobody calls it without a line in `proof`: see `consent`."""
    if message_type == EVERY_TYPE:
        customer.marketing_opt_out = not allowed
        return
    row = {
        "customer_id": customer.id,
        "channel": channel,
        "message_type": MessageType(message_type),
        "allowed": allowed,
        "changed_at": now,
    }
    changed = {"allowed": allowed, "changed_at": now}
    statement = insert(Preference).values(**row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "channel", "message_type"], set_=changed
        )
    )


def forget(session: Session, customer_id: int, channel: str, message_type: str) -> None:
    """As if they had never said anything about it today; the proof stays."""
    said = delete(Preference).where(
        Preference.customer_id == customer_id,
        Preference.channel == channel,
        Preference.message_type == message_type,
    )
    session.execute(said.execution_options(synchronize_session=False))


def refusers(channel: str, message_type: MessageType) -> Select[int]:
    """Who said no to this type of message; who said no to everything is marked on the customer."""
    return select(Preference.customer_id).where(is_no(channel, message_type))


def agreers(channel: str, message_type: MessageType) -> Select[int]:
    """Who said yes to this type of message, or to any where no yes to it is asked for."""
    return select(Preference.customer_id).where(agreed(channel, message_type))


def agreed(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    said = [Preference.channel == channel, Preference.allowed.is_(True)]
    if message_type.needs_consent:
        said.append(Preference.message_type == message_type)
    return and_(*said)


def is_no(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    said = Preference.channel == channel, Preference.message_type == message_type
    return and_(*said, Preference.allowed.is_(False))
