"""A list as it should never be: `python -m tests.load.hostile [rows]` reads 100,000 of them and prints time and memory.

Every kind of harm once in a while among good rows, in whatever letters are asked for: zeros, marks that turn the reading
direction, formulas, quotes over lines, a cell of 1 MB, too many cells, the same heading twice.
"""

import resource
import sys
import time
from datetime import UTC, datetime

from domain.book import columns, table_file
from domain.book.incoming import Reading, Shop, read_people

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HEADINGS = "Email,First name,Last name,Phone,Tags,Notes,Notes,Birthday"
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


def grown() -> float:
    """MB at the highest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main(count: int = 100_000) -> None:
    read(file(100))
    for encoding in ("utf-8-sig", "cp1252", "utf-16"):
        raw = file(count, encoding)
        before, began, cpu = grown(), time.monotonic(), time.process_time()
        table, reading = read(raw)
        took, busy = time.monotonic() - began, time.process_time() - cpu
        print(
            f"{encoding:10} {len(table.rows) + len(table.rejected):>9,} rows  {took:5.1f} s ({busy:4.1f} s of work, "
            f"{count / busy:,.0f} rows/s)  memory +{grown() - before:.0f} MB  "
            f"{len(reading.people):,} people, {len(reading.rejected):,} refused with a reason"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
