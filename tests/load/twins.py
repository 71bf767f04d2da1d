"""What looking for people who are in the book twice costs, and how many it finds: `python -m tests.load.twins [customers ...]`.

The processor\u2019s milliseconds of one look through the book of even numbers and through one with names as in life; how much
memory it takes at most; and of twins planted in a small book, how many are found.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from data.config import Config, use_config
from data.database import close_database, reading
from data.secrets import use_keys
from domain.book import duplicates
from tests.load import big_book, real_book

SIZES = [10_000, 100_000, 1_000_000]
TWINS, AMONG, ALL = 900, 10_000, 1_000_000
GOALS = {"by address or number": 300, "by name too": 1_000}


def main(sizes: list[int]) -> None:
    found_in_a_small_book()
    print(
        f"{'customers':>10}  {'book':<22}{'look':<22}{'pairs':>6}{'crowded':>9}{'ms':>8}{'MB':>6}   goal at 100,000"
    )
    for size in sizes:
        for name, fill in (("even numbers", big_book.fill), ("names as in life", real_book.fill)):
            with_book(fill, size, partial(looks, size, name))


def looks(size: int, name: str) -> None:
    for look, goal in GOALS.items():
        before = _memory(begin_anew=True)
        with reading() as session:
            began = time.thread_time()
            found = duplicates.suggest(session, by_name=look != "by address or number")
            took = (time.thread_time() - began) * 1000
        memory = _memory() - before
        print(
            f"{size:>10,}  {name:<22}{look:<22}{len(found):>6}{found.crowded:>9}{took:>8.0f}{memory:>6}{goal:>8}",
            flush=True,
        )


def _memory(*, begin_anew: bool = False) -> int:
    """The most this process held, in MB; since it was last begun anew."""
    if begin_anew:
        Path("/proc/self/clear_refs").write_text("5")
    [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def found_in_a_small_book() -> None:
    planted: list[real_book.Planted] = []
    with_book(
        lambda path, size: planted.extend(real_book.fill(path, size, TWINS)), AMONG, lambda: recall(planted)
    )


def recall(planted: list[real_book.Planted]) -> None:
    with reading() as session:
        found = {(one.first_id, one.second_id) for one in duplicates.suggest(session, most=ALL)}
    there = Counter(one.kind for one in planted)
    seen = Counter(one.kind for one in planted if (one.first_id, one.second_id) in found)
    print(f"of {TWINS} twins among {AMONG:,} customers, found in per cent; {len(found):,} suggestions in all")
    for kind, many in there.items():
        print(f"    {kind:<28}{100 * seen[kind] / many:>6.1f}")
    print(f"    {'together':<28}{100 * seen.total() / there.total():>6.1f}")


def with_book(fill: Callable[[Path, int], object], size: int, ask: Callable[[], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        fill(Path(folder) / "load.db", size)
        ask()
        close_database()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
