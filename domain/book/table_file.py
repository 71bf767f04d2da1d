"""A file of rows as other programs write it: bytes in, headings and rows out, whatever its letters and separators. Pure.

The rows are read from the bytes each time somebody goes through them, so that a large list never lies in memory twice.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from domain.book import workbook
from domain.book.letters import ENCODINGS, understood
from domain.refusal import Kind, Refusal

__all__ = [
    "ADDRESS",
    "ENCODINGS",
    "LONGEST_CELL",
    "MOST_BYTES",
    "MOST_ROWS",
    "Rows",
    "Table",
    "read",
    "too_large",
]

MOST_BYTES, MOST_ROWS, LONGEST_CELL, MOST_COLUMNS = 60_000_000, 300_000, 1_000_000, 300
GIVEN_UP_AT: Final = (
    8_000_000  # letters of one cell: here a quote mark was never closed, and the next line begins anew
)
DELIMITERS: Final = (",", ";", "\t", "|")
SHOWN: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
OTHER_FILES: Final = [
    (b"%PDF", "This is a PDF, not a table. Export a CSV file from the program that keeps your list."),
    (b"{\\rtf", "This is a text document, not a table. Save the list as CSV, and bring that file."),
    (b"\x1f\x8b", "This file is packed. Unpack it, and bring the list inside."),
    (b"Rar!", "This file is packed. Unpack it, and bring the list inside."),
    (b"7z\xbc\xaf", "This file is packed. Unpack it, and bring the list inside."),
]
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TOO_LONG: Final = "one cell is longer than 1 MB; perhaps a quote mark was never closed"

csv.field_size_limit(GIVEN_UP_AT)  # too long a cell costs its own row; not the whole file

Row = tuple[int, list[str]]  # row number as a spreadsheet counts; cells, as many as there are headings


class Rows:
    """The rows that can be taken, one after the other; `[:5]` gives the first ones."""

    def __init__(self, raw: bytes, codec: str, delimiter: str, width: int, after: int) -> None:
        self._raw, self._codec, self._delimiter = raw, codec, delimiter
        self._width, self._after = width, after
        self._unfit: set[int] = set()
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        width, after, unfit = self._width, self._after, self._unfit
        for number, cells in _numbered(self._raw, self._codec, self._delimiter):
            if number > after and number not in unfit:
                yield number, cells if len(cells) == width else _cut(cells, width)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, wanted: slice) -> list[Row]:
        return list(islice(self, wanted.start, wanted.stop, wanted.step))

    def sort_out(self) -> tuple[list[tuple[int, str]], dict[int, list[str]]]:
        """Goes through them once: how many there are; what is refused, and its cells where they may be corrected."""
        rejected: list[tuple[int, str]] = []
        misfits: dict[int, list[str]] = {}
        for number, cells in _numbered(self._raw, self._codec, self._delimiter):
            if number <= self._after:
                continue
            if reason := why_unfit(cells, self._width):
                rejected.append((number, reason))
                self._unfit.add(number)
                if reason != TOO_LONG:
                    misfits[number] = cells
            else:
                self.count += 1
            if self.count + len(rejected) > MOST_ROWS:
                most = f"{MOST_ROWS:,}"
                raise Refusal(
                    "too_many_rows", f"This file has more than {most} rows. Split it.", Kind.TOO_LARGE
                )
        return rejected, misfits


@dataclass(slots=True)
class Table:
    encoding: str
    delimiter: str
    headers: list[str]
    rows: Rows
    rejected: list[tuple[int, str]] = field(default_factory=list)
    misfits: dict[int, list[str]] = field(default_factory=dict)  # cells of rejected rows, to be corrected
    warnings: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)  # of a workbook
    sheet: str = ""  # the one that was read


def read(raw: bytes, encoding: str | None = None, sheet: str | None = None) -> Table:
    """Raises a Refusal for a file that is no table at all; single bad rows are listed in `rejected`.

    `encoding` is for a person who sees that the guess spoils the letters, `sheet` for a workbook with several.
    """
    _refuse_other_files(raw)
    if workbook.is_one(raw):
        return _of_workbook(raw, sheet)
    shown, codec, raw = understood(raw, encoding)
    if not raw.strip():
        raise Refusal("empty_file", "This file is empty.")
    named, raw = _separator_line(raw)
    delimiter = named or _delimiter(raw[:64_000].decode(codec, "replace"))
    return _table(raw, shown, codec, delimiter)


def too_large() -> Refusal:
    most = MOST_BYTES // 1_000_000
    return Refusal(
        "file_too_large", f"This file is larger than {most} MB. Split it into parts.", Kind.TOO_LARGE
    )


def _of_workbook(raw: bytes, sheet: str | None) -> Table:
    opened = workbook.unpack(raw, sheet)
    table = _table(opened.csv, "UTF-8", "utf-8", ",")
    table.sheets, table.sheet = opened.sheets, opened.sheet
    table.warnings += opened.warnings
    return table


def _table(raw: bytes, shown: str, codec: str, delimiter: str) -> Table:
    number, first = next(_numbered(raw, codec, delimiter), (0, []))
    if not first:
        raise Refusal("empty_file", "This file is empty.")
    if len(first) > MOST_COLUMNS:
        raise Refusal(
            "too_many_columns", f"This file has more than {MOST_COLUMNS} columns. Is it the right one?"
        )
    headers, warnings = _headings(first), []
    if any(len(cell) <= 320 and ADDRESS.fullmatch(cell.strip()) for cell in first):
        headers, number = [f"Column {place + 1}" for place in range(len(first))], number - 1
        warnings.append("The first row already is a person, so the columns have no headings.")
    rows = Rows(raw, codec, delimiter, len(headers), number)
    rejected, misfits = rows.sort_out()
    if raw.count(b'"') % 2:
        warnings.append("A quote mark is opened and never closed. Rows after it may have run together.")
    return Table(shown, delimiter, headers, rows, rejected, misfits, warnings)


def _refuse_other_files(raw: bytes) -> None:
    if len(raw) > MOST_BYTES:
        raise too_large()
    for beginning, sentence in OTHER_FILES:
        if raw.startswith(beginning):
            raise Refusal("not_a_table", sentence)


def _separator_line(raw: bytes) -> tuple[str | None, bytes]:
    """Some programs begin with a line "sep=;"."""
    found = re.match(rb"sep=(.)\r?\n", raw, re.IGNORECASE)
    named = found[1].decode("ascii", "replace") if found else ""
    return (named, raw[found.end() :]) if found and named in DELIMITERS else (None, raw)


def _delimiter(some: str) -> str:
    """The one that cuts most rows into the same number of cells, and that number above one."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(some, delimiter))


