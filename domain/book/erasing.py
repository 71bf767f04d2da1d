"""Somebody asks to be forgotten: what is known of them goes, and what keeps them from being written to again stays.

What stays is an empty card with their number, so that the number is nobody else's some day; the ledger of their wishes,
which names addresses only as keyed hashes; and a suppression under such a hash, so that an old list brought in again
reaches nobody. The audit log keeps who did what and when, without what it said about them.

The book's part of it; the ledger's part, and the verb for the doors, stand in `domain/ledger/farewells`.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, event, func, null, or_, select, update
from sqlalchemy.orm import Session

from data.database import overwriting, write_words_anew
from domain.book import customers, earlier, suppressions, traces
from domain.book.duplicates import DifferentPeople
from domain.book.earlier import Contact
from domain.book.groups import GroupMember
from domain.book.imports import ImportChange
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer, CustomerDate, CustomerTag
from domain.book.preferences import Preference
from domain.book.record import CustomerRecord
from domain.book.sign_ups import SignUp
from domain.message.practice import PracticeMail
from domain.message.practice_messages import PracticeMessage
from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Right
from domain.shop.whatsapp_reach import WhatsAppReached

REASON: Final = "erased"
STAYS: Final = (
    "What stays: how many messages were sent, without the address; what they said about mail, under a code "
    "instead of the address; and that code, so that nobody writes to them again from an old list."
)
# A phone number is kept from being written to where messages go by number.
CHANNEL_OF: Final = {"email_hash": "email", "phone_hash": "whatsapp", "wa_user_hash": "whatsapp"}
KEY_OF: Final = {"email_hash": "email_key", "phone_hash": "phone_key", "wa_user_hash": "wa_user_id"}
BLANK: Final = dict.fromkeys(
    ("first_name", "last_name", "company", "email", "phone", "language", "timezone", "notes", "postcode"), ""
)
NOTHING: Final = dict.fromkeys(
    (
        "email_key",
        "email_hash",
        "email_trouble",
        "phone_key",
        "phone_hash",
        "whatsapp_trouble",
        "wa_user_id",
        "wa_user_hash",
        "import_id",
        "merged_into",
    )
)


@dataclass(frozen=True, slots=True)
class Farewell:
    """What erasing somebody would do, for the question beforehand."""

    name: str
    records: int
    sharing: list[str]  # others at the same address, who then get no marketing either

    @property
    def stays(self) -> str:
        """The sentence under the question."""
        if not self.sharing:
            return STAYS
        who = self.sharing[0] if len(self.sharing) == 1 else f"{len(self.sharing)} other customers"
        get = "gets" if len(self.sharing) == 1 else "get"
        return f"{STAYS} {who} at the same address {get} no marketing any more either."


def foresee(session: Session, customer_id: int) -> Farewell:
    customer = _card(session, customer_id)
    others = [one.shown_name for one in customers.others_with(session, customer.email_key, customer_id)]
    rows = select(CustomerRecord.id).where(CustomerRecord.customer_id == customer_id)
    return Farewell(customer.shown_name, len(session.scalars(rows).all()), others)


def erase(
    session: Session, customer_id: int, *, reached_at: Collection[str] = (), by: Actor, now: datetime
) -> list[int]:
    """Answers with the numbers of the cards that are empty now: theirs, and those that were merged into it.

    `reached_at`: addresses and numbers they were written to, which the ledger knows.
    """
    by.require(Right.EDIT_CUSTOMERS)
    _card(session, customer_id)
    mine = or_(Customer.id == customer_id, Customer.merged_into == customer_id)
    cards = list(session.scalars(select(Customer).where(mine)))
    numbers = [card.id for card in cards]
    reached = (_contact(key) for key in reached_at)
    before = {*earlier.of(session, numbers), *reached}
    with _overwriting(session):
        traces.forget(session, cards, [contact.key for contact in before])
        for card in cards:
            _hold_back(session, card, numbers, now)
            _throw_away_practice(session, {card.email_key, card.email, card.phone_key, card.wa_user_id})
        _hold_back_earlier(session, before, numbers, now)
        _blank(session, numbers, now)
        _take_belongings(session, numbers)
        _silence(session, numbers)
    audit.write(session, "customer.erased", by=by, now=now, subject_id=customer_id, after={"cards": numbers})
    session.flush()
    session.expire_all()
    return numbers


def known_by(session: Session, address: str) -> list[Customer]:
    """Whose cards have this email address or phone number, those in the book first; then the deleted.

    Somebody who was merged is known by the card that took over. Raises Refusal for what is no address.
    """
    contact = earlier.read(session, address)
    has = getattr(Customer, contact.column) == contact.key
    found = select(func.coalesce(Customer.merged_into, Customer.id)).where(has)
    cards = session.scalars(select(Customer).where(Customer.id.in_(found), Customer.source != REASON))
    return sorted(cards, key=lambda card: (card.deleted_at is not None, card.id))


def forget_contact(
    session: Session, contact: Contact, holders: Collection[int], *, by: Actor, now: datetime
) -> None:
    """Whoever had it earlier keeps their card; it goes from what is known of them, and is not written to any more."""
    by.require(Right.EDIT_CUSTOMERS)
    with _overwriting(session):
        earlier.silence(session, contact)
        traces.forget(session, [], [contact.key])
        _throw_away_practice(session, [contact.key])
    suppressions.suppress(session, CHANNEL_OF[f"{contact.field}_hash"], contact.mark, reason=REASON, now=now)
    for number in sorted(holders):
        audit.write(session, "customer.address_erased", by=by, now=now, subject_id=number)
    session.flush()


def _card(session: Session, customer_id: int) -> Customer:
    """Of somebody in the book, or of somebody deleted, who may still ask to be forgotten."""
    card = session.get(Customer, customer_id)
    if card is None or card.merged_into or card.source == REASON:
        return customers.get(session, customer_id)  # which says what became of them
    return card


def _hold_back(session: Session, card: Customer, numbers: list[int], now: datetime) -> None:
    """Where others in the book have the same address, they still get what they ordered, and no marketing."""
    for column, channel in CHANNEL_OF.items():
        mark = getattr(card, column)
        if mark is None:
            continue
        consented = [str(kind) for kind in MessageType if kind.needs_consent]
        scopes = consented if _is_shared(session, column, mark, numbers) else [EVERY_TYPE]
        for scope in scopes:
            suppressions.suppress(session, channel, mark, reason=REASON, now=now, scope=scope)


def _is_shared(session: Session, column: str, mark: str, numbers: list[int]) -> bool:
    key = KEY_OF[column]
    value = select(getattr(Customer, key)).where(getattr(Customer, column) == mark).limit(1).scalar_subquery()
    others = select(Customer.id).where(
        getattr(Customer, key) == value, Customer.id.not_in(numbers), Customer.deleted_at.is_(None)
    )
    return session.scalar(others.limit(1)) is not None


def _contact(key: str) -> Contact:
    return Contact("email" if "@" in key else "phone" if key.startswith("+") else "wa_user", key)


def _hold_back_earlier(session: Session, before: set[Contact], numbers: list[int], now: datetime) -> None:
    """What they had once, unless it is somebody else's today: they may never have been more than a slip of the pen there."""
    marks = {("email_hash", mark) for mark in earlier.marks(session, numbers)}
    marks |= {(f"{contact.field}_hash", contact.mark) for contact in before}
    for column, mark in marks:
        if not _is_shared(session, column, mark, numbers):
            suppressions.suppress(session, CHANNEL_OF[column], mark, reason=REASON, now=now)
    theirs = {one.key for one in before if not _is_shared(session, f"{one.field}_hash", one.mark, numbers)}
    _throw_away_practice(session, theirs)


