"""How the questions of the audience and the book grow with the shop: `python -m tests.load.growth [customers ...]`.

A line is a question, a column a shop: the median of the processor\u2019s milliseconds, which other work on the machine disturbs
less than the clock, and in the last columns how many times longer the largest shop takes than the smallest.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from data.config import Config, use_config
from data.database import close_database
from data.secrets import use_keys
from tests.load import audience, big_book, book

SIZES = [10_000, 100_000, 1_000_000]
ROUNDS, LONGEST = 5, 4.0  # seconds for one question
GOALS = {
    "count everyone I may email": 50, "count tags (two)": 50, "count own field and range": 100, "count bought in 12 months": 150,
    "why, everyone I may email": 20, "list, first page": 50, "typed \u201cfirst12\u201d": 50,
}  # fmt: skip


def main(sizes: list[int]) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}; {big_book.RECORDS_EACH} records a customer; processor ms")
    columns = [figures(size) for size in sizes]
    print(f"{'':<36}{''.join(f'{size:>12,}' for size in sizes)}{'times':>9}{'goal':>7}")
    for name in columns[0]:
        took = [column[name] for column in columns]
        goal = f"{GOALS[name]:>7}" if name in GOALS else ""
        print(f"{name:<36}{''.join(f'{one:>12.1f}' for one in took)}{took[-1] / took[0]:>9.1f}{goal}")


def figures(customers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        began = time.monotonic()
        big_book.fill(Path(folder) / "load.db", customers)
        print(f"{customers:,} customers written in {time.monotonic() - began:.0f} s", flush=True)
        found = {name: taken(ask) for name, ask in {**audience.questions(), **book.questions()}.items()}
        found |= {name: taken(ask) for name, ask in audience.questions_of_a_limit().items()}
        close_database()
    return found


def taken(ask: Callable[[], object]) -> float:
    """The first time warms up."""
    took: list[float] = []
    until = time.monotonic() + LONGEST
    while len(took) <= ROUNDS and (len(took) < 2 or time.monotonic() < until):
        began = time.thread_time()
        ask()
        took.append((time.thread_time() - began) * 1000)
    return statistics.median(took[1:])


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
