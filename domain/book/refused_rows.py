"""The rows of a file that were not taken, as a file of their own: to be corrected and brought in again. Pure."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Final

from domain.book import table_file

ROW, WHY = "Row", "Why it was refused"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER: Final = re.compile(r"[+-]?[0-9 ()./,-]+")  # a telephone number or an amount is no formula
BOM: Final = "\ufeff"  # without it Excel reads UTF-8 as something else


def as_csv(raw: bytes, encoding: str | None, rejected: Sequence[tuple[int, str]]) -> bytes:
    """Headings and cells as they were, with the number of the row and the reason before them."""
    table = table_file.read(raw, encoding)
    wanted = {number for number, _ in rejected}
    kept = table.misfits | {number: cells for number, cells in table.rows if number in wanted}
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow([ROW, WHY, *map(_safe, table.headers)])
    write.writerows(_line(number, reason, kept) for number, reason in rejected)
    return (BOM + out.getvalue()).encode("utf-8", "replace")


def _line(number: int, reason: str, kept: Mapping[int, list[str]]) -> list[str]:
    return [str(number), _safe(reason), *(_safe(cell) for cell in kept.get(number, []))]


def _safe(cell: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; after an apostrophe it is text."""
    return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell
