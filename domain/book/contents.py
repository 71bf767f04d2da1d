"""What is in a file that somebody brings: whom or what it names, and which of its rows can't be taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.book import columns, statuses, table_file
from domain.book.imports import CUSTOMERS
from domain.book.incoming import Incoming, Shop, read_people
from domain.book.table_file import Table
from domain.shop import shop


@dataclass(slots=True)
class Contents:
    table: Table
    mapping: dict[str, str]
    kind: str  # customers, or the kind of its records
    country: str  # the shop's, by which telephone numbers were read
    problem: str = ""  # why nothing can be taken with these columns
    items: list[Incoming] = field(default_factory=list)  # in the order of the file, each person once
    rejected: list[tuple[int, str]] = field(default_factory=list)  # row as a spreadsheet counts, and why
    warnings: list[str] = field(default_factory=list)

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

    Without a mapping the columns are guessed. Raises a Refusal only when the file is no table at all.
    """
    table = table_file.read(raw, encoding)
    found = Contents(table, _chosen(mapping, table), kind, country or shop.read(session).country)
    if problem := columns.what_is_missing(found.mapping, table.headers):
        found.problem, found.warnings, found.rejected = problem, table.warnings, table.rejected
        return found
    reading = read_people(table, found.mapping, Shop(found.country, _statuses(session)), now)
    found.items, found.rejected, found.warnings = reading.people, reading.rejected, reading.warnings
    return found


def _chosen(mapping: Mapping[str, str | None] | None, table: Table) -> dict[str, str]:
    if mapping is not None:
        return columns.checked_mapping(mapping, table.headers)
    return columns.guess_mapping(table.headers) or _guessed_by_content(table)


def _guessed_by_content(table: Table) -> dict[str, str]:
    """A bare list of addresses needs no heading."""
    some = [cells for _, cells in table.rows[:20]]
    for place, header in enumerate(table.headers):
        filled = [cells[place].strip() for cells in some if cells[place].strip()]
        if filled and all(table_file.ADDRESS.fullmatch(cell) for cell in filled):
            return {header: "email"}
    return {}


def _statuses(session: Session) -> dict[str, str]:
    words = {status.label.casefold(): status.key for status in statuses.every(session)}
    return words | {key: key for key in statuses.keys(session)}