def _evenness(some: str, delimiter: str) -> tuple[float, int]:
    rows = [row for row in csv.reader(io.StringIO(some, newline=""), delimiter=delimiter) if row][:60]
    width, count = Counter(len(row) for row in rows).most_common(1)[0] if rows else (0, 0)
    heading = len(rows[0]) if rows else 0
    return (count / len(rows), width) if width > 1 and heading > 1 else (0.0, heading)


def _numbered(raw: bytes, codec: str, delimiter: str) -> Iterator[Row]:
    """Rows that say something. One whose quote mark was never closed comes as a single cell that is too long."""
    lines = io.TextIOWrapper(io.BytesIO(raw), codec, "replace", newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    while True:
        try:
            for number, cells in enumerate(reader, start=number + 1):  # noqa: B020 -- goes on after a bad row
                if "".join(cells).strip():
                    yield number, cells
            return
        except csv.Error:
            number += 1
            yield number, ["x" * (LONGEST_CELL + 1)]


def why_unfit(cells: list[str], width: int) -> str:
    if sum(map(len, cells)) > LONGEST_CELL and max(map(len, cells)) > LONGEST_CELL:
        return TOO_LONG
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return f"it has {len(cells)} cells, but there are {width} headings"
    return ""


def _cut(cells: list[str], width: int) -> list[str]:
    missing = width - len(cells)
    return cells if not missing else cells[:width] + [""] * missing


def _headings(cells: list[str]) -> list[str]:
    """Each a name of its own: an empty one by its place, a repeated one with a number."""
    seen: Counter[str] = Counter()
    headings = []
    for place, cell in enumerate(_without_empty_end(cells)):
        name = " ".join(cell.split())[:80] or f"Column {place + 1}"
        seen[name.casefold()] += 1
        times = seen[name.casefold()]
        headings.append(name if times == 1 else f"{name} ({times})")
    return headings


def _without_empty_end(cells: list[str]) -> list[str]:
    end = len(cells)
    while end > 1 and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
