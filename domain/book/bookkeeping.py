"""Writing many people down at once, for an import: few statements, whatever their number, and what stood there before."""

import json
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.bulk import Bulk
from data.prepared import plain
from domain.book import groups, statuses, tags
from domain.book.comparing import Change, Comparison, opts_out_from_the_start
from domain.book.imports import ADDED, CHANGED, Import, asker
from domain.book.incoming import Incoming
from domain.book.memory import CARRIED_OVER, Memory
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.search import INDEXED
from domain.book.suppressions import fingerprint

Row = tuple[Any, ...]
FACTS: Final = (
    "first_name", "last_name", "company", "email", "email_key", "phone", "phone_key", "status", "language", "postcode",
    "preferred_channel", "timezone", "notes",
)  # fmt: skip
BLANK: Final = dict.fromkeys(FACTS, "") | {"email_key": None, "phone_key": None}
in_order = itemgetter(*FACTS)
FOUND_BY: Final = frozenset(INDEXED)


def insert_into(table: str, columns: str, conflict: str = "") -> str:
    """For the driver: a mark for each column."""
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}){conflict}"


def _update(name: str, facts: tuple[str, ...]) -> Bulk:
    """Opting out is only ever added."""
    columns = (*facts, "email_hash", "phone_hash", "email_trouble", "attrs", "updated_at")
    values = "".join(f"{column} = fresh.{column}, " for column in columns)
    return Bulk(
        name,
        (*columns, "opts_out", "the_id"),
        f"UPDATE customers SET {values}marketing_opt_out = marketing_opt_out OR fresh.opts_out, version = version + 1 "
        f"FROM temp.{name} AS fresh WHERE customers.id = fresh.the_id",
    )


PROVEN: Final = "customer_id, address_hash, channel, message_type, allowed, at, how, source, wording, by_name, by_user_id, address"
COLUMNS: Final = ("id", *FACTS, "email_hash", "phone_hash", "email_trouble", "attrs", "marketing_opt_out")
_columns = ", ".join(COLUMNS)
ADD: Final = Bulk(
    "people_to_add",
    ("id INTEGER PRIMARY KEY", *COLUMNS[1:], "said_no"),
    f"INSERT INTO customers ({_columns}, source, import_id, created_at, updated_at, active_at, version) "
    f"SELECT {_columns}, 'import', ?1, ?2, ?2, ?2, 1 FROM temp.people_to_add ORDER BY id",
    f"INSERT INTO consents ({PROVEN}) SELECT id, email_hash, 'email', '{EVERY_TYPE}', NOT said_no, ?1, 'import', ?2, ?3, "
    "?4, ?5, '' FROM temp.people_to_add WHERE email_hash IS NOT NULL OR said_no ORDER BY id",
)
UNSEARCHED: Final = tuple(name for name in FACTS if name not in FOUND_BY)
CHANGE: Final = _update("people_to_change", FACTS)
CHANGE_UNSEARCHED: Final = _update("people_to_fill", UNSEARCHED)  # leaves the word index alone
# As text for the driver, with plain tuples: building each row's values anew costs more than SQLite takes to write them.
DATE: Final = insert_into("customer_dates", "customer_id, kind, month, day, year, note")
NEW_DAY: Final = "UPDATE customer_dates SET month = ?, day = ?, year = ? WHERE id = ?"
TAG: Final = insert_into("customer_tags", "customer_id, tag_id", " ON CONFLICT DO NOTHING")
MEMBER: Final = insert_into("group_members", "group_id, customer_id", " ON CONFLICT DO NOTHING")
PROOF: Final = insert_into("consents", PROVEN)
NO: Final = insert_into(
    "preferences",
    "customer_id, channel, message_type, allowed, changed_at",
    " ON CONFLICT (customer_id, channel, message_type) DO UPDATE SET allowed = excluded.allowed",
)
BEFORE: Final = insert_into("import_changes", 'import_id, customer_id, what, "before", version')


