"""What people wrote to the shop, as it came into its inbox or by another channel: for their own page, and for nobody else.

Who wrote is a customer in the book, so no address stands here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, delete, false, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.listed import listed
from domain.ledger.deliveries import Delivery

LONGEST_SUBJECT, LONGEST_WORDS, LONGEST_NOTE = 200, 2_000, 200  # characters; the whole letter is in the inbox
MOST_A_DAY: Final = 50  # of one person; a machine that answers us must not fill the book


class ReceivedMail(Base):
    __tablename__ = "received_mails"
    __table_args__ = (
        Index("ix_received_mails_customer", "customer_id", "id"),
        Index("ix_received_mails_delivery", "delivery_id", sqlite_where=text("delivery_id IS NOT NULL")),
        Index(
            "ix_received_mails_window", "channel", "received_at", "customer_id", sqlite_where=text("channel <> 'email'")
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)  # read again, it is the same
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    delivery_id: Mapped[int | None]  # what it answers, where that is known
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str] = mapped_column(String(20), default="email", server_default="email")
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")  # what came that is no text
    opens_window: Mapped[bool] = mapped_column(default=False, server_default=false())  # see `windows`


def keep(
    session: Session,
    event_id: str,
    customer_id: int,
    *,
    delivery_id: int | None,
    subject: str,
    words: str,
    day_began: datetime,
    now: datetime,
    channel: str = "email",
    note: str = "",
    opens_window: bool = False,
) -> bool:
    """False: it is here already, or too many came from this person since `day_began`."""
    if session.scalar(select(ReceivedMail.id).where(ReceivedMail.event_id == event_id)):
        return False
    today = ReceivedMail.customer_id == customer_id, ReceivedMail.received_at >= day_began
    if (session.scalar(select(func.count()).where(*today)) or 0) >= MOST_A_DAY:
        return False
    session.add(
        ReceivedMail(
            event_id=event_id,
            customer_id=customer_id,
            delivery_id=delivery_id,
            subject=subject[:LONGEST_SUBJECT],
            words=words[:LONGEST_WORDS],
            received_at=now,
            channel=channel,
            note=note[:LONGEST_NOTE],
            opens_window=opens_window,
        )
    )
    session.flush()
    return True


def of(session: Session, customer_id: int, limit: int = 20) -> list[ReceivedMail]:
    """Newest first."""
    theirs = select(ReceivedMail).where(ReceivedMail.customer_id == customer_id)
    return list(session.scalars(theirs.order_by(ReceivedMail.id.desc()).limit(limit)))


def of_many(session: Session, customer_ids: Sequence[int]) -> dict[int, list[ReceivedMail]]:
    """What each of these people wrote, newest first; who never wrote is missing."""
    theirs = select(ReceivedMail).where(ReceivedMail.customer_id.in_(listed(customer_ids)))
    found: dict[int, list[ReceivedMail]] = {}
    for one in session.scalars(theirs.order_by(ReceivedMail.id.desc())):
        found.setdefault(one.customer_id, []).append(one)
    return found


def how_many(session: Session, customer_id: int) -> int:
    return session.scalar(select(func.count()).where(ReceivedMail.customer_id == customer_id)) or 0


def answered(session: Session, dispatch_ids: Sequence[int]) -> int:
    """How many people answered these sends. Answers are few, so each is asked which send it belongs to."""
    send = select(Delivery.dispatch_id).where(Delivery.id == ReceivedMail.delivery_id).scalar_subquery()
    found = ReceivedMail.delivery_id.is_not(None), send.in_(listed(dispatch_ids))
    return session.scalar(select(func.count(func.distinct(ReceivedMail.customer_id))).where(*found)) or 0


def hand_over(session: Session, giver: int, taker: int) -> None:
    moving = update(ReceivedMail).where(ReceivedMail.customer_id == giver).values(customer_id=taker)
    session.execute(moving.execution_options(synchronize_session=False))


def forget(session: Session, customer_ids: Sequence[int]) -> None:
    gone = delete(ReceivedMail).where(ReceivedMail.customer_id.in_(listed(customer_ids)))
    session.execute(gone.execution_options(synchronize_session=False))
