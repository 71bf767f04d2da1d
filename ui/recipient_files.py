"""The recipients of a send as a file: for a program as CSV, for a person as a workbook."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Final, Literal

import xlsxwriter
from fastapi.responses import StreamingResponse
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data import csv_file
from data.database import reading
from domain.ledger import deliveries, engagement
from domain.ledger.deliveries import Line
from domain.ledger.engagement import Engagement
from domain.sending import dispatches
from domain.shop.people import Actor, Right
from ui.parts.delivery_rows import reason_of, state_of

Form = Literal["csv", "xlsx"]
Cell = str | int | datetime | None

TYPES: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ADDRESS: Final = "Email"
HEADING_OF: Final = {"whatsapp": "Number"}  # by channel
HEADINGS: Final = (
    "Name", ADDRESS, "State", "Reason", "Server code", "Server words", "Time (UTC)", "Opened first (UTC)", "Opens",
    "Clicked first (UTC)", "Clicks", "Opens by machines", "Clicks by machines",
)  # fmt: skip
WIDTHS: Final = (24, 30, 16, 36, 8, 30, 18, 18, 8, 18, 8, 10, 10)  # letters
LOT: Final = 1_000  # rows
MOST_ROWS: Final = 1_000_000  # on one sheet; the format has room for few more
LONGEST: Final = 32_000  # letters in a cell; the format has room for few more
AT_ONCE: Final = 1 << 16  # bytes


def file(dispatch_id: int, form: Form, by: Actor) -> StreamingResponse:
    """Asks for the right before the first byte. A workbook is written as a whole before it leaves."""
    by.require(Right.VIEW)
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        headings = _headings(dispatch.channel)
    name = re.sub(r"[^A-Za-z0-9]+", "-", dispatch.name).strip("-").lower()[:60] or "send"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{dispatch_id}.{form}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    lines: Iterator[bytes] | Iterator[str] = (
        _csv(dispatch_id, headings) if form == "csv" else _read(_xlsx(dispatch_id, headings))
    )
    return StreamingResponse(lines, media_type=TYPES[form], headers=headers)


def _headings(channel: str) -> Sequence[str]:
    """Where a message goes by number, no column is called Email."""
    return [HEADING_OF.get(channel, one) if one == ADDRESS else one for one in HEADINGS]


def _csv(dispatch_id: int, headings: Sequence[str]) -> Iterator[str]:
    yield csv_file.opening(headings)
    for lot in _rows(dispatch_id):
        yield "".join(csv_file.line(_plain(cell) for cell in row) for row in lot)


def _xlsx(dispatch_id: int, headings: Sequence[str]) -> IO[bytes]:
    """Row by row on the disk, so that a long list takes no memory. What somebody typed is text there, never a formula."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    with xlsxwriter.Workbook(kept, {"constant_memory": True}) as book:
        looks = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet, place = _sheet(book, looks[0], headings), 0
        for lot in _rows(dispatch_id):
            for row in lot:
                place += 1
                if place > MOST_ROWS:
                    sheet, place = _sheet(book, looks[0], headings), 1
                for column, cell in enumerate(row):
                    _write(sheet, place, column, cell, looks[1])
    kept.seek(0)
    return kept


def _sheet(book: xlsxwriter.Workbook, bold: Format, headings: Sequence[str]) -> Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, (heading, width) in enumerate(zip(headings, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, bold)
    return sheet


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, day: Format) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), day)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell:
        sheet.write_string(row, column, cell[:LONGEST])


def _read(kept: IO[bytes]) -> Iterator[bytes]:
    with kept:
        while part := kept.read(AT_ONCE):
            yield part


def _rows(dispatch_id: int) -> Iterator[list[Sequence[Cell]]]:
    """Lot by lot, each in a look of its own, so that a slow reader holds nothing open."""
    with reading() as session:
        channel = dispatches.get(session, dispatch_id).channel
    after = 0
    while True:
        with reading() as session:
            lot = deliveries.lines(session, dispatch_id, after=after, limit=LOT)
            did = engagement.of_deliveries(session, [line.id for line in lot])
            rows = [_cells(line, did.get(line.id), channel) for line in lot]
        if not lot:
            return
        after = lot[-1].id
        yield rows


def _cells(line: Line, did: Engagement | None, channel: str) -> Sequence[Cell]:
    state, _ = state_of(line, channel)
    said = line.heard_said if line.heard_said and not line.reply else line.reply
    told = line.name, line.address, state, reason_of(line, channel), line.code, said, line.at
    if did is None:
        return *told, None, 0, None, 0, 0, 0
    done = did.opened_at, did.opens, did.clicked_at, did.clicks, did.machine_opens, did.machine_clicks
    return *told, *done


def _plain(cell: Cell) -> Cell:
    return f"{cell:%Y-%m-%d %H:%M:%S}" if isinstance(cell, datetime) else cell
