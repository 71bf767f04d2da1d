"""Lines of a CSV file that a spreadsheet reads as they were meant, and never works out."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

BOM: Final = "\ufeff"  # without it Excel takes UTF-8 for something else
FORMULA: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # and full-width ones
NUMBER: Final = re.compile(r"[+-]?[0-9 ()./,-]+")  # a telephone number or an amount is no formula


def opening(headings: Iterable[str]) -> str:
    return BOM + line(headings)


def line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def unguarded(cell: str) -> str:
    """A cell of such a file as it was meant."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell


def _safe(cell: object) -> object:
    """What a stranger typed must not be worked out by a spreadsheet; after an apostrophe it is text."""
    if cell is None:
        return ""
    if (
        isinstance(cell, str)
        and cell.lstrip("'").startswith(FORMULA)
        and not NUMBER.fullmatch(cell.lstrip("'"))
    ):
        return f"'{cell}"
    return cell
