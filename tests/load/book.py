"""How long the list of customers takes in a large shop: `python -m tests.load.book [customers]`.

The same invented book as for the audience. Each line is one page of fifty with its total, as the list asks for it.
"""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from data.config import Config, use_config
from data.database import close_database, reading
from data.secrets import use_keys
from domain.book import search
from tests.load.audience import ROUNDS, fill, print_line, timed

PAGES: dict[str, dict[str, Any]] = {
    "first page": {},
    "newest first": {"sort": "newest"},
    "one letter": {"search": "f"},
    "a first name": {"search": "first12"},
    "first and last name": {"search": "first12 last7"},
    "part of an address": {"search": "person4217"},
    "a telephone number": {"search": "020 00004217"},
    "nobody": {"search": "zzz"},
    "a status": {"status": "vip"},
    "a tag": {"tag": "gold"},
    "a tag and a word": {"tag": "gold", "search": "last70"},
}
TYPED = "first12"


def main(customers: int) -> None:
    print(f"{customers:,} customers; median and slowest of {ROUNDS} in ms")
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        fill(Path(folder) / "load.db", customers)
        for name, asked in PAGES.items():
            print_line(name, timed(partial(page, asked)))
        print_line("the hundredth page", timed(at_page(100)))
        print_line("choosing by hand", timed(suggest))
        close_database()


def page(asked: dict[str, Any]) -> search.Page:
    with reading() as session:
        return search.page(session, **asked)


def at_page(number: int) -> Callable[[], None]:
    """Only that page is timed; the way to it is walked before."""
    after = None
    for _ in range(number - 1):
        after = page({"after": after}).next_cursor

    def look() -> None:
        page({"after": after})

    return look


def suggest() -> None:
    with reading() as session:
        search.suggest(session, TYPED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
