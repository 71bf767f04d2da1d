"""Whose a record of a file is: the customer with that address, else that number, else exactly that name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from data.listed import listed
from domain.book.comparing import spellings
from domain.book.person import Customer
from domain.book.person_rows import Incoming, may_be_one, name_key

COLUMNS: Final = (
    Customer.id, Customer.first_name, Customer.last_name, Customer.email_key, Customer.phone_key, Customer.active_at,
    Customer.import_id,
)  # fmt: skip
UNKNOWN: Final = "nobody in the book has this {what}"
SEVERAL: Final = "several customers have this {what}; add an email address to the row"


@dataclass(frozen=True, slots=True)
class Nobody:
    reason: str
    is_unknown: bool  # or several could be meant


class Owners:
    """The customers that some rows of a file may be about."""

    def __init__(self, session: Session, people: Sequence[Incoming]) -> None:
        self._by_email: dict[str, list[Row[Any]]] = {}
        self._by_phone: dict[str, list[Row[Any]]] = {}
        self._by_name: dict[tuple[str, str], list[Row[Any]]] = {}
        for row in _rows(session, Customer.email_key, (person.email_key for person in people)):
            self._by_email.setdefault(row.email_key, []).append(row)
        for row in _rows(session, Customer.phone_key, (person.phone_key for person in people)):
            self._by_phone.setdefault(row.phone_key, []).append(row)
        self._read_names(session, people)

    def of(self, person: Incoming) -> "Row[Any] | Nobody":
        if homes := self._by_email.get(person.email_key or ""):
            return next((row for row in homes if _name(row) == person.name), homes[0])
        if near := [row for row in self._by_phone.get(person.phone_key or "", ()) if _fits(row, person)]:
            return near[0] if len(near) == 1 else Nobody(SEVERAL.format(what="phone number"), False)
        if any(person.name):
            namesakes = [row for row in self._by_name.get(person.name, ()) if _agrees(row, person)]
            if len(namesakes) == 1:
                return namesakes[0]
            if namesakes:
                return Nobody(SEVERAL.format(what="name"), False)
        what = "email address" if person.email_key else "phone number" if person.phone_key else "name"
        return Nobody(UNKNOWN.format(what=what), True)

    def _read_names(self, session: Session, people: Sequence[Incoming]) -> None:
        named = [person for person in people if any(person.name) and person.email_key not in self._by_email]
        lasts = spellings(person.columns.get("last_name", "") for person in named)
        firsts = spellings(
            person.columns.get("first_name", "") for person in named if not person.columns.get("last_name")
        )
        by_last = Customer.last_name.in_(listed(sorted(lasts - {""})))
        by_first = and_(Customer.last_name == "", Customer.first_name.in_(listed(sorted(firsts))))
        wanted = [by_last] * bool(lasts) + [by_first] * bool(firsts)
        names = {person.name for person in named}
        for condition in wanted:
            for row in session.execute(_found(condition)):
                if _name(row) in names:
                    self._by_name.setdefault(_name(row), []).append(row)


def _rows(session: Session, column: Any, keys: Iterable[str | None]) -> Iterable[Row[Any]]:
    wanted = sorted({key for key in keys if key})
    yield from session.execute(_found(column.in_(listed(wanted)))) if wanted else ()


def _found(condition: ColumnElement[bool]) -> Any:
    return select(*COLUMNS).where(condition, Customer.deleted_at.is_(None)).order_by(Customer.id)


def _name(row: Row[Any]) -> tuple[str, str]:
    return name_key(row.first_name, row.last_name)


def _fits(row: Row[Any], person: Incoming) -> bool:
    return may_be_one(_name(row), person.name) and not (person.email_key and row.email_key)


def _agrees(row: Row[Any], person: Incoming) -> bool:
    """One name is not enough where address or number say that these are two people."""
    return not (person.email_key and row.email_key) and not (person.phone_key and row.phone_key)
