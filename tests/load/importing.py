"""How fast a list comes in, and how long others wait meanwhile: `python -m tests.load.importing [rows]`.

An invented list with names, addresses, numbers, tags and birthdays comes into an empty shop, and then the same list with
other names into the shop that has it already. Rows a second are told by the clock and by the processor's time of this process
(the machine may be busy with other things); a lock is one unit of work, in which nobody else can write. Meanwhile somebody
else writes a little again and again, as a send does: how long they waited for it, at half of the times and at the worst.
"""

import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from data.config import Config, use_config
from data.database import close_database, open_database, reading, unit
from data.migrate import migrate
from data.secrets import use_keys
from domain import tables as tables  # all of them are known before the first is used
from domain.book import imports, records, statuses
from domain.shop.people import Actor, Role
from jobs import importing
from jobs.queue import close_queue, open_queue

OLIVE = Actor(None, "Olive", Role.OWNER)
WORKER = 1


def main(rows: int) -> None:
    print(f"{rows:,} rows")
    with tempfile.TemporaryDirectory() as name:
        open_shop(Path(name))
        first = a_list(rows)
        before = peak()
        report("into an empty shop", first, rows)
        print(f"{'memory grew by':<28}{(peak() - before) / 1e6:>10,.0f} MB")
        report("the same list again", first, rows)
        report(
            "the same people, changed",
            first.replace(b",Last", b",Lost").replace(b"Lost name", b"Last name"),
            rows,
        )
        with timed() as took:
            undo()
        print(f"{'taking the last one back':<28}{rows / took['wall']:>10,.0f} rows/s")
        close_queue()
        close_database()


def open_shop(folder: Path) -> None:
    use_config(Config(data=folder))
    use_keys(b"load" * 8)
    migrate(open_database(folder / "load.db"))
    open_queue(folder / "load.db")
    with unit() as session:
        statuses.ensure_usual(session)
        records.ensure_usual_kinds(session)


def a_list(rows: int) -> bytes:
    lines = (
        f"First{i % 700},Last{i % 5000},person{i}@host{i % 97}.example,07911 {i % 1000000:06d},gold;vip,"
        f"17/05/19{50 + i % 50}\n"
        for i in range(rows)
    )
    return ("First name,Last name,Email,Phone,Tags,Birthday\n" + "".join(lines)).encode()


def report(title: str, raw: bytes, rows: int) -> None:
    with locks() as held, others() as waits, timed() as took:
        entry = importing.begin(raw, "list.csv", basis="Customers", by=OLIVE)
        importing.work(entry.id, WORKER, stopping=threading.Event())
    with reading() as session:
        done = imports.get(session, entry.id, by=OLIVE)
    assert done.state == "done", done.error
    print(
        f"{title:<28}{rows / took['wall']:>10,.0f} rows/s{rows / took['cpu']:>10,.0f} by processor time"
        f"{1000 * max(held):>8,.0f} ms longest lock{1000 * median(waits):>8,.0f} ms and at most {1000 * max(waits):,.0f} ms for others"
    )


def undo() -> None:
    with reading() as session:
        number = session.scalar(text("SELECT max(id) FROM imports"))
    importing.take_back(number or 0, OLIVE)
    importing.work(number or 0, WORKER, stopping=threading.Event())


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    took: dict[str, float] = {}
    wall, cpu = time.monotonic(), time.process_time()
    yield took
    took |= {"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu}


@contextmanager
def others() -> Iterator[list[float]]:
    """How long somebody else waits who writes a little fifty times a second."""
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.02):
            began = time.monotonic()
            with unit() as session:
                waits.append(time.monotonic() - began)
                session.execute(text("UPDATE shop SET version = version"))

    other = threading.Thread(target=write)
    other.start()
    try:
        yield waits
    finally:
        over.set()
        other.join()


@contextmanager
def locks() -> Iterator[list[float]]:
    """How long each unit of work took, from the lock to its end."""
    held: list[float] = []
    real: Any = vars(importing)["unit"]

    @contextmanager
    def measured() -> Iterator[Any]:
        with real() as session:
            began = time.monotonic()
            yield session
        held.append(time.monotonic() - began)

    vars(importing)["unit"] = measured
    try:
        yield held
    finally:
        vars(importing)["unit"] = real


def peak() -> int:
    """Bytes that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
