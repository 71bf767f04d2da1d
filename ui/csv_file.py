"""Lines of a CSV file that a spreadsheet reads as it was meant."""

import csv
import io
from collections.abc import Iterable
from typing import Final

BOM: Final = "\ufeff"  # without it Excel takes UTF-8 for something else
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def opening(headings: Iterable[str]) -> str:
    return BOM + line(headings)


def line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: object) -> object:
    """What a stranger typed must not be worked out by a spreadsheet; after an apostrophe it is text."""
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
