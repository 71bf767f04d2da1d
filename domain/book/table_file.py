"""A file of rows as other programs write it: bytes in, headings and rows out, whatever its letters and separators. Pure."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import charset_normalizer

from domain.refusal import Kind, Refusal

MOST_BYTES, MOST_ROWS, LONGEST_CELL, MOST_COLUMNS = 20_000_000, 200_000, 1_000_000, 300
DELIMITERS: Final = (",", ";", "\t", "|")
SHOWN: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
# The longer marks first: UTF-32's begins like UTF-16's.
MARKS: Final = [
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF8, "utf-8-sig"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
]
OTHER_FILES: Final = [
    (b"PK\x03\x04", "This looks like an Excel workbook. Save it as CSV there, and bring that file."),
    (
        b"\xd0\xcf\x11\xe0",
        "This looks like an old Excel workbook. Save it as CSV there, and bring that file.",
    ),
    (b"%PDF", "This is a PDF, not a table. Export a CSV file from the program that keeps your list."),
]
LIKELY: Final = [
    "cp1252",
    "latin_1",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "mac_roman",
    "shift_jis",
    "gb18030",
]
ENCODINGS: Final = ("UTF-8", "UTF-16", *LIKELY)
WESTERN: Final = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŒŠŽ€£§°ºª¡«»‘’“”–—…•©®´½¼\xa0"
)
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

csv.field_size_limit(MOST_BYTES + 1)  # too long a cell costs its own row, see _sort_out; not the whole file


@dataclass(slots=True)
class Table:
    encoding: str
    delimiter: str
    headers: list[str]
    rows: list[tuple[int, list[str]]] = field(
        default_factory=list
    )  # row number as a spreadsheet counts; cells
    rejected: list[tuple[int, str]] = field(default_factory=list)
    misfits: dict[int, list[str]] = field(default_factory=dict)  # cells of rejected rows, to be corrected
    warnings: list[str] = field(default_factory=list)


def read(raw: bytes, encoding: str | None = None) -> Table:
    """Raises a Refusal for a file that is no table at all; single bad rows are listed in `rejected`.

    `encoding` is for a person who sees that the guess spoils the letters: one of ENCODINGS.
    """
    _refuse_other_files(raw)
    encoding, text = _decoded_as(encoding, raw) if encoding else _decoded(raw)
    text = text.replace("\x00", "")
    if not text.strip():
        raise Refusal("empty_file", "This file is empty.")
    named, text = _separator_line(text)
    delimiter = named or _delimiter(text)
    rows = _numbered(text, delimiter)
    number, first = next(rows, (0, []))
    if not first:
        raise Refusal("empty_file", "This file is empty.")
    if len(first) > MOST_COLUMNS:
        raise Refusal(
            "too_many_columns", f"This file has more than {MOST_COLUMNS} columns. Is it the right one?"
        )
    table = Table(encoding, delimiter, _headings(first))
    if any(ADDRESS.fullmatch(cell.strip()) for cell in first):
        table.headers = [f"Column {place + 1}" for place in range(len(first))]
        table.warnings.append("The first row already is a person, so the columns have no headings.")
        _sort_out(table, number, first)
    for number, cells in rows:
        _sort_out(table, number, cells)
    if text.count('"') % 2:
        table.warnings.append("A quote mark is opened and never closed. Rows after it may have run together.")
    return table


def _refuse_other_files(raw: bytes) -> None:
    if len(raw) > MOST_BYTES:
        most = MOST_BYTES // 1_000_000
        raise Refusal(
            "file_too_large", f"This file is larger than {most} MB. Split it into parts.", Kind.TOO_LARGE
        )
    for beginning, sentence in OTHER_FILES:
        if raw.startswith(beginning):
            raise Refusal("not_a_table", sentence)


def _decoded_as(encoding: str, raw: bytes) -> tuple[str, str]:
    if encoding not in ENCODINGS:
        raise Refusal("unknown_encoding", "Choose one of: " + ", ".join(ENCODINGS) + ".", Kind.MALFORMED)
    return encoding, raw.decode(encoding, "replace")


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return encoding.removesuffix("-sig").upper(), raw.decode(encoding, "replace")
    if wide := _without_mark(raw):
        return "UTF-16", raw.decode(wide, "replace")
    try:
        return "UTF-8", raw.decode()
    except UnicodeDecodeError:
        encoding = _guessed(raw)
        return encoding, raw.decode(encoding, "replace")


def _without_mark(raw: bytes) -> str | None:
    """UTF-16 that doesn't say so: every second byte of plain text is zero."""
    some = raw[:4000]
    if len(some) < 8:
        return None
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if some[first::2].count(0) > 0.4 * len(some) / 2 and some[1 - first :: 2].count(0) < 0.05 * len(some):
            return encoding
    return None


def _guessed(raw: bytes) -> str:
    """Lines that have unusual letters tell most; one look at all of a large file would take too long."""
    telling = b"\n".join(line for line in raw.splitlines() if not line.isascii())[:100_000]
    if _looks_western(telling.decode("cp1252", "replace")):
        return "cp1252"
    best = charset_normalizer.from_bytes(telling, cp_isolation=LIKELY).best()
    return best.encoding if best and best.encoding != "latin_1" else "cp1252"


def _looks_western(text: str) -> bool:
    """Accents stand between plain letters there; in other alphabets whole words are strange. By far the usual case."""
    strange = {letter for letter in text if not letter.isascii()}
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    foreign = [word for word in words if len(word) > 1 and not any(letter.isascii() for letter in word)]
    return strange <= WESTERN and len(foreign) * 5 <= len(words)


def _separator_line(text: str) -> tuple[str | None, str]:
    """Some programs begin with a line "sep=;"."""
    found = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    return (found[1], text[found.end() :]) if found and found[1] in DELIMITERS else (None, text)


def _delimiter(text: str) -> str:
    """The one that cuts most rows into the same number of cells, and that number above one."""
    some = text[:64_000]
    return max(DELIMITERS, key=lambda delimiter: _evenness(some, delimiter))


def _evenness(some: str, delimiter: str) -> tuple[float, int]:
    rows = [row for row in csv.reader(io.StringIO(some, newline=""), delimiter=delimiter) if row][:60]
    width, count = Counter(len(row) for row in rows).most_common(1)[0] if rows else (0, 0)
    heading = len(rows[0]) if rows else 0
    return (count / len(rows), width) if width > 1 and heading > 1 else (0.0, heading)


def _numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
        if any(cell and not cell.isspace() for cell in cells):
            yield number, cells


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


def _sort_out(table: Table, number: int, cells: list[str]) -> None:
    width = len(table.headers)
    if len(table.rows) >= MOST_ROWS:
        raise Refusal(
            "too_many_rows", f"This file has more than {MOST_ROWS:,} rows. Split it.", Kind.TOO_LARGE
        )
    if max(map(len, cells)) > LONGEST_CELL:
        table.rejected.append((number, "one cell is longer than 1 MB; perhaps a quote mark was never closed"))
    elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
        table.rejected.append((number, f"it has {len(cells)} cells, but there are {width} headings"))
        table.misfits[number] = cells
    else:
        table.rows.append((number, cells[:width] + [""] * (width - len(cells))))
