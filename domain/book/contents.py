"""What is in a file that somebody brings: whom or what it names, and which of its rows can't be taken."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.book import columns, own_fields, record_kinds, statuses, table_file
from domain.book.columns import CUSTOMERS
from domain.book.incoming import Reading, read_people
from domain.book.incoming_records import LONGEST_SOURCE, IncomingRecords, read_records
from domain.book.manner import Ambiguity
from domain.book.person_rows import Incoming, Shop
from domain.book.table_file import Table
from domain.refusal import Refusal
from domain.shop import shop
from domain.shop.money import currency_of


@dataclass(slots=True)
class Contents:
    table: Table
    mapping: dict[str, str]
    kind: str  # customers, or the kind of its records
    country: str  # the shop's, by which telephone numbers were read
    problem: str = ""  # why nothing can be taken with these columns
    items: list[Any] = field(default_factory=list)  # Incoming or IncomingRecord, in the order of the file
    rejected: list[tuple[int, str]] = field(default_factory=list)  # row as a spreadsheet counts, and why
    warnings: list[str] = field(default_factory=list)
    ambiguities: list[Ambiguity] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.table.rows) + len(self.table.rejected)


def read(
    session: Session,
    raw: bytes,
    *,
    kind: str = CUSTOMERS,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    options: Mapping[str, Any] | None = None,
    country: str | None = None,
    now: datetime,
) -> Contents:
    """The same bytes, choices and moment give the same items in the same order: a run that broke off counts on it.

    Without a mapping the columns are guessed. `options`: "sheet" of a workbook, and the answers to the ambiguities.
    Raises a Refusal only when the file is no table at all, or something was chosen that is not there.
    """
    options = options or {}
    if kind != CUSTOMERS:
        record_kinds.get(session, kind)
    table = table_file.read(raw, encoding, options.get("sheet"))
    about = _about(session, country)
    found = Contents(table, _chosen(session, mapping, table, kind), kind, about.country)
    if problem := columns.what_is_missing(found.mapping, table.headers, kind):
        found.problem, found.warnings, found.rejected = problem, table.warnings, table.rejected
        return found
    with no_search_for_rings():
        reading = _understood(table, found.mapping, kind, about, now, options)
    if isinstance(reading, Reading):
        _as_fields_hold_it(session, reading.people)
    found.items = reading.people if isinstance(reading, Reading) else _with_source(reading)
    found.rejected, found.warnings = reading.rejected, reading.warnings
    found.ambiguities = reading.ambiguities
    return found


@contextmanager
def no_search_for_rings() -> Iterator[None]:
    """Nothing that is read here hangs together in rings; looking for some in all of it, again and again, costs a quarter.

    The same holds for what is written from it, for as long as a unit of work takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chosen(
    session: Session, mapping: Mapping[str, str | None] | None, table: Table, kind: str
) -> dict[str, str]:
    if mapping is not None:
        return columns.checked_mapping(mapping, table.headers, kind)
    guessed = columns.guess_mapping(table.headers, kind)
    if kind == CUSTOMERS:
        labels = {field.label.casefold(): field.key for field in own_fields.every(session)}
        guessed |= columns.own_columns(table.headers, labels)
    return guessed or columns.guess_by_cells([cells for _, cells in table.rows[:20]], table.headers)


def _understood(
    table: Table, mapping: dict[str, str], kind: str, about: Shop, now: datetime, options: Mapping[str, Any]
) -> Reading | IncomingRecords:
    if kind == CUSTOMERS:
        return read_people(table, mapping, about, now, options)
    return read_records(table, mapping, kind, about, now, options)


def _as_fields_hold_it(session: Session, people: Sequence[Incoming]) -> None:
    """A number as a number, a choice as it is in the list; what does not fit stays as it was written."""
    fields = {field.key: field for field in own_fields.every(session)}
    if not fields:
        return
    for person in people:
        for key, value in person.columns.get("attrs", {}).items():
            if key in fields:
                with suppress(Refusal):
                    person.columns["attrs"][key] = own_fields.read(fields[key], value)


def _with_source(found: IncomingRecords) -> list[Any]:
    """Numbers of orders and of repairs begin at one each: where no program is named, each kind counts for itself."""
    for record in found.records:
        kind, source = record.columns["kind"], record.columns["source"]
        if source == "import" and kind != "order":
            record.columns["source"] = f"import {kind}"[:LONGEST_SOURCE]
    return found.records


def _about(session: Session, country: str | None) -> Shop:
    here = shop.read(session)
    country = country or here.country
    words = {status.label.casefold(): status.key for status in statuses.every(session)}
    words |= {key: key for key in statuses.keys(session)}
    labels = record_kinds.labels(session)
    kinds = {label.casefold(): key for key, label in labels.items()} | {key: key for key in labels}
    return Shop(country, words, here.timezone, currency_of(country), kinds)
