"""A list as it should never be: `python -m tests.load.hostile [rows]` takes 100,000 of them and prints time and memory.

Every kind of harm once in a while among good rows, in whatever letters are asked for: zeros, marks that turn the reading
direction, formulas, quotes over lines, a cell of 1 MB, too many cells, the same heading twice.
"""

import csv
import io
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from data.database import close_database, reading
from domain.book import columns, imports, table_file
from domain.book.importing import Preview, preview
from domain.book.incoming import Reading, Shop, read_people
from domain.refusal import Refusal
from jobs import importing
from jobs.queue import close_queue
from tests.load.importing import OLIVE, WORKER, open_shop, peak

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HEADINGS = "Email,First name,Last name,Phone,Tags,Notes,Notes,Birthday"
ENCODINGS: Final = ("utf-8-sig", "cp1252", "utf-16")
REFUSED = 5  # of each round of kinds below
RLO, LRM = "\u202e", "\u200e"
LONG = "x" * 1_100_000


def rows(count: int) -> list[str]:
    kinds = [
        'person{n}@shop{d}.example,Änna,Bérg,020 7946 {p:04},"gold; VIP",fine,,17/05/1984',
        'person{n}@shop{d}.example,"Be""n",Cole,+4477009{p:05},gold,"two\nlines, and ""quotes""",,1990-02-03',
        f"person{{n}}@shop{{d}}.example,{RLO}Cy{LRM},Dörr,,,=cmd|' /C calc'!A0,@SUM(A1),",
        "per\x00son{n}@shop{d}.example,D\x00ora,Eik,not a number,,,,someday",
        "broken{n}@,Eve,Fox,,,,,",
        "jürg{n}@shop{d}.example,Jürg,Gut,,,,,",
        "person{n}@shop{d}.example,Fay,Hill,,,,,,,too,many,cells",
        ",,,,gold,nobody at all,,",
        f"person{{n}}@shop{{d}}.example,{'y' * 130},Long,,,,,",
        "person{n}@shop{d}.example,=HYPERLINK(1),+1+1,020 7946 {p:04},-gold,,,",
    ]
    return [kinds[n % len(kinds)].format(n=n, d=n % 500, p=n % 10_000) for n in range(count)]


def file(count: int, encoding: str = "utf-8-sig", *, long_cells: int = 1) -> bytes:
    lines = rows(count)
    for place in range(long_cells):
        lines.insert(len(lines) // 2 + place, f"long{place}@shop.example,Max,Long,,,{LONG},,")
    return "\r\n".join([HEADINGS, *lines, ""]).encode(encoding, "replace")


def read(raw: bytes) -> tuple[table_file.Table, Reading]:
    table = table_file.read(raw)
    mapping = columns.guess_mapping(table.headers)
    return table, read_people(table, mapping, Shop("GB", {}), NOW)


def main(count: int = 100_000, *encodings: str) -> None:
    """Each in a process of its own, which has never held anything before."""
    if not encodings:
        for encoding in ENCODINGS:
            subprocess.run([sys.executable, "-m", "tests.load.hostile", str(count), encoding], check=True)
        return
    with tempfile.TemporaryDirectory() as name:
        open_shop(Path(name))
        take(file(100), "to warm up")
        for encoding in encodings:
            print(f"{encoding:10}{take(file(count, encoding), encoding)}")
        close_queue()
        close_database()
    print(f"{'zip bomb':10}refused after {1000 * refuse_bomb():,.0f} ms")


@dataclass(frozen=True, slots=True)
class Taken:
    rows: int
    taken: int
    refused: int
    seconds: float
    work: float  # seconds of the processor
    preview: float  # seconds
    memory: float  # MB by which it grew

    def __str__(self) -> str:
        return (
            f"{self.rows:>9,} rows {self.seconds:6.1f} s, {self.work:5.1f} of work ({self.preview:.1f} s until the preview)"
            f"  memory +{self.memory:,.0f} MB  {self.taken:,} taken, {self.refused:,} refused, each with a reason"
        )


def take(raw: bytes, title: str) -> Taken:
    """The whole way, as from the page: looked at, taken, and the refused rows fetched."""
    before, began, cpu = peak(), time.monotonic(), time.process_time()
    seen = look(raw, title)
    looked = time.monotonic() - began
    entry = importing.begin(raw, f"{title}.csv", basis="Customers", by=OLIVE)
    importing.work(entry.id, WORKER, stopping=threading.Event())
    with reading() as session:
        done = imports.get(session, entry.id, by=OLIVE)
    back = list(csv.reader(io.StringIO((importing.refused_file(done) or b"").decode("utf-8-sig"))))[1:]
    took, busy = time.monotonic() - began, time.process_time() - cpu
    assert (done.state, done.done, done.refused) == ("done", done.total, len(back)), done.error
    assert all(row[1] for row in back), "a row without its reason"
    grown = (peak() - before) / 1e6
    return Taken(seen.rows, done.added + done.updated, done.refused, took, busy, looked, grown)


def look(raw: bytes, title: str) -> Preview:
    with reading() as session:
        return preview(session, raw, f"{title}.csv", by=OLIVE, now=NOW)


def refuse_bomb() -> float:
    """Seconds until a workbook of 300 MB of zeros is refused, which is 300 KB packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("[Content_Types].xml", "<Types/>")
        workbook.writestr("xl/workbook.xml", "<workbook/>")
        with workbook.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b" " * 1_000_000)
    began = time.monotonic()
    try:
        table_file.read(packed.getvalue())
    except Refusal:
        return time.monotonic() - began
    raise AssertionError("the bomb was read")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, *sys.argv[2:])
