"""May this person get this? One question, asked by the counts, the launch and the engine alike.

The present state lies in `preferences` and on the customer; the ledger `consents` keeps how it came about and is
only ever added to. A suppression outlives the customer: it keeps a keyed hash of the address, not the address.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    SQLColumnExpression,
    String,
    Text,
    UniqueConstraint,
    and_,
    case,
    exists,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.secrets import keys
from domain.book.person import Customer
from domain.refusal import invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

EVERY_TYPE = "all"


class MessageType(StrEnum):
    MARKETING = "marketing"
    NEWSLETTER = "newsletter"
    OPERATIONAL = "operational"

    @property
    def needs_consent(self) -> bool:
        return self is not MessageType.OPERATIONAL


class LeftOut(StrEnum):
    """Why a person who matches gets nothing; in the order in which it is looked at."""

    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    ENOUGH = "enough"
    DUPLICATE = "duplicate"


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


class Consent(Base):
    """One line of the proof: who changed what, when, how, by which words. Never changed, never deleted."""

    __tablename__ = "consents"

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
    wording: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(120), default="")
    by_user_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(64), default="")  # the network address, where one was seen


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


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a channel finds a person: the columns of `customers` it writes to."""

    channel: str
    address: SQLColumnExpression[Any]
    address_hash: SQLColumnExpression[Any]
    trouble: SQLColumnExpression[Any]

    @property
    def place(self) -> str:
        """What the column of the address is called."""
        return str(getattr(self.address, "key", ""))


def why_left_out(
    reach: Reach, message_type: MessageType, *, of_many: bool = False
) -> ColumnElement[str | None]:
    """The answer as SQL over `customers`: NULL for "may be written to", otherwise a LeftOut word.

    Duplicates are not seen here: they are a matter between two rows. Nor is who got enough: `audience.enough` asks
    that, once, at the launch. `of_many` asks for the whole book at once: it
    gathers all refusals first, which is some ten times faster for 100,000 people and slower for a hundred.
    """
    reasons: list[tuple[ColumnElement[bool], LeftOut]] = [
        (reach.address.is_(None), LeftOut.NO_ADDRESS),
        (reach.trouble.is_not(None), LeftOut.BAD_ADDRESS),
    ]
    if message_type.needs_consent:
        reasons.append(
            (
                or_(Customer.marketing_opt_out, _said_no(reach.channel, message_type, of_many)),
                LeftOut.OPTED_OUT,
            )
        )
    reasons.append((_is_suppressed(reach, message_type, of_many), LeftOut.SUPPRESSED))
    return case(*[(condition, str(word)) for condition, word in reasons], else_=None)


def withdraw(
    session: Session,
    customer_id: int,
    channel: str,
    message_type: str,
    *,
    how: str,
    now: datetime,
    source: str = "",
    address: str = "",
    by: Actor | None = None,
) -> None:
    """The person says no, to one type or to all of them. It counts from this commit on, also for queued messages."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    _write_state(session, customer, channel, message_type, False, now)
    _write_line(session, customer, channel, message_type, False, how, now, source, address, by)


def grant(
    session: Session,
    customer_id: int,
    channel: str,
    message_type: str,
    *,
    how: str,
    now: datetime,
    source: str = "",
    address: str = "",
    by: Actor | None = None,
) -> None:
    """The person says yes. Never called by an import (D8)."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    _write_state(session, customer, channel, message_type, True, now)
    _write_line(session, customer, channel, message_type, True, how, now, source, address, by)