class _Words:
    """Tags or groups, gathered by the set: most people of a list have one of a few."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # folded -> as written
        self._who: dict[tuple[str, ...], list[int]] = {}  # folded names -> customers

    def give(self, customer_id: int, names: dict[str, str]) -> None:
        keys = tuple(names)
        if (known := self._who.get(keys)) is not None:
            known.append(customer_id)
        elif keys:
            self._who[keys] = [customer_id]
            for key, name in names.items():
                self.names.setdefault(key, name)

    def pairs(self, numbers: dict[str, int]) -> list[tuple[int, int]]:
        """Customer and number of the word. `numbers`: by folded name."""
        return [(one, numbers[key]) for keys, who in self._who.items() for one in who for key in keys]


class _Sheets:
    """The rows to be written, table by table, gathered before the first is."""

    def __init__(self, entry: Import) -> None:
        self.entry = entry
        self.now = plain(entry.created_at)
        self.customers: list[Row] = []
        self.changes: dict[Bulk, list[Row]] = {CHANGE: [], CHANGE_UNSEARCHED: []}
        self.dates: list[Row] = []
        self.new_days: list[Row] = []  # of dates that are there
        self.proofs: list[Row] = []
        self.noes: list[Row] = []
        self.tags, self.groups = _Words(), _Words()
        self.before: list[
            tuple[int, str, dict[str, Any], int]
        ] = []  # customer, what was done, before, version

    def date(self, customer_id: int, kind: str, day: Any) -> None:
        self.dates.append((customer_id, kind, day.month, day.day, day.year, ""))

    def proof(self, customer_id: int, address_hash: str | None, allowed: bool) -> None:
        self._line(customer_id, address_hash, EVERY_TYPE, allowed, self.entry.file_name, self.entry.basis)

    def refuse(self, customer_id: int, address_hash: str | None, words: set[str]) -> None:
        """A no of the file to one type of message."""
        for word in sorted(words):
            self._no(customer_id, word)
            self._line(customer_id, address_hash, word, False, self.entry.file_name, self.entry.basis)

    def remember(self, customer_id: int, address_hash: str | None, known: Memory | None, out: bool) -> None:
        """A no from before counts on; a global one is on the customer already."""
        for word in sorted(known.refused) if known else ():
            if word != EVERY_TYPE:
                self._no(customer_id, word)
            if word != EVERY_TYPE or out:
                self._line(customer_id, address_hash, word, False, CARRIED_OVER, "")

    def _no(self, customer_id: int, message_type: str) -> None:
        self.noes.append((customer_id, "email", str(MessageType(message_type)), False, self.now))

    def _line(
        self, customer_id: int, address_hash: str | None, word: str, allowed: bool, source: str, wording: str
    ) -> None:
        by = (self.entry.asked_by.get("name", ""), self.entry.by_user_id, "")
        self.proofs.append(
            (customer_id, address_hash, "email", word, allowed, self.now, "import", source, wording, *by)
        )


def write_down(session: Session, comparison: Comparison, entry: Import) -> int:
    """Inside a unit that writes: nobody else can take the same customer numbers meanwhile. Gives the first new one."""
    sheets = _Sheets(entry)
    first = next_number(session)
    _gather_new(session, sheets, comparison, first)
    for change in comparison.changed:
        _gather_change(sheets, change, comparison.remembered.get(change.columns["email_key"] or ""))
    session.flush()
    _write(session, sheets)
    session.expire_all()
    return first


def next_number(session: Session) -> int:
    """Of the next customer who is added, where nobody else writes."""
    return (session.scalar(select(func.max(Customer.id))) or 0) + 1


def count_opting_out(comparison: Comparison) -> int:
    new = (person for person in comparison.added if person.opted_out)
    return sum(1 for _ in new) + sum(change.opts_out for change in comparison.changed)


def _gather_new(session: Session, sheets: _Sheets, comparison: Comparison, first: int) -> None:
    blank = BLANK | {"status": statuses.first(session)}
    remembered = comparison.remembered
    for number, person in enumerate(comparison.added, start=first):
        known = remembered.get(person.columns.get("email_key") or "") if remembered else None
        _gather_person(sheets, number, person, known, blank)


def _gather_person(
    sheets: _Sheets, number: int, person: Incoming, known: Memory | None, blank: dict[str, Any]
) -> None:
    out = opts_out_from_the_start(person, known)
    facts = blank | person.columns
    address_hash, phone_hash = _hash(facts["email_key"]), _hash(facts["phone_key"])
    trouble = known.trouble if known else None
    rest = (address_hash, phone_hash, trouble, _json(facts.get("attrs")), out, person.opted_out)
    sheets.customers.append((number, *in_order(facts), *rest))
    if person.tags:
        sheets.tags.give(number, person.tags)
    if person.groups:
        sheets.groups.give(number, person.groups)
        sheets.before.append((number, ADDED, {"groups": list(person.groups)}, 1))
    for kind, day in person.days.items():
        sheets.date(number, kind, day)
    if person.refused:
        sheets.refuse(number, address_hash, person.refused)
    if known:
        sheets.remember(number, address_hash, known, out)


def _gather_change(sheets: _Sheets, change: Change, remembered: Memory | None) -> None:
    number, known = change.customer_id, remembered if change.new_address else None
    out = change.opts_out or bool(known and EVERY_TYPE in known.refused)
    trouble = known.trouble if known else change.trouble
    address_hash = _hash(change.columns["email_key"])
    is_searched = any(change.before[name] != change.columns[name] for name in FOUND_BY)
    statement, names = (CHANGE, FACTS) if is_searched else (CHANGE_UNSEARCHED, UNSEARCHED)
    rest = (address_hash, _hash(change.columns["phone_key"]), trouble, _json(change.columns["attrs"]))
    values = [change.columns[name] for name in names]
    sheets.changes[statement].append((*values, *rest, sheets.now, out, number))
    sheets.before.append((number, CHANGED, _what_changes(change, trouble, out), change.version + 1))
    sheets.tags.give(number, change.tags)
    sheets.groups.give(number, change.groups)
    for there, kind, day in change.days:
        if there is None:
            sheets.date(number, kind, day)
        else:
            sheets.new_days.append((day.month, day.day, day.year, there.id))
    if change.opts_out:
        sheets.proof(number, address_hash, False)
    sheets.refuse(number, address_hash, change.refuses)
    sheets.remember(number, address_hash, known, out)


def _what_changes(change: Change, trouble: str | None, out: bool) -> dict[str, Any]:
    """For undoing: of each thing what stood there and what stands there now. Tags get their numbers when written."""
    before, after = change.before, change.columns
    told: dict[str, Any] = {
        "facts": {name: [before[name], after[name]] for name in FACTS if before[name] != after[name]},
        "attrs": {
            key: [before["attrs"].get(key), value]
            for key, value in after["attrs"].items()
            if before["attrs"].get(key) != value
        },
        "tags": list(change.tags),
        "groups": list(change.groups),
        "dates": [
            [kind, [there.month, there.day, there.year] if there else None, [day.month, day.day, day.year]]
            for there, kind, day in change.days
        ],
        "out": out and not change.was_out,
    }
    if change.new_address:
        told["trouble"] = change.trouble_before
    return {name: value for name, value in told.items() if value}


def _hash(key: str | None) -> str | None:
    return fingerprint(key) if key else None


def _json(attrs: dict[str, Any] | None) -> str:
    return json.dumps(attrs) if attrs else "{}"


def _write(session: Session, sheets: _Sheets) -> None:
    known = {tag.name.casefold(): tag.id for tag in tags.named(session, sheets.tags.names.values())}
    lists = _groups(session, sheets)
    entry = sheets.entry
    proof = (sheets.now, entry.file_name, entry.basis, entry.asked_by.get("name", ""), entry.by_user_id)
    ADD.run(session, sheets.customers, (entry.id, sheets.now), proof)
    for bulk, rows in sheets.changes.items():
        bulk.run(session, rows)
    many = {
        DATE: sheets.dates,
        NEW_DAY: sheets.new_days,
        TAG: sheets.tags.pairs(known),
        MEMBER: [(group, number) for number, group in sheets.groups.pairs(lists)],
        PROOF: sheets.proofs,
        NO: sheets.noes,
        BEFORE: [_before(sheets.entry.id, known, lists, *one) for one in sheets.before],
    }
    connection = session.connection()
    for statement, values in many.items():
        if values:
            connection.exec_driver_sql(statement, values)


def _groups(session: Session, sheets: _Sheets) -> dict[str, int]:
    if not sheets.groups.names:
        return {}
    made = groups.named(
        session, sheets.groups.names.values(), by=asker(sheets.entry), now=sheets.entry.created_at
    )
    return {name.casefold(): number for name, number in made.items()}


def _before(
    import_id: int,
    tag_ids: dict[str, int],
    group_ids: dict[str, int],
    customer_id: int,
    what: str,
    told: dict[str, Any],
    version: int,
) -> Row:
    numbers = {
        name: [ids[key] for key in told[name]]
        for name, ids in (("tags", tag_ids), ("groups", group_ids))
        if name in told
    }
    return (import_id, customer_id, what, json.dumps(told | numbers), version)
