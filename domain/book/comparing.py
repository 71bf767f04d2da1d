"""The people of a file beside the people of the book: who is new, who changes, and who stays as they are."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Text, and_, select, type_coerce
from sqlalchemy.orm import Session

from data.listed import listed
from data.prepared import plain
from domain.book import memory
from domain.book.groups import Group, GroupMember
from domain.book.incoming import Incoming, may_be_one, name_key
from domain.book.memory import Memory
from domain.book.message_types import EVERY_TYPE
from domain.book.person import Customer, CustomerDate, CustomerTag, Tag
from domain.book.preferences import Preference
from domain.book.tags import MOST_FOR_ONE

COMPARED: Final = (
    "first_name", "last_name", "company", "email", "email_key", "phone", "phone_key", "status", "language", "postcode",
    "preferred_channel", "timezone", "notes", "attrs",
)  # fmt: skip
BESIDE: Final = ("id", "version", "marketing_opt_out", "email_trouble")
AS_TEXT: Final = (
    "attrs",
    "updated_at",
)  # as they lie there: few have own fields, and a time is only compared
COLUMNS: Final = [
    *(Customer.__table__.c[name] for name in (*BESIDE, *COMPARED[:-1])),
    *(type_coerce(Customer.__table__.c[name], Text).label(name) for name in AS_TEXT),
]  # fmt: skip

DAY: Final = (
    CustomerDate.id, CustomerDate.customer_id, CustomerDate.kind, CustomerDate.month, CustomerDate.day, CustomerDate.year,
)  # fmt: skip


@dataclass(slots=True)
class Change:
    """One person of the book with what the file adds."""

    customer_id: int
    version: int  # as it is now
    before: dict[str, Any]  # all of COMPARED as they are
    columns: dict[str, Any]  # and as they shall be
    was_out: bool
    opts_out: bool  # they have not said no so far, and the file says so
    tags: dict[str, str]  # those they don't have yet
    groups: dict[str, str]  # those they are not in yet
    refuses: set[str]  # message types that they have not said no to so far
    days: list[tuple[Row[Any] | None, str, Any]]  # the row that is there, kind, day
    new_address: bool
    trouble_before: str | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody of the book whom the file names."""

    person: Incoming
    phone_key: str | None  # after this import
    was_out: bool


@dataclass(slots=True)
class Comparison:
    added: list[Incoming] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    remembered: dict[str, Memory] = field(
        default_factory=dict
    )  # by address, for new people and new addresses
    there: dict[int, Present] = field(default_factory=dict)  # who is in the book already, changed or not


def compare(
    session: Session, people: Sequence[Incoming], import_id: int = 0, began: datetime | None = None
) -> Comparison:
    """Whom the import itself has added is no part of the book: what a file does is not to depend on how it is cut up.

    Who was changed since it `began` was changed by a later hand, which the file only completes.
    """
    book = _Book(session, people, import_id)
    result = Comparison()
    same: dict[int, Incoming] = {}
    for person in people:
        there = book.find(person)
        if there is None:
            result.added.append(person)
        elif there.id in same:
            same[there.id].join(person)
        else:
            same[there.id] = person
    _spread_noes(book, same)
    _compare_details(session, book, same, result, plain(began) if began else "")
    result.remembered = _remembered(session, result)
    return result


def _spread_noes(book: "_Book", same: dict[int, Incoming]) -> None:
    """A no belongs to the mailbox: the others who read it want nothing more either."""
    for person in [one for one in same.values() if (one.opted_out or one.refused) and one.email_key]:
        for other in book.at_address(person):
            theirs = same.setdefault(other.id, Incoming(person.row))
            theirs.opted_out |= person.opted_out
            theirs.refused |= person.refused