def set_by_staff(
    session: Session,
    customer_id: int,
    *,
    opted_out: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """Staff tick or clear "no marketing" for somebody. Clearing needs the reason: the ledger keeps both (D8)."""
    by.require(Right.EDIT_CUSTOMERS)
    if not opted_out and not reason.strip():
        raise invalid(
            "reason",
            "Say how this person asked to hear from you again, for example: asked in the shop.",
        )
    change = withdraw if opted_out else grant
    change(
        session,
        customer_id,
        "email",
        EVERY_TYPE,
        how="staff",
        now=now,
        source=reason.strip()[:200],
        by=by,
    )
    audit.write(
        session,
        "customer.opt_out",
        by=by,
        now=now,
        subject_id=customer_id,
        after={"out": opted_out, "why": reason},
    )


def allows(session: Session, customer_id: int, channel: str, message_type: str) -> bool | None:
    """What the person said about this type of message; None if they never said anything."""
    said = select(Preference.allowed).where(
        Preference.customer_id == customer_id,
        Preference.channel == channel,
        Preference.message_type == message_type,
    )
    return session.scalar(said)


def history(session: Session, customer_id: int) -> list[Consent]:
    """Newest first; with the lines of those who were merged into this customer, which keep their own number."""
    theirs = select(Customer.id).where(Customer.merged_into == customer_id)
    mine = or_(Consent.customer_id == customer_id, Consent.customer_id.in_(theirs))
    return list(session.scalars(select(Consent).where(mine).order_by(Consent.id.desc())))


def states(session: Session, customer_id: int) -> list[Preference]:
    """What the person wants today, for each channel and type they ever said something about."""
    said = select(Preference).where(Preference.customer_id == customer_id)
    return list(session.scalars(said.order_by(Preference.channel, Preference.message_type)))


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


def mark_address(session: Session, customer_id: int, trouble: str | None) -> None:
    """The address itself is the problem (it does not exist, say): nobody writes to it until it is changed."""
    session.execute(update(Customer).where(Customer.id == customer_id).values(email_trouble=trouble))


def mark_mailbox(session: Session, reach: Reach, address: str, trouble: str) -> None:
    """As above, for everybody who has this address now; whoever has another one by now is not meant."""
    there = update(Customer).where(reach.address == address).values({reach.trouble: trouble})
    session.execute(there.execution_options(synchronize_session=False))


def fingerprint(address: str) -> str:
    return keys().fingerprint(address)


def refusers(channel: str, message_type: MessageType) -> Select[int]:
    """Who said no to this type of message; who said no to everything is marked on the customer."""
    return select(Preference.customer_id).where(_no(channel, message_type))


def kept_out(channel: str, message_type: MessageType) -> Select[str]:
    """Hashes of the addresses that are not to be written to."""
    return select(Suppression.address_hash).where(_suppression(channel, message_type))


def _said_no(channel: str, message_type: MessageType, of_many: bool) -> ColumnElement[bool]:
    if of_many:
        return Customer.id.in_(refusers(channel, message_type))
    return (
        exists().where(Preference.customer_id == Customer.id, _no(channel, message_type)).correlate(Customer)
    )


def _is_suppressed(reach: Reach, message_type: MessageType, of_many: bool) -> ColumnElement[bool]:
    if of_many:
        return reach.address_hash.in_(kept_out(reach.channel, message_type))
    mine = Suppression.address_hash == reach.address_hash, _suppression(reach.channel, message_type)
    return exists().where(*mine).correlate(Customer)


def _no(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    said = Preference.channel == channel, Preference.message_type == message_type
    return and_(*said, Preference.allowed.is_(False))


def _suppression(channel: str, message_type: MessageType) -> ColumnElement[bool]:
    scopes = [EVERY_TYPE, str(message_type)]
    return and_(Suppression.channel == channel, Suppression.scope.in_(scopes))


def _write_state(
    session: Session,
    customer: Customer,
    channel: str,
    message_type: str,
    allowed: bool,
    now: datetime,
) -> None:
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


def _write_line(
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
) -> None:
    session.add(
        Consent(
            customer_id=customer.id,
            address_hash=customer.email_hash,
            channel=channel,
            message_type=message_type,
            allowed=allowed,
            at=now,
            how=how,
            source=source,
            by_name=by.name if by else "",
            by_user_id=by.user_id if by else None,
            address=address,
        )
    )
