"""`main.py serve` with a tick in its event loop, which notes how late it comes: `python -m tests.load.ticking`.

Lines of `ticks` in the data folder: when (by `time.monotonic`), and how late in milliseconds.
"""

import asyncio
import os
import time
from pathlib import Path

from nicegui import app

import main as handbill

EVERY = 0.005  # seconds
AT_ONCE = 100  # ticks written together
FILE = "ticks"

_tasks: set[asyncio.Task[None]] = set()


def start() -> None:
    _tasks.add(asyncio.get_running_loop().create_task(tick()))


async def tick() -> None:
    with (Path(os.environ["HANDBILL_DATA"]) / FILE).open("w", buffering=1 << 16) as out:
        while True:
            out.writelines([await _one_tick() for _ in range(AT_ONCE)])
            out.flush()


async def _one_tick() -> str:
    due = time.monotonic() + EVERY
    await asyncio.sleep(EVERY)
    at = time.monotonic()
    return f"{at:.6f} {(at - due) * 1000:.3f}\n"


def lateness(folder: Path, since: float, until: float) -> list[float]:
    """Milliseconds, of the ticks between two moments."""
    lines = (folder / FILE).read_text().rpartition("\n")[0].splitlines()
    ticks = [(float(at), float(late)) for at, late in (line.split() for line in lines)]
    return [late for at, late in ticks if since <= at <= until]


if __name__ == "__main__":
    app.on_startup(start)
    handbill.app(["serve"])