class _Book:
    """The part of the customer book that a file may be about."""

    def __init__(self, session: Session, people: Sequence[Incoming], import_id: int) -> None:
        self._here = and_(Customer.deleted_at.is_(None), Customer.import_id.is_distinct_from(import_id))
        self.by_id: dict[int, Row[Any]] = {}
        self._by_email: dict[str, list[Row[Any]]] = {}
        self._by_phone: dict[str, list[Row[Any]]] = {}
        self._by_name: dict[tuple[str, ...], Row[Any]] = {}
        for row in self._rows(session, Customer.email_key, {person.email_key for person in people}):
            self._by_email.setdefault(row.email_key, []).append(row)
        strange = {person.phone_key for person in people if person.email_key not in self._by_email}
        for row in self._rows(session, Customer.phone_key, strange):
            self._by_phone.setdefault(row.phone_key, []).append(row)
        self._read_those_with_only_a_name(
            session, [person for person in people if not person.email_key and not person.phone_key]
        )

    def find(self, person: Incoming) -> Row[Any] | None:
        found = self._find(person)
        if found is not None:
            self.by_id[found.id] = found
        return found

    def at_address(self, person: Incoming) -> list[Row[Any]]:
        found = self._by_email.get(person.email_key or "", [])
        self.by_id |= {row.id: row for row in found}
        return found

    def _find(self, person: Incoming) -> Row[Any] | None:
        if person.email_key and (homes := self._by_email.get(person.email_key)):
            return next(
                (row for row in homes if name_key(row.first_name, row.last_name) == person.name), homes[0]
            )
        for row in self._by_phone.get(person.phone_key or "", ()):
            # A number alone joins nobody who has another address or another name: families share one.
            if not (person.email_key and row.email_key) and may_be_one(_name(row), person.name):
                return row
        if not person.email_key and not person.phone_key:
            return self._by_name.get((*person.name, person.columns.get("company", "").casefold()))
        return None

    def _read_those_with_only_a_name(self, session: Session, people: Sequence[Incoming]) -> None:
        lasts = spellings(person.columns.get("last_name", "") for person in people)
        firsts = spellings(
            person.columns.get("first_name", "") for person in people if not person.columns.get("last_name")
        )
        by_last = Customer.last_name.in_(listed(sorted(lasts - {""})))
        by_first = and_(Customer.last_name == "", Customer.first_name.in_(listed(sorted(firsts))))
        nowhere = and_(Customer.email_key.is_(None), Customer.phone_key.is_(None), self._here)
        for names in [by_last] * bool(lasts) + [by_first] * bool(firsts):
            for row in session.execute(select(*COLUMNS).where(names, nowhere).order_by(Customer.id)):
                self._by_name.setdefault((*_name(row), row.company.casefold()), row)

    def _rows(self, session: Session, column: Any, keys: set[str | None]) -> Iterable[Row[Any]]:
        if wanted := sorted(key for key in keys if key):
            rows = select(*COLUMNS).where(column.in_(listed(wanted)), self._here)
            yield from session.connection().execute(rows.order_by(Customer.id))


def spellings(names: Iterable[str]) -> set[str]:
    """An index knows only how a name is written; these are the ways in which names are."""
    return {way for name in names for way in (name, name.lower(), name.upper(), name.title())}


def _name(row: Row[Any]) -> tuple[str, str]:
    return name_key(row.first_name, row.last_name)


def _compare_details(
    session: Session, book: _Book, same: dict[int, Incoming], result: Comparison, began: str
) -> None:
    tagged = _tags_of(session, [number for number, person in same.items() if person.tags])
    listed = _groups_of(session, [number for number, person in same.items() if person.groups])
    dated = _days_of(session, [number for number, person in same.items() if person.days])
    refused = _refused_by(session, [number for number, person in same.items() if person.refused])
    for number, person in same.items():
        there = _There(
            tagged.get(number, set()),
            listed.get(number, set()),
            dated.get(number, {}),
            refused.get(number, set()),
        )
        row = book.by_id[number]
        is_later = bool(began) and row.updated_at > began
        change = _change(row, person, there, is_later)
        phone = change.columns["phone_key"] if change else row.phone_key
        result.there[number] = Present(person, phone, row.marketing_opt_out)
        if change:
            result.changed.append(change)
        else:
            result.unchanged += 1


@dataclass(frozen=True, slots=True)
class _There:
    """What somebody has beside their row."""

    tags: set[str]  # folded
    groups: set[str]  # folded
    days: dict[str, Row[Any]]  # by kind
    refused: set[str]  # message types


