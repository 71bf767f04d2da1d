"""Bringing customers in from a file: look first, then take, with a reason for every row that was refused.

A small file is taken at once, in one unit of work. A large one is started here and then taken some at a time (taking.py),
by the worker whose turn it is (turns.py); how far it came is written in the same unit as what was taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.book import agreements, bookkeeping, contents, record_keeping
from domain.book.agreements import Told
from domain.book.columns import CUSTOMERS, guess_mapping
from domain.book.comparing import compare
from domain.book.contents import Contents
from domain.book.imports import RUNNING, Import
from domain.book.manner import Ambiguity
from domain.book.words import one_line
from domain.refusal import Refusal, invalid
from domain.shop import audit, shop
from domain.shop.people import Actor, Right

__all__ = ["Import", "Preview", "guess_mapping", "open_file", "preview", "start"]

SAMPLE_ROWS: Final = 5
KEPT_REASONS: Final = 2_000


@dataclass(slots=True)
class Preview:
    """What taking this file would do. Nothing was written."""

    file_name: str
    encoding: str
    delimiter: str
    headers: list[str]
    mapping: dict[str, str]
    sample: list[list[str]]
    rows: int = 0
    will_add: int = 0
    will_update: int = 0
    unchanged: int = 0
    will_opt_out: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)  # row as a spreadsheet counts, and why
    warnings: list[str] = field(default_factory=list)
    problem: str = ""  # why this file can't be taken with these columns
    kind: str = CUSTOMERS
    sheets: list[str] = field(default_factory=list)  # of a workbook
    sheet: str = ""  # the one that was read
    ambiguities: list[Ambiguity] = field(default_factory=list)  # to be asked
    whatsapp: Told = field(default_factory=Told)  # who agreed to messages there, and who wants none
    is_agreement_stated: bool = False  # when and how they did
    unknown: int = 0  # records of people whom the book does not know; refused, or added with them


def preview(
    session: Session,
    raw: bytes,
    file_name: str,
    *,
    kind: str = CUSTOMERS,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    options: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Preview:
    """Without a mapping the columns are guessed. Raises a Refusal only when the file is no table at all."""
    by.require(Right.EDIT_CUSTOMERS)
    found = contents.read(
        session, raw, kind=kind, mapping=mapping, encoding=encoding, options=options, now=now
    )
    table = found.table
    sample = [[cell[:80] for cell in cells] for _, cells in table.rows[:SAMPLE_ROWS]]
    seen = Preview(
        shown_name(file_name), table.encoding, table.delimiter, table.headers, found.mapping, sample
    )
    seen.rows, seen.warnings, seen.ambiguities = found.rows, found.warnings, found.ambiguities
    seen.kind, seen.sheets, seen.sheet = kind, table.sheets, table.sheet
    if found.problem:
        seen.problem = found.problem
    elif kind == CUSTOMERS:
        _look_at_people(session, seen, found, options, now)
    else:
        _look_at_records(session, seen, found, bool((options or {}).get("add_unknown")))
    return seen


def _look_at_people(
    session: Session, seen: Preview, found: Contents, options: Mapping[str, Any] | None, now: datetime
) -> None:
    comparison = compare(session, found.items)
    seen.will_add, seen.will_update = len(comparison.added), len(comparison.changed)
    seen.unchanged, seen.will_opt_out = comparison.unchanged, bookkeeping.count_opting_out(comparison)
    seen.rejected = found.rejected
    zone = shop.read(session).timezone
    basis = agreements.read_basis(options, zone=zone, now=now)
    first_new = bookkeeping.next_number(session)
    weighed = agreements.weigh(session, comparison, basis, zone=zone, first_new=first_new)
    seen.whatsapp, seen.is_agreement_stated = weighed.told, basis.is_stated
    besides = weighed.of_old() - {change.customer_id for change in comparison.changed}
    seen.will_update += len(besides)
    seen.unchanged -= len(besides & comparison.there.keys())


def _look_at_records(session: Session, seen: Preview, found: Contents, add_unknown: bool) -> None:
    records = record_keeping.compare(session, found.items, add_unknown=True)
    seen.unknown = len(records.of_new)
    if not add_unknown:
        reasons = record_keeping.compare(session, found.items, add_unknown=False).rejected
        records.rejected, records.of_new = reasons, []
    seen.will_add = len(records.added) + len(records.of_new)
    seen.will_update, seen.unchanged = len(records.changed), records.unchanged
    seen.rejected = sorted([*found.rejected, *records.rejected])


def open_file(
    session: Session,
    raw: bytes,
    *,
    kind: str = CUSTOMERS,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    options: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Contents:
    """Read for good, before anything is locked. Raises a Refusal where nothing of it could be taken."""
    by.require(Right.EDIT_CUSTOMERS)
    agreements.read_basis(options, zone=shop.read(session).timezone, now=now)
    found = contents.read(
        session, raw, kind=kind, mapping=mapping, encoding=encoding, options=options, now=now
    )
    if found.problem:
        raise Refusal("missing_columns", found.problem, headers=found.table.headers)
    return found


def start(
    session: Session,
    found: Contents,
    file_name: str,
    *,
    basis: str,
    options: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Import:
    """The import as a row, with nobody taken yet. `options` say how the file is to be read once more.

    `basis` is the shop's own reason why it may write to these people; it becomes part of each one's proof.
    """
    by.require(Right.EDIT_CUSTOMERS)
    reason = _basis(basis, found, options or {})
    asked = {"name": by.name, "role": str(by.role), "via": by.via, "address": by.address}
    entry = Import(
        file_name=shown_name(file_name),
        basis=reason,
        kind=found.kind,
        state=RUNNING,
        total=len(found.items),
        done=0,
        options={**(options or {}), "country": found.country, "by": asked},
        mapping=found.mapping,
        added=0,
        updated=0,
        unchanged=0,
        refused=len(found.rejected),
        rejected=[{"row": row, "reason": reason} for row, reason in found.rejected[:KEPT_REASONS]],
        outcome={},
        by_user_id=by.user_id,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    audit.write(
        session, "import.started", by=by, now=now, subject_id=entry.id, after={"file": entry.file_name}
    )
    return entry


def shown_name(file_name: str) -> str:
    """Without folders, which are nobody's business."""
    return one_line("file_name", file_name.replace("\\", "/").rpartition("/")[2][:200], 200) or "list.csv"


def _basis(basis: str, found: Contents, options: Mapping[str, Any]) -> str:
    reason = one_line("basis", basis, 200)
    adds_people = found.kind == CUSTOMERS or options.get("add_unknown")
    if not reason and adds_people and "email" in found.mapping.values():
        raise invalid(
            "basis",
            "Say why you may write to these people, for example: customers who signed up at the till.",
        )
    return reason
