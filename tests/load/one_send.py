"""One send, measured in a process that does nothing else: `python -m tests.load.one_send FOLDER PORT RECIPIENTS`.

The shop is written into the folder by a process before it (`--fill`), so that what filling needed is neither in the
time nor in the memory. Prints one line of JSON. `measure` is the same, seen from a bench.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.load.watcher import PROJECT

AT_MOST = 300.0  # seconds for one send
LOOK_EVERY = 0.05  # seconds between looks whether it ended; each costs some 0.1 ms
START_OF_WORKER = 1.0  # seconds; the worker's own start is not the send's


@dataclass(frozen=True, slots=True)
class Measured:
    """Moments by `time.monotonic`, CPU seconds of this process, memory in MB."""

    recipients: int
    pressed: float
    launched: float
    ended: float
    by_books: float  # messages a second between the first hand-over and the last result in the ledger
    cpu_launch: float
    cpu_sending: float
    memory_before: float
    memory_added: float  # at the peak
    books: str
    load: float


def measure(port: int, recipients: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        _program(folder, port, recipients, "--fill")
        return Measured(**json.loads(_program(folder, port, recipients)))


def _program(folder: str, port: int, recipients: int, *options: str) -> str:
    command = [sys.executable, "-m", "tests.load.one_send", folder, str(port), str(recipients), *options]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=AT_MOST + 60,
        check=True,
    )
    return done.stdout


def fill(folder: Path, port: int, recipients: int) -> None:
    from data.database import close_database
    from tests.load import shop

    olive = shop.open_shop(folder, port)
    shop.write_in(recipients)
    shop.write_campaign(olive)
    close_database()


def send(folder: Path, port: int, recipients: int) -> Measured:
    from domain.channels import channel
    from domain.sending.launches import Press
    from jobs import sending
    from jobs.queue import queue
    from jobs.worker import Worker
    from tests.load import shop

    olive = shop.open_shop(folder, port)
    list(channel.every())  # an open shop has read all its modules
    with Worker(queue(), folder):
        time.sleep(START_OF_WORKER)
        forget_peak()
        memory, cpu, pressed = megabytes("VmRSS"), time.process_time(), time.monotonic()
        dispatch_id = sending.send_now(1, Press(), olive).id
        launched, cpu_launched = time.monotonic(), time.process_time()
        _wait_for_end(dispatch_id)
        ended, cpu_ended = time.monotonic(), time.process_time()
        peak = megabytes("VmHWM")
    books, rate = _in_the_books(dispatch_id)
    return Measured(
        recipients, pressed, launched, ended, rate, cpu_launched - cpu, cpu_ended - cpu_launched, memory,
        peak - memory, books, os.getloadavg()[0],
    )  # fmt: skip


def _wait_for_end(dispatch_id: int) -> None:
    from data.database import reading
    from domain.sending import dispatches

    until = time.monotonic() + AT_MOST
    while time.monotonic() < until:
        with reading() as session:
            state = dispatches.get(session, dispatch_id).state
        if state is not dispatches.DispatchState.SENDING:
            return
        time.sleep(LOOK_EVERY)
    raise TimeoutError("the send did not end")


def _in_the_books(dispatch_id: int) -> tuple[str, float]:
    from sqlalchemy import func, select

    from data.database import reading
    from domain.ledger import deliveries
    from domain.ledger.deliveries import Delivery

    with reading() as session:
        books = deliveries.books(session, dispatch_id)
        first, last = session.execute(
            select(func.min(Delivery.handed_at), func.max(Delivery.settled_at))
        ).one()
    rate = books.sent / (last - first).total_seconds() if first and last else float("nan")
    return ", ".join(f"{name} {number:,}" for name, number in asdict(books).items() if number), rate


# Memory: Linux tells both; elsewhere the highest figure so far stands for now as well.


def forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def megabytes(what: str) -> float:
    """`VmRSS`: now. `VmHWM`: at the peak."""
    try:
        found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / 1024


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("folder", type=Path)
    given.add_argument("port", type=int)
    given.add_argument("recipients", type=int)
    given.add_argument("--fill", action="store_true")
    options = given.parse_args()
    if options.fill:
        fill(options.folder, options.port, options.recipients)
    else:
        print(json.dumps(asdict(send(options.folder, options.port, options.recipients))))


if __name__ == "__main__":
    main()