def _change(row: Row[Any], person: Incoming, there: _There, is_later: bool) -> Change | None:
    present = dict(zip(COMPARED, row[len(BESIDE) : -1], strict=True))
    present["attrs"] = {} if row.attrs in ("{}", None) else json.loads(row.attrs)
    wanted = _completed(present, person) if is_later else _wanted(present, person)
    new_tags = {key: name for key, name in person.tags.items() if key not in there.tags}
    new_tags = dict(list(new_tags.items())[: max(0, MOST_FOR_ONE - len(there.tags))])
    new_groups = {key: name for key, name in person.groups.items() if key not in there.groups}
    new_days = [
        (there.days.get(kind), kind, day)
        for kind, day in person.days.items()
        if not _same_day(there.days.get(kind), day) and not (is_later and kind in there.days)
    ]
    opts_out = person.opted_out and not row.marketing_opt_out
    refuses = person.refused - there.refused
    if wanted == present and not (new_tags or new_groups or new_days or opts_out or refuses):
        return None
    new_address = wanted["email_key"] != present["email_key"]
    trouble = None if new_address else row.email_trouble
    return Change(
        row.id, row.version, present, wanted, row.marketing_opt_out, opts_out, new_tags, new_groups, refuses, new_days,
        new_address, row.email_trouble, trouble,
    )  # fmt: skip


def _wanted(present: dict[str, Any], person: Incoming) -> dict[str, Any]:
    """Filled cells win over the book, but for notes (staff wrote them) and another spelling of the same address."""
    wanted = present | person.columns
    if present["notes"]:
        wanted["notes"] = present["notes"]
    for typed, key in (("email", "email_key"), ("phone", "phone_key")):
        if wanted[key] == present[key]:
            wanted[typed] = present[typed]
    wanted["attrs"] = {**present["attrs"], **person.columns.get("attrs", {})}
    return wanted


def _completed(present: dict[str, Any], person: Incoming) -> dict[str, Any]:
    """Only what is empty is filled."""
    wanted = present | {name: value for name, value in person.columns.items() if not present[name]}
    wanted["attrs"] = {**person.columns.get("attrs", {}), **present["attrs"]}
    return wanted


def _same_day(there: Row[Any] | None, day: Any) -> bool:
    """A day without its year says nothing against the year that is known."""
    if there is None or (there.month, there.day) != (day.month, day.day):
        return False
    return day.year is None or day.year == there.year


def _tags_of(session: Session, numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    rows = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id)
    for number, name in session.execute(rows.where(_among(CustomerTag.customer_id, numbers))):
        found.setdefault(number, set()).add(name.casefold())
    return found


def _groups_of(session: Session, numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    rows = select(GroupMember.customer_id, Group.name).join(Group, Group.id == GroupMember.group_id)
    for number, name in session.execute(rows.where(_among(GroupMember.customer_id, numbers))):
        found.setdefault(number, set()).add(name.casefold())
    return found


def _days_of(session: Session, numbers: Sequence[int]) -> dict[int, dict[str, Row[Any]]]:
    found: dict[int, dict[str, Row[Any]]] = {}
    rows: Any = select(*DAY).where(_among(CustomerDate.customer_id, numbers), CustomerDate.note == "")
    for day in session.execute(rows):
        found.setdefault(day.customer_id, {})[day.kind] = day
    return found


def _refused_by(session: Session, numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    said_no = Preference.channel == "email", Preference.allowed.is_(False)
    rows = select(Preference.customer_id, Preference.message_type).where(*said_no)
    for number, message_type in session.execute(rows.where(_among(Preference.customer_id, numbers))):
        found.setdefault(number, set()).add(str(message_type))
    return found


def _remembered(session: Session, result: Comparison) -> dict[str, Memory]:
    new = {person.email_key for person in result.added}
    new |= {change.columns["email_key"] for change in result.changed if change.new_address}
    return memory.of_addresses(session, sorted(key for key in new if key))


def opts_out_from_the_start(person: Incoming, remembered: Memory | None) -> bool:
    return person.opted_out or bool(remembered and EVERY_TYPE in remembered.refused)


def _among(column: Any, numbers: Sequence[int]) -> ColumnElement[bool]:
    among: ColumnElement[bool] = column.in_(listed(numbers))
    return among
