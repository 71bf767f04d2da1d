"""The proof: who agreed to what, or said no, when, how and by which words. Only ever added to; it outlives the customer."""

from datetime import datetime
from typing import Final

from sqlalchemy import Index, String, Text, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.book import wordings
from domain.book.person import Customer
from domain.shop.people import Actor

COMPLAINT: Final = "complaint"  # how it was said, where somebody called a message spam
# Word for word as in the index: only then SQLite takes that one, and lists brought in fill the ledger with the others.
SAID_BY_THEMSELVES: Final = text("consents.how <> 'import'")


class Consent(Base):
    """One line of the proof: who changed what, when, how, by which words. Never changed, never deleted."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_source", "source", sqlite_where=text("how <> 'import'")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: it outlives the customer
    address_hash: Mapped[str | None] = mapped_column(String(32), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    message_type: Mapped[str] = mapped_column(String(20))  # a MessageType, or "all"
    allowed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
    how: Mapped[str] = mapped_column(String(20))  # link, one_click, staff, import, form, api, sample
    source: Mapped[str] = mapped_column(
        String(200), default=""
    )  # which mail, which file, which words on the phone
    wording: Mapped[str] = mapped_column(Text, default="")  # what an import was said to rest on
    wording_id: Mapped[int | None]  # the words they saw: `wordings`
    by_name: Mapped[str] = mapped_column(String(120), default="")
    by_user_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(64), default="")  # the network address, where one was seen


def history(session: Session, customer_id: int) -> list[Consent]:
    """Newest first; with the lines of those who were merged into this customer, which keep their own number."""
    theirs = select(Customer.id).where(Customer.merged_into == customer_id)
    mine = or_(Consent.customer_id == customer_id, Consent.customer_id.in_(theirs))
    return list(session.scalars(select(Consent).where(mine).order_by(Consent.id.desc())))


def left_by(session: Session, customer_id: int) -> dict[int, datetime]:
    """By which sends they said no, and when; what they took back there is left out. A complaint is told elsewhere."""
    found: dict[int, datetime] = {}
    for line in reversed(history(session, customer_id)):
        word, _, number = line.source.partition(" ")
        if word != "dispatch" or not number.isdecimal() or line.how == COMPLAINT:
            continue
        if line.allowed:
            found.pop(int(number), None)
        else:
            found[int(number)] = line.at
    return found


def add(
    session: Session,
    customer: Customer,
    channel: str,
    message_type: str,
    allowed: bool,
    how: str,
    now: datetime,
    source: str,
    address: str,
    by: Actor | None,
    words: str = "",
) -> None:
    """`words`: exactly what the person saw when they said it; empty where nothing was shown. `address`: the network's."""
    session.add(
        Consent(
            customer_id=customer.id,
            address_hash=customer.whatsapp_hash if channel == "whatsapp" else customer.email_hash,
            channel=channel,
            message_type=message_type,
            allowed=allowed,
            at=now,
            how=how,
            source=source,
            wording_id=wordings.number(session, words, now=now) if words else None,
            by_name=by.name if by else "",
            by_user_id=by.user_id if by else None,
            address=address,
        )
    )
