"""Bringing customers in from a file: look first, then take, with a reason for every row that was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.book import bookkeeping, columns, statuses, table_file
from domain.book.columns import guess_mapping
from domain.book.comparing import Comparison, compare
from domain.book.incoming import Reading, Shop, read_people
from domain.book.table_file import Table
from domain.book.words import one_line
from domain.refusal import Refusal, invalid
from domain.shop import audit, shop
from domain.shop.people import Actor, Right

__all__ = ["Import", "Preview", "guess_mapping", "preview", "take"]

SAMPLE_ROWS: Final = 5
KEPT_REASONS: Final = 2_000


class Import(Base):
    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    basis: Mapped[str] = mapped_column(String(200), default="")  # why the shop may write to these people
    kind: Mapped[str] = mapped_column(
        String(30), default="customers", server_default="customers"
    )  # or a record kind
    state: Mapped[str] = mapped_column(
        String(10), default="done", server_default="done"
    )  # running, done, failed, undone
    total: Mapped[int] = mapped_column(default=0, server_default="0")  # rows of the file
    done: Mapped[int] = mapped_column(default=0, server_default="0")  # of them, how far it came
    options: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default="{}"
    )  # how the file is meant
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    added: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [{"row": 7, "reason": "..."}]
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


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


def preview(
    session: Session,
    raw: bytes,
    file_name: str,
    *,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    by: Actor,
    now: datetime,
) -> Preview:
    """Without a mapping the columns are guessed. Raises a Refusal only when the file is no table at all."""
    by.require(Right.EDIT_CUSTOMERS)
    table = table_file.read(raw, encoding)
    chosen = _chosen(mapping, table)
    sample = [[cell[:80] for cell in cells] for _, cells in table.rows[:SAMPLE_ROWS]]
    seen = Preview(_name(file_name), table.encoding, table.delimiter, table.headers, chosen, sample)
    seen.rows = len(table.rows) + len(table.rejected)
    if problem := columns.what_is_missing(chosen, table.headers):
        seen.problem, seen.warnings = problem, table.warnings
        return seen
    reading, comparison = _look(session, table, chosen, now)
    seen.will_add, seen.will_update = len(comparison.added), len(comparison.changed)
    seen.unchanged, seen.will_opt_out = comparison.unchanged, bookkeeping.count_opting_out(comparison)
    seen.rejected, seen.warnings = reading.rejected, reading.warnings
    return seen


def take(
    session: Session,
    raw: bytes,
    file_name: str,
    *,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    basis: str,
    by: Actor,
    now: datetime,
) -> Import:
    """Add and update; never subscribe anybody again (D8). One unit of work: a crash leaves nothing behind.

    `basis` is the shop's own reason why it may write to these people; it becomes part of each one's proof.
    """
    by.require(Right.EDIT_CUSTOMERS)
    table = table_file.read(raw, encoding)
    chosen = _chosen(mapping, table)
    if problem := columns.what_is_missing(chosen, table.headers):
        raise Refusal("missing_columns", problem, headers=table.headers)
    reason = _basis(basis, chosen)
    reading, comparison = _look(session, table, chosen, now)
    entry = _entry(session, _name(file_name), reason, chosen, reading, comparison, by, now)
    bookkeeping.write_down(session, comparison, entry.id, _name(file_name), reason, by=by, now=now)
    audit.write(session, "import.done", by=by, now=now, subject_id=entry.id, after=_summary(entry, reading))
    session.flush()
    return entry


def _chosen(mapping: Mapping[str, str | None] | None, table: Table) -> dict[str, str]:
    if mapping is not None:
        return columns.checked_mapping(mapping, table.headers)
    return guess_mapping(table.headers) or _guessed_by_content(table)


def _guessed_by_content(table: Table) -> dict[str, str]:
    """A bare list of addresses needs no heading."""
    some = [cells for _, cells in table.rows[:20]]
    for place, header in enumerate(table.headers):
        filled = [cells[place].strip() for cells in some if cells[place].strip()]
        if filled and all(table_file.ADDRESS.fullmatch(cell) for cell in filled):
            return {header: "email"}
    return {}


def _look(
    session: Session, table: Table, mapping: dict[str, str], now: datetime
) -> tuple[Reading, Comparison]:
    words = {status.label.casefold(): status.key for status in statuses.every(session)}
    words |= {key: key for key in statuses.keys(session)}
    reading = read_people(table, mapping, Shop(shop.read(session).country, words), now)
    return reading, compare(session, reading.people)


def _basis(basis: str, mapping: dict[str, str]) -> str:
    reason = one_line("basis", basis, 200)
    if not reason and "email" in mapping.values():
        raise invalid(
            "basis",
            "Say why you may write to these people, for example: customers who signed up at the till.",
        )
    return reason


def _entry(
    session: Session,
    file_name: str,
    basis: str,
    mapping: dict[str, str],
    reading: Reading,
    comparison: Comparison,
    by: Actor,
    now: datetime,
) -> Import:
    entry = Import(
        file_name=file_name,
        basis=basis,
        mapping=mapping,
        added=len(comparison.added),
        updated=len(comparison.changed),
        unchanged=comparison.unchanged,
        rejected=[{"row": row, "reason": reason} for row, reason in reading.rejected[:KEPT_REASONS]],
        by_user_id=by.user_id,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def _summary(entry: Import, reading: Reading) -> dict[str, Any]:
    return {
        "file": entry.file_name,
        "basis": entry.basis,
        "added": entry.added,
        "updated": entry.updated,
        "unchanged": entry.unchanged,
        "rejected": len(reading.rejected),
    }


def _name(file_name: str) -> str:
    """Without folders, which are nobody's business."""
    return one_line("file_name", file_name.replace("\\", "/").rpartition("/")[2][:200], 200) or "list.csv"
