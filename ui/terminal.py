"""A list brought in from a terminal: what it would do, and what became of it, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from data.database import now, reading
from domain.book import agreeing, columns, importing
from domain.book.importing import Preview
from domain.book.imports import KEPT_FOR, Import
from domain.book.table_file import MOST_BYTES
from domain.refusal import Refusal
from domain.shop.people import Actor
from jobs import importing as jobs
from ui.words import counted, number

MOST_REASONS, MOST_WARNINGS = 100, 20
NOTHING_WRITTEN: Final = (
    'Nothing was written. To take this list, add --take and --basis "why you may write to them".'
)


@dataclass(frozen=True, slots=True)
class Wish:
    kind: str  # customers, or a kind of records
    options: Mapping[str, Any]  # how the file is meant
    take: bool
    basis: str = ""
    refused: Path | None = None  # where the rows go that are not taken


def bring(file: Path, wish: Wish, *, by: Actor) -> Iterator[str]:
    """Raises a Refusal where nothing can be taken, or where the taking broke off."""
    raw = _content(file)
    if wish.refused and wish.refused.exists():
        raise Refusal("exists", f"There is a file {wish.refused} already. Choose another name.")
    with reading() as session:
        seen = importing.preview(
            session, raw, file.name, kind=wish.kind, options=wish.options, by=by, now=now()
        )
    yield from _would_happen(seen)
    if seen.problem:
        raise Refusal("missing_columns", seen.problem)
    if wish.take:
        yield from _take(raw, file.name, wish, by)
    else:
        yield NOTHING_WRITTEN


def _take(raw: bytes, name: str, wish: Wish, by: Actor) -> Iterator[str]:
    begun = jobs.begin(raw, name, kind=wish.kind, options=wish.options, basis=wish.basis, by=by)
    entry = jobs.see_through(begun.id, by)
    yield from _became(entry)
    if rows := jobs.refused_file(entry):
        yield _hand_back(rows, wish.refused)
    if entry.error:
        raise Refusal("broke_off", entry.error)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)  # what is more is refused where it is read
    except OSError as problem:
        raise Refusal("unreadable", f"The list {file} can't be read ({problem.strerror}).") from None


def _hand_back(rows: bytes, file: Path | None) -> str:
    if file is None:
        return (
            "The refused rows can be downloaded on the page of this import; --refused FILE writes them down."
        )
    with suppress(OSError), file.open("xb") as opened:
        opened.write(rows)
        return f"The refused rows are in {file}, to be corrected and brought in again."
    return f"The refused rows could not be written to {file}; they are on the page of this import."


def _would_happen(seen: Preview) -> Iterator[str]:
    sheet = f", sheet {seen.sheet}" if seen.sheet else ""
    yield f"{seen.file_name}: {counted(seen.rows, 'row')}, {seen.encoding}{sheet}"
    known = columns.fields(seen.kind)
    for header in seen.headers:
        field = seen.mapping.get(header, "")
        yield f"  {header}: {known.get(field, field) or 'left out'}"
    if seen.problem:
        return
    yield (
        f"{number(seen.will_add)} would be added, {number(seen.will_update)} updated, "
        f"{number(seen.unchanged)} stay as they are, {counted(len(seen.rejected), 'row')} refused."
    )
    if seen.will_opt_out:
        yield f"{counted(seen.will_opt_out, 'person', 'people')} would be marked as opted out."
    yield from _agreements(seen)
    yield from _questions(seen)
    yield from _first(seen.warnings, MOST_WARNINGS)
    yield from _reasons(seen.rejected)


def _became(entry: Import) -> Iterator[str]:
    yield (
        f"{number(entry.added)} added, {number(entry.updated)} updated, {number(entry.unchanged)} as they were, "
        f"{counted(entry.refused, 'row')} refused."
    )
    if agreed := agreeing.told_of(entry).agreed:
        yield f"{counted(agreed, 'person', 'people')} opted in to WhatsApp."
    yield f"This is import {entry.id}; its page takes it back for {KEPT_FOR.days} days."


def _agreements(seen: Preview) -> Iterator[str]:
    told = seen.whatsapp
    if told.claimed and not seen.is_agreement_stated:
        yield f"{counted(told.claimed, 'person', 'people')} agreed to WhatsApp; nobody is opted in without --whatsapp-how."
    elif told.claimed:
        yield (
            f"{counted(told.agreed, 'person', 'people')} would be opted in to WhatsApp, {number(told.held)} said no before, "
            f"{number(told.nowhere)} without a number."
        )
    if told.refused:
        yield f"{counted(told.refused, 'person', 'people')} would be marked as wanting no WhatsApp."


def _questions(seen: Preview) -> Iterator[str]:
    for one in seen.ambiguities:
        ways = " or ".join(f"{made} (--{one.about} {answer})" for answer, made in one.readings)
        yield f"{one.column}: {one.sample} may be {ways}; read as {dict(one.readings)[one.assumed]}."
    if len(seen.sheets) > 1:
        yield f"The workbook has several sheets (--sheet): {', '.join(seen.sheets)}."
    if seen.unknown:
        yield f"{counted(seen.unknown, 'record')} of people whom the book does not know (--add-unknown adds them)."


def _reasons(rejected: Sequence[tuple[int, str]]) -> Iterator[str]:
    yield from _first([f"Row {row}: {reason}." for row, reason in rejected], MOST_REASONS)


def _first(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"And {number(len(lines) - most)} more."
