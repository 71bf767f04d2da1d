"""Reads one sheet of a workbook in a process of its own, see workbook: bytes come in, a line of JSON and a CSV go out.

It knows nothing of Handbill, and Handbill never imports it. It ends with 3 for a workbook that is damaged; any other
end but 0 means that it took too much.
"""

import csv
import io
import json
import sys
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY, SECONDS = 1_500_000_000, 45
WIDEST, MOST_ROWS = (
    1_000,
    1_100_000,
)  # cells of a row that are looked at; rows of a sheet, as many as Excel has
DAMAGED, TOO_MUCH = 3, 4

Cell = str | int | float | bool | date | time | datetime | timedelta


def main() -> int:
    _keep_small()
    raw, wanted = sys.stdin.buffer.read(), sys.argv[1]
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        names = _names(book)
        name, sheet = _sheet(book, names, wanted)
    except CalamineError:
        return DAMAGED
    told = {"sheets": names, "sheet": name, "unknown": bool(wanted) and sheet is None}
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", "replace", newline="", write_through=False)
    out.write(json.dumps(told) + "\n")
    if sheet is not None:
        _write(sheet, out)
    out.flush()
    return 0


def _keep_small() -> None:
    """Where the system has no such limits, the checks before have to do."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _names(book: CalamineWorkbook) -> list[str]:
    """Those a person sees; if there is none, the hidden ones."""
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    shown = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    return shown or [sheet.name for sheet in sheets]


def _sheet(book: CalamineWorkbook, names: list[str], wanted: str) -> tuple[str, CalamineSheet | None]:
    for name in [wanted] if wanted in names else [] if wanted else names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height or wanted:
            return name, sheet
    return (names[0] if names else ""), None


def _write(sheet: CalamineSheet, out: io.TextIOWrapper) -> None:
    if sheet.total_height > MOST_ROWS:
        sys.exit(TOO_MUCH)
    line = csv.writer(out)
    for cells in sheet.iter_rows():
        line.writerow([cell if isinstance(cell, str) else _as_text(cell) for cell in cells[:WIDEST]])


def _as_text(cell: Cell) -> str:
    """As a person would have typed it: 5 and not 5.0, a phone number with all of its digits, a day as 2026-05-17."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, time):
        return cell.isoformat("seconds" if cell.second else "minutes")
    return str(cell)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e17:
        return str(int(value))
    return f"{value:.10f}".rstrip("0").rstrip(".") if abs(value) < 1e17 else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
