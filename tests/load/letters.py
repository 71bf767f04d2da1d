"""What one message costs before it reaches a connection: `python -m tests.load.letters [people]`.

Microseconds of this process's CPU for each person, the median of several rounds. "All differ" is a book in which no
name comes twice, so that nothing remembered helps; "as in a shop" has names and mail hosts that come again.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from data.config import Config, use_config
from data.database import close_database, reading
from data.secrets import use_keys
from domain.book.merging import values_of
from domain.channels.email import links, message_id
from domain.message.compose import Content, Letter, Sender, ShopFacts, compile_letter
from tests.load.big_book import fill
from tests.load.shop import BODY, PARAGRAPH

ROUNDS = 9
LEASE = 100  # people whose values are read at once
SENDER = Sender("Marlow", "hello@marlow.example")
SHOP = ShopFacts("Marlow", "1 High Street", "marlow.example", "https://marlow.example")
SUBJECT = "{{ firstName }}, the autumn collection is here"
TURNING = (
    '<p>Dear {% if firstName %}{{ firstName }}{% else %}friend{% endif %},</p>\n'
    "{% for one in attrs.pieces %}<p>{{ one }}</p>{% endfor %}" + PARAGRAPH * 55
)  # fmt: skip
OWN = (
    "<p>{{ attrs.ring }} {{ attrs.metal }} {{ attrs.stone }} {{ attrs.since | date }} {{ attrs.note }}</p>\n"
    + BODY
)
LETTERS = {
    "as the engine sends": Content(SUBJECT, "", BODY, ""),
    "with a preheader": Content(SUBJECT, "For {{ firstName }} & friends", BODY, ""),
    "with five own fields": Content(SUBJECT, "", OWN, ""),
    "with if and for": Content(SUBJECT, "", TURNING, ""),
    "nothing personal": Content("The autumn collection", "", PARAGRAPH * 55, ""),
}


def main(people: int) -> None:
    print(f"{people:,} people, CPU µs for each, median of {ROUNDS}; load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        print(f"{'the letter':<28}{'all differ':>12}{'long UTF-8':>12}{'as in a shop':>14}")
        for name, content in LETTERS.items():
            print(f"{name:<28}" + _costs(content, people))
        print_around(Path(folder), people)


def _costs(content: Content, people: int) -> str:
    books = (
        (12, [_person(n, f"Anna{n}", f"Berg{n}") for n in range(people)]),
        (12, [_person(n, f"Зоя-Łucja Ingeborg {n} 😀", f"Müller-Østergård von {n}") for n in range(people)]),
        (14, [_person(n, f"Anna {n % 700}", "Müller") for n in range(people)]),
    )
    return "".join(
        f"{each_costs(people, partial(_write_all, content, book)):{width}.1f}" for width, book in books
    )


def _write_all(content: Content, book: list[dict[str, Any]]) -> None:
    _render_all(_letter(content), book)  # compiled anew: nothing is remembered from the round before


def _letter(content: Content) -> Letter:
    return compile_letter(content, SENDER, SHOP, "marketing")


def _person(n: int, first: str, last: str) -> dict[str, Any]:
    own = {
        "ring": f"size {n % 30}",
        "metal": "gold",
        "stone": f"ruby {n}",
        "since": "2019-05-01",
        "note": f"likes {n} & more",
    }
    return {
        "firstName": first, "lastName": last, "fullName": f"{first} {last}", "companyName": "", "phone": "",
        "email": f"customer{n}@host{n % 97}.example", "attrs": {**own, "pieces": ["ring", f"brooch {n}"]},
    }  # fmt: skip


def _render_all(letter: Letter, book: list[dict[str, Any]]) -> None:
    url, identifier, date = (
        "https://marlow.example/u/" + "A_-9" * 8,
        "<x@marlow.example>",
        "Sat, 21 Nov 2026 09:00:00 +0000",
    )
    for n, person in enumerate(book):
        letter.render(
            person, address=person["email"], unsubscribe_url=f"{url}{n}", message_id=identifier, date=date
        )


def print_around(folder: Path, people: int) -> None:
    """What else a message needs before it can be written."""
    way_out = links()
    print(
        f"{'the way out (link)':<28}{each_costs(people, lambda: _for_each(people, way_out.unsubscribe)):12.1f}"
    )
    made = each_costs(people, lambda: _for_each(people, lambda n: message_id(SENDER.address, 1, n, 1)))
    print(f"{'the message id':<28}{made:12.1f}")
    fill(folder / "load.db", people)
    print(f"{'values, a hundred at once':<28}{each_costs(people, lambda: _read_values(people)):12.1f}")
    close_database()


def _read_values(people: int) -> None:
    for start in range(1, people + 1, LEASE):
        with reading() as session:
            values_of(session, range(start, start + LEASE))


def _for_each(people: int, step: Callable[[int], object]) -> None:
    for n in range(people):
        step(n)


def each_costs(people: int, work: Callable[[], object]) -> float:
    """Microseconds of CPU for one person."""
    return statistics.median(_used(work) for _ in range(ROUNDS)) / people * 1e6


def _used(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