def _throw_away_practice(session: Session, addresses: Collection[str | None]) -> None:
    """Letters of the practice inbox hold the name and the address, its phones the number; so does a sign-up that nobody
    confirmed, and for a day the count of people reached by WhatsApp."""
    theirs = [address for address in addresses if address]
    session.execute(delete(SignUp).where(SignUp.email_key.in_(theirs)))
    session.execute(delete(PracticeMail).where(PracticeMail.recipient.in_(theirs)))
    session.execute(delete(PracticeMessage).where(PracticeMessage.number.in_(theirs)))
    session.execute(delete(WhatsAppReached).where(WhatsAppReached.address.in_(theirs)))


def _blank(session: Session, numbers: list[int], now: datetime) -> None:
    values: dict[str, Any] = {
        **BLANK, **NOTHING, "attrs": {}, "preferred_channel": "", "marketing_opt_out": True, "source": REASON,
        "created_at": now, "updated_at": now, "active_at": now, "deleted_at": now, "version": Customer.version + 1,
    }  # fmt: skip
    session.execute(_quietly(update(Customer).where(Customer.id.in_(numbers)).values(values)))


def _take_belongings(session: Session, numbers: list[int]) -> None:
    for model in (CustomerRecord, CustomerDate, CustomerTag, GroupMember, Preference):
        session.execute(_quietly(delete(model).where(model.customer_id.in_(numbers))))
    pairs = or_(DifferentPeople.first_id.in_(numbers), DifferentPeople.second_id.in_(numbers))
    session.execute(_quietly(delete(DifferentPeople).where(pairs)))
    emptied = update(ImportChange).where(ImportChange.customer_id.in_(numbers)).values(before={})
    session.execute(_quietly(emptied))


def _silence(session: Session, numbers: list[int]) -> None:
    """The audit log is only ever added to. What it said of somebody who is erased may be blanked: the database allows that."""
    about = or_(AuditEntry.action.startswith("customer."), AuditEntry.action.startswith("record."))
    blanking = update(AuditEntry).where(AuditEntry.subject_id.in_(numbers), about)
    session.execute(_quietly(blanking.values(before=null(), after=null())))


@contextmanager
def _overwriting(session: Session) -> Iterator[None]:
    """Words leave the search index for good, too: one by one where SQLite can do that, otherwise the index is written anew
    as soon as this is committed.
    """
    connection, can_forget_words = session.connection(), sqlite3.sqlite_version_info >= (3, 42)
    forget = "INSERT INTO customers_fts(customers_fts, rank) VALUES ('secure-delete', %d)"
    if not can_forget_words:  # said first, because the log is emptied after it
        event.listen(session, "after_commit", lambda _: write_words_anew("customers_fts"), once=True)
    with overwriting(session):
        if can_forget_words:
            connection.exec_driver_sql(forget % 1)
        yield
        if can_forget_words:
            connection.exec_driver_sql(forget % 0)


def _quietly(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
