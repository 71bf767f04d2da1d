"""Whoever asks to be on the list, on the shop's form: nobody is, until the one who reads that mailbox has said yes.

The answer to the form is the same for every address, known or not. Who has said no before says yes here themselves (D8).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Index, String, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.book import consent, contact, customers, preferences, suppressions
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.suppressions import Suppression
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid
from domain.shop.people import Actor, Role

WAITS_FOR_YES: Final = timedelta(days=14)  # then what was typed is forgotten
MOST_FROM_ONE_PLACE, MOST_TOGETHER = 30, 500  # in an hour
MOST_TO_ONE_MAILBOX: Final = 3  # letters in a day; more would be somebody's game with somebody else's mailbox
MOST_TRIES: Final = 5
LONGEST_NAME: Final = 60
# What a stranger's yes may do is decided here; nothing else acts in this name.
FORM: Final = Actor(None, "Sign-up form", Role.MANAGER, via="form")
KINDS: Final = tuple(kind for kind in MessageType if kind.needs_consent)


class Source(StrEnum):
    """Where somebody met the form."""

    LINK = "link"
    WEBSITE = "website"
    COUNTER = "counter"


class SignUp(Base):
    """Once it is confirmed, what was typed stands on the customer's card and no more here."""

    __tablename__ = "sign_ups"
    __table_args__ = (
        Index("ix_sign_ups_asked", "asked_at"),
        Index("ix_sign_ups_mailbox", "email_key"),
        Index("ix_sign_ups_due", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    source: Mapped[Source] = mapped_column(Word(Source))
    address: Mapped[str] = mapped_column(String(64), default="")  # the network address of who asked
    asked_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(
        Instant
    )  # when the letter goes; none: it went, or never will
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    customer_id: Mapped[int | None] = mapped_column(index=True)


class Look(Base):
    """How often the form was opened by each way: a scan of the card's code is one."""

    __tablename__ = "sign_up_looks"

    source: Mapped[Source] = mapped_column(Word(Source), primary_key=True)
    count: Mapped[int]


def count_look(session: Session, source: Source) -> None:
    one_more = insert(Look).values(source=source, count=1)
    session.execute(one_more.on_conflict_do_update(index_elements=["source"], set_={"count": Look.count + 1}))


def looks(session: Session) -> dict[Source, int]:
    return {one.source: one.count for one in session.scalars(select(Look))}


def ask(
    session: Session, *, first_name: str, email: str, source: Source, address: str, now: datetime
) -> SignUp | None:
    """Writes down who asked; the letter follows by itself. None where there is nothing to be done, which nobody is told.

    Raises Refusal for what is no address, and where too many ask.
    """
    if not email.strip():
        raise invalid("email", "Please give your email address.")
    name, mailbox = one_line("first_name", first_name, LONGEST_NAME), contact.read_email(email.strip())
    _refuse_floods(session, address, now)
    if _had_enough(session, mailbox.key, now):
        return None
    is_kept_out = _is_dead_or_erased(session, mailbox.key)
    asked = SignUp(
        first_name=name,
        email=mailbox.typed,
        email_key=mailbox.key,
        source=source,
        address=address,
        asked_at=now,
        next_at=None if is_kept_out else now,
    )
    session.add(asked)
    session.flush()
    return asked


def is_due(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(SignUp.id).where(_due(now)).limit(1)) is not None


def claim(session: Session, *, now: datetime) -> SignUp | None:
    """The next letter to go, taken for a few minutes: whoever dies over it leaves it to the next."""
    found = session.scalar(select(SignUp).where(_due(now)).order_by(SignUp.next_at).limit(1))
    if found is None:
        return None
    found.tries += 1
    is_last = found.tries >= MOST_TRIES
    found.next_at = None if is_last else now + timedelta(minutes=5 * 2**found.tries)
    session.flush()
    return found


def wait(session: Session, asked: SignUp, until: datetime) -> None:
    """The mail account may send no more for now. That is no try, and the others need not be asked one by one."""
    asked.tries -= 1
    asked.next_at = until
    others = update(SignUp).where(SignUp.next_at < until).values(next_at=until)
    session.execute(others.execution_options(synchronize_session=False))


def note_sent(session: Session, number: int) -> None:
    session.execute(update(SignUp).where(SignUp.id == number).values(next_at=None))


def get(session: Session, number: int, *, now: datetime) -> SignUp | None:
    """None where it is too long ago."""
    found = session.get(SignUp, number)
    return None if found is None or _is_over(found, now) else found


def confirm(session: Session, number: int, *, words: str, address: str, now: datetime) -> Customer | None:
    """The yes of whoever reads the mailbox, by the button under `words`. Once more changes nothing."""
    asked = get(session, number, now=now)
    if asked is None or asked.confirmed_at is not None:
        return None
    people = _at(session, asked.email_key) or [_new(session, asked, now)]
    source = f"sign-up form ({asked.source}), asked {asked.asked_at:%Y-%m-%d %H:%M} UTC"
    for person in people:
        _say_yes(session, person, source, words, address, now)
    _let_in(session, asked.email_key)
    asked.confirmed_at, asked.customer_id, asked.next_at = now, people[0].id, None
    asked.first_name = asked.email = asked.email_key = asked.address = ""
    return people[0]


def forget_unanswered(session: Session, *, now: datetime) -> None:
    over = delete(SignUp).where(SignUp.confirmed_at.is_(None), SignUp.asked_at < now - WAITS_FOR_YES)
    session.execute(over.execution_options(synchronize_session=False))


def confirmed(session: Session) -> dict[Source, int]:
    """How many came by each way."""
    rows = select(SignUp.source, func.count()).where(SignUp.confirmed_at.is_not(None)).group_by(SignUp.source)
    return {one[0]: one[1] for one in session.execute(rows)}


def _due(now: datetime) -> ColumnElement[bool]:
    return SignUp.next_at <= now


def _is_over(asked: SignUp, now: datetime) -> bool:
    return asked.confirmed_at is None and asked.asked_at < now - WAITS_FOR_YES


def _refuse_floods(session: Session, address: str, now: datetime) -> None:
    lately = select(func.count()).where(SignUp.asked_at > now - timedelta(hours=1))
    here = session.scalar(lately.where(SignUp.address == address)) or 0
    if here >= MOST_FROM_ONE_PLACE or (session.scalar(lately) or 0) >= MOST_TOGETHER:
        sentence = "Many people are signing up just now. Please try again in an hour."
        raise Refusal("slow_down", sentence, Kind.SLOW_DOWN)


def _had_enough(session: Session, email_key: str, now: datetime) -> bool:
    lately = SignUp.email_key == email_key, SignUp.asked_at > now - timedelta(days=1)
    return (session.scalar(select(func.count()).where(*lately)) or 0) >= MOST_TO_ONE_MAILBOX


def _is_dead_or_erased(session: Session, email_key: str) -> bool:
    """Nothing is written to an address that does not exist, or whose owner asked to be forgotten (D7)."""
    everything = Suppression.scope == EVERY_TYPE
    mark = Suppression.address_hash == suppressions.fingerprint(email_key)
    is_held = session.scalar(select(Suppression.id).where(mark, everything).limit(1)) is not None
    return is_held or any(person.email_trouble for person in _at(session, email_key))


def _at(session: Session, email_key: str) -> list[Customer]:
    rows = select(Customer).where(Customer.email_key == email_key, Customer.deleted_at.is_(None))
    return list(session.scalars(rows.order_by(Customer.id)))


def _new(session: Session, asked: SignUp, now: datetime) -> Customer:
    fields = {"first_name": asked.first_name, "email": asked.email}
    return customers.create(session, fields, by=FORM, now=now, source="form")


def _say_yes(
    session: Session, person: Customer, source: str, words: str, address: str, now: datetime
) -> None:
    """Out of a no to everything, too: they were asked for all of it and said yes."""
    new = [kind for kind in KINDS if preferences.allows(session, person.id, "email", kind) is not True]
    for scope in ([EVERY_TYPE] if person.marketing_opt_out else []) + [str(kind) for kind in new]:
        consent.grant(
            session,
            person.id,
            "email",
            scope,
            how="form",
            now=now,
            source=source,
            address=address,
            words=words,
        )


def _let_in(session: Session, email_key: str) -> None:
    """A complaint stays: that is taken back in the shop, face to face."""
    suppressions.lift(session, "email", suppressions.fingerprint(email_key), KINDS)
