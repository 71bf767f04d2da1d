"""Addresses and numbers somebody had before. No card names them any more, but the log of changes does, and what imports changed.

Who is forgotten is not written to there either. And somebody who names an address that was only ever another one's mistake
gets it taken out of that one's history, without a card being lost.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Text, cast, null, or_, select, update
from sqlalchemy.orm import Session

from domain.book.contact import read_email, read_phone
from domain.book.imports import ImportChange
from domain.book.proof import Consent
from domain.book.suppressions import fingerprint
from domain.book.whatsapp_numbers import USER_ID
from domain.book.words import one_line
from domain.refusal import Refusal
from domain.shop import shop
from domain.shop.audit import AuditEntry

FIELDS: Final = ("email", "phone")
_IS_ABOUT_SOMEBODY: Final = AuditEntry.action.startswith("customer.")


@dataclass(frozen=True, slots=True)
class Contact:
    field: str  # email, phone, or wa_user: the id somebody has on WhatsApp
    key: str  # as `customers` keeps it to be compared

    @property
    def mark(self) -> str:
        return fingerprint(self.key)

    @property
    def column(self) -> str:
        return "wa_user_id" if self.field == "wa_user" else f"{self.field}_key"

    @property
    def sign(self) -> str:
        """What a text that names it holds for certain, however it was typed: a number only that it is one."""
        if self.field == "wa_user":
            return self.key
        return f"{self.key.rpartition('@')[0]}@" if self.field == "email" else '"phone"'


def read(session: Session, typed: str) -> Contact:
    """Raises Refusal for what is neither an address nor a number, nor an id of WhatsApp."""
    text = one_line("address", typed, 320)
    if USER_ID.fullmatch(text):
        return Contact("wa_user", text)
    if "@" in text:
        return Contact("email", read_email(text).key)
    return Contact("phone", read_phone(text, shop.read(session).country).key)


def of(session: Session, numbers: Collection[int]) -> set[Contact]:
    """What the log and the imports tell of these customers: what they have, and what they had."""
    log = select(AuditEntry.before, AuditEntry.after).where(
        AuditEntry.subject_id.in_(numbers), _IS_ABOUT_SOMEBODY
    )
    imported = select(ImportChange.before).where(ImportChange.customer_id.in_(numbers))
    country = shop.read(session).country
    told = [*session.execute(log), *session.execute(imported)]
    return {contact for row in told for contact in _named(list(row), country)}


def marks(session: Session, numbers: Collection[int]) -> set[str]:
    """Hashes of the email addresses under which they said what they wish."""
    mine = Consent.customer_id.in_(numbers), Consent.address_hash.is_not(None)
    return {str(mark) for mark in session.scalars(select(Consent.address_hash).where(*mine).distinct())}


def holders(session: Session, contact: Contact) -> set[int]:
    """Customers whose history names it; or whose card does, if it says so there too."""
    country = shop.read(session).country
    entries = [number for _, number, _ in _entries(session, contact, country)]
    changes = [change.customer_id for change in _changes(session, contact, country)]
    return {number for number in (*entries, *changes) if number}


def silence(session: Session, contact: Contact) -> None:
    """What names it goes from the log, which keeps who did what and when, and from what an import can be taken back to."""
    country = shop.read(session).country
    blanked = [entry for entry, _, _ in _entries(session, contact, country)]
    emptying = update(AuditEntry).where(AuditEntry.id.in_(blanked)).values(before=null(), after=null())
    session.execute(emptying.execution_options(synchronize_session=False))
    for change in _changes(session, contact, country):
        facts = {
            name: value
            for name, value in change.before.get("facts", {}).items()
            if contact not in set(_named({name: value}, country))
        }
        change.before = {**change.before, "facts": facts}
    session.flush()


def _entries(session: Session, contact: Contact, country: str) -> list[tuple[int, int | None, Any]]:
    """Entries of the log that name it: their number, whom they are about, and what they say."""
    says = or_(
        cast(AuditEntry.before, Text).icontains(contact.sign, autoescape=True),
        cast(AuditEntry.after, Text).icontains(contact.sign, autoescape=True),
    )
    rows = select(AuditEntry.id, AuditEntry.subject_id, AuditEntry.before, AuditEntry.after)
    found = [
        (number, subject, [before, after])
        for number, subject, before, after in session.execute(rows.where(_IS_ABOUT_SOMEBODY, says))
    ]
    return [one for one in found if contact in set(_named(one[2], country))]


def _changes(session: Session, contact: Contact, country: str) -> list[ImportChange]:
    says = cast(ImportChange.before, Text).icontains(contact.sign, autoescape=True)
    found = session.scalars(select(ImportChange).where(says)).all()
    return [change for change in found if contact in set(_named(change.before, country))]


def _named(told: Any, country: str, field: str = "") -> Iterator[Contact]:
    """Everything that stands under "email" or "phone", however deep."""
    if isinstance(told, dict):
        for name, inner in told.items():
            yield from _named(inner, country, name if name in FIELDS else "")
    elif isinstance(told, list):
        for inner in told:
            yield from _named(inner, country, field)
    elif field and isinstance(told, str) and told:
        try:
            yield Contact(field, read_email(told).key if field == "email" else read_phone(told, country).key)
        except Refusal:
            return
