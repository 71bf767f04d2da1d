"""Writing many records down at once, for an import: whose each is, which are new, which change, and what stood there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from data.listed import listed
from data.prepared import plain
from domain.book import bookkeeping, categories, memory, staff
from domain.book.comparing import Comparison
from domain.book.imports import Import
from domain.book.incoming_records import IncomingRecord
from domain.book.person import Customer
from domain.book.person_rows import Incoming
from domain.book.record import CustomerRecord
from domain.book.whose import Nobody, Owners

FACTS: Final = (
    "kind", "title", "category", "staff", "mode", "starts_at", "ends_at", "status", "amount", "currency", "uses_left", "attrs",
)  # fmt: skip
BLANK: Final[dict[str, Any]] = dict.fromkeys(FACTS) | {
    "title": "", "category": "", "staff": "", "status": "done", "attrs": {},
}  # fmt: skip
COLUMNS: Final = [
    getattr(CustomerRecord, name) for name in ("id", "customer_id", "source", "external_id", *FACTS)
]
ADD: Final = bookkeeping.insert_into(
    "customer_records", f"customer_id, {', '.join(FACTS)}, source, external_id, import_id, created_at"
)
CHANGE: Final = (
    f"UPDATE customer_records SET {', '.join(f'{name} = ?' for name in FACTS)}, updated_at = ? WHERE id = ?"
)
FREE: Final = "UPDATE customer_records SET external_id = NULL WHERE id = ?"
ACT: Final = "UPDATE customers SET active_at = ? WHERE id = ?"
BEFORE: Final = bookkeeping.insert_into("import_changes", 'import_id, customer_id, record_id, what, "before"')
ELSEWHERE: Final = "the number {number} is in the book already, for something of another kind"
Key = tuple[Any, ...]


@dataclass(slots=True)
class RecordChange:
    there: Row[Any]
    facts: dict[str, Any]  # all of FACTS as they shall be


@dataclass(slots=True)
class Records:
    """Some records of a file beside the book. A customer is a number, or a place in `people`."""

    added: list[tuple[int, IncomingRecord]] = field(default_factory=list)  # customer
    of_new: list[tuple[int, IncomingRecord]] = field(default_factory=list)  # place in people
    people: list[Incoming] = field(default_factory=list)  # who are new, where that was asked for
    changed: list[RecordChange] = field(default_factory=list)
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    owners: dict[int, Row[Any]] = field(default_factory=dict)
    numbers_freed: list[int] = field(default_factory=list)  # of records that went with their deleted customer


def compare(
    session: Session, records: Sequence[IncomingRecord], *, add_unknown: bool, import_id: int = 0
) -> Records:
    found, met, known = Records(), _Met(), _Known(session, records)
    owners = Owners(session, [record.person for record in records])
    without_number: list[tuple[int, IncomingRecord]] = []
    for record in records:
        there, gone = known.of(record), known.gone(record)
        owner = None if there is not None else owners.of(record.person)
        if there is not None:
            _compare(found, there, record)
        elif isinstance(owner, Nobody) and owner.is_unknown and add_unknown:
            found.of_new.append((met.place(record.person, found.people), record))
        elif isinstance(owner, Nobody):
            found.rejected.append((record.row, owner.reason))
            continue
        elif owner is not None:
            found.owners[owner.id] = owner
            one = (owner.id, record)
            (found.added if record.columns.get("external_id") else without_number).append(one)
        if gone is not None:
            found.numbers_freed.append(gone)
    _compare_by_looks(session, found, without_number, import_id)
    return found


def write_down(session: Session, records: Records, entry: Import) -> None:
    first = _write_people(session, records, entry)
    everybody = [*records.added, *((first + place, record) for place, record in records.of_new)]
    keys = _words(session, [record.columns for _, record in everybody], records.changed)
    moment = plain(entry.created_at)
    rows = [
        (number, *_values(record.columns, keys), *_origin(record), entry.id, moment)
        for number, record in everybody
    ]
    many = {
        FREE: [(number,) for number in records.numbers_freed],
        ADD: rows,
        CHANGE: [(*_values(one.facts, keys), moment, one.there.id) for one in records.changed],
        BEFORE: [*_changes_before(records, entry, keys), *_acts_before(records, entry)],
        ACT: [(plain(at), number) for number, at in _acts(records, entry).items()],
    }
    for statement, values in many.items():
        if values:
            session.connection().exec_driver_sql(statement, values)
    session.expire_all()


class _Known:
    """Records of the book by the number that another program gave them.

    One whose customer was deleted stays with that card: whoever comes back has it anew, as their own.
    """

    def __init__(self, session: Session, records: Sequence[IncomingRecord]) -> None:
        self._rows: dict[Key, Any] = {}
        self._gone: dict[Key, int] = {}
        sources = {record.columns["source"] for record in records}
        numbers = {record.columns["external_id"] for record in records if record.columns.get("external_id")}
        rows: Any = select(*COLUMNS, Customer.deleted_at).join(
            Customer, Customer.id == CustomerRecord.customer_id
        )
        rows = rows.where(CustomerRecord.external_id.in_(listed(sorted(numbers))))
        for row in session.execute(rows.where(CustomerRecord.source.in_(sources))) if numbers else ():
            key = (row.source, row.external_id)
            if row.deleted_at is None:
                self._rows[key] = row
            else:
                self._gone[key] = row.id

    def of(self, record: IncomingRecord) -> Row[Any] | None:
        return self._rows.get(_number(record))

    def gone(self, record: IncomingRecord) -> int | None:
        return self._gone.get(_number(record))


def _number(record: IncomingRecord) -> Key:
    return record.columns["source"], record.columns.get("external_id")


class _Met:
    """People of these rows whom the book does not know: each once."""

    def __init__(self) -> None:
        self._places: dict[Key, int] = {}

    def place(self, person: Incoming, people: list[Incoming]) -> int:
        key = (person.email_key or person.phone_key or person.name,)
        if key not in self._places:
            self._places[key] = len(people)
            people.append(person)
        return self._places[key]


def _compare_by_looks(
    session: Session, found: Records, ones: Sequence[tuple[int, IncomingRecord]], import_id: int
) -> None:
    """Without a number, one that looks the same is the same; two such in one file stay two."""
    there: dict[Key, list[Row[Any]]] = {}
    others = and_(CustomerRecord.external_id.is_(None), CustomerRecord.import_id.is_distinct_from(import_id))
    owners = sorted({number for number, _ in ones})
    rows = select(*COLUMNS).where(CustomerRecord.customer_id.in_(listed(owners)), others)
    for row in session.execute(rows) if owners else ():
        there.setdefault((row.customer_id, *_looks(row._mapping)), []).append(row)
    for number, record in ones:
        alike = there.get((number, *_looks(record.columns)))
        if alike:
            _compare(found, alike.pop(0), record)
        else:
            found.added.append((number, record))


def _looks(facts: Any) -> Key:
    return facts["kind"], facts["starts_at"], facts.get("title") or ""


def _compare(found: Records, there: Row[Any], record: IncomingRecord) -> None:
    if there.kind != record.columns["kind"]:
        found.rejected.append((record.row, ELSEWHERE.format(number=record.columns["external_id"])))
        return
    present = {name: getattr(there, name) for name in FACTS}
    wanted = present | {name: value for name, value in record.columns.items() if name in FACTS}
    wanted["attrs"] = {**present["attrs"], **record.columns.get("attrs", {})}
    if wanted == present:
        found.unchanged += 1
    else:
        found.changed.append(RecordChange(there, wanted))


def _write_people(session: Session, records: Records, entry: Import) -> int:
    """Gives the number of the first; the others follow."""
    if not records.people:
        return 0
    addresses = sorted({person.email_key for person in records.people if person.email_key})
    known = memory.of_addresses(session, addresses)
    return bookkeeping.write_down(session, Comparison(added=records.people, remembered=known), entry)


def _words(
    session: Session, added: Sequence[dict[str, Any]], changed: Sequence[RecordChange]
) -> dict[tuple[str, str], str]:
    """Categories and staff as their lists know them; what is new joins them."""
    facts = [*added, *(one.facts for one in changed)]
    keys: dict[tuple[str, str], str] = {}
    for name, keys_of in (("category", categories.keys_of), ("staff", staff.keys_of)):
        found = keys_of(session, [one.get(name) or "" for one in facts])
        keys |= {(name, word): key for word, key in found.items()}
    return keys


def _values(facts: dict[str, Any], keys: dict[tuple[str, str], str]) -> list[Any]:
    """As they lie in the table, in the order of FACTS."""
    return [_stored(name, facts.get(name, BLANK[name]), keys) for name in FACTS]


def _stored(name: str, value: Any, keys: dict[tuple[str, str], str]) -> Any:
    if name == "attrs":
        return json.dumps(value)
    return plain(keys.get((name, value), value) if name in ("category", "staff") else value)


def _origin(record: IncomingRecord) -> tuple[str, str | None]:
    return record.columns["source"], record.columns.get("external_id")


def _changes_before(
    records: Records, entry: Import, keys: dict[tuple[str, str], str]
) -> list[tuple[Any, ...]]:
    rows = []
    for one in records.changed:
        facts = {}
        for name in FACTS:
            before, after = getattr(one.there, name), one.facts[name]
            after = keys.get((name, after), after) if name in ("category", "staff") else after
            if before != after:
                facts[name] = [_told(before), _told(after)]
        row = (entry.id, one.there.customer_id, one.there.id, "changed", json.dumps({"facts": facts}))
        rows.append(row)
    return rows


def _acts(records: Records, entry: Import) -> dict[int, datetime]:
    """The customer's own last act, where a record shows a later one: what is over or begun, and not cancelled."""
    latest: dict[int, datetime] = {}
    for number, record in records.added:
        at = record.columns["starts_at"]
        owner = records.owners[number]
        if record.columns["status"] != "cancelled" and owner.active_at < at <= entry.created_at:
            latest[number] = max(at, latest.get(number, at))
    return latest


def _acts_before(records: Records, entry: Import) -> list[tuple[Any, ...]]:
    """Whom this import itself has added goes as a whole, so there is nothing to put back."""
    rows = []
    for number, at in _acts(records, entry).items():
        owner = records.owners[number]
        if owner.import_id != entry.id:
            facts = {"active_at": [_told(owner.active_at), _told(at)]}
            rows.append((entry.id, number, None, "changed", json.dumps({"facts": facts})))
    return rows


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
