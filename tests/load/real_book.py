"""A customer book with names as often as they are in life: a few names of many, many names of a few; and twins planted in it.

The same people come each time. Half live in a twentieth of the postcodes; two thirds have a number, three quarters an address,
one in six of these at a domain that is no usual one.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from domain.book.contact import USUAL_DOMAINS
from tests.load import big_book

SEED = 20_261_121


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""Anna Maria Thomas Michael Andreas Sabine Claudia Peter Susanne Petra Stefan Andrea Martin Monika Christian Julia
Nicole Daniel Markus Katharina Jürgen Ursula Karin Birgit Frank Wolfgang Brigitte Renate Klaus Uwe Bernd Jörg René Zoë Sarah
Emma Olivia James William Charlotte George Isla Jack Amelia Harry Grace Noah Björn Søren Céline François Chloé Łukasz""")
LAST = _words("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Köhler Maier Smith
Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson
Clarke García Núñez Dupont Lefèvre Sørensen Øster Kowalski Wiśniewski""")
BEGINNINGS = _words("""Al Ba Be Bo Bra Bü Da De Do Ei En Fa Fel Fri Ga Ger Gra Ha Hei Hu Jan Ka Kel Kö La Lin
Lo Ma Men Mo Ne No Ol Pa Pe Ra Rei Ro Sa Sche Si Sta Ste Ta Th Ul Ve Wal Wei Wi Za Zi""")
MIDDLES = _words("ber der gen hol kel lan len man mer nick ning per ring sel sen ter ver wer zel")
ENDS = _words("bach berg e er feld hoff ing ke le mann ow s sen ski stein ton")
COLUMNS = _words("""id first_name last_name company email email_key email_hash phone phone_key postcode status language timezone
preferred_channel marketing_opt_out active_at notes attrs source created_at updated_at version""")
AT = "2025-11-21 09:30:00.000000"


class Person(NamedTuple):
    first: str
    last: str
    email: str | None
    phone: str | None
    postcode: str


class Planted(NamedTuple):
    kind: str
    first_id: int
    second_id: int


def fill(path: Path, customers: int, twins: int = 0) -> list[Planted]:
    """A new book of so many, the last `twins` of whom are there a second time."""
    chosen = random.Random(SEED)
    everybody = list(_everybody(chosen, customers - twins))
    planted: list[Planted] = []
    for second_id, first_id in enumerate(
        chosen.sample(range(1, len(everybody) + 1), twins), len(everybody) + 1
    ):
        kind = list(KINDS)[second_id % len(KINDS)]
        first, second = _two(chosen, everybody[first_id - 1], kind)
        everybody[first_id - 1] = first
        everybody.append(second)
        planted.append(Planted(kind, first_id, second_id))
    big_book.fill(path, customers, partial(_write, everybody))
    return planted


def _write(everybody: list[Person], connection: sqlite3.Connection) -> None:
    gaps = ", ".join("?" * len(COLUMNS))
    rows = (_row(number, one) for number, one in enumerate(everybody, 1))
    connection.executemany(f"INSERT INTO customers ({', '.join(COLUMNS)}) VALUES ({gaps})", rows)


def _row(number: int, one: Person) -> tuple[Any, ...]:
    mark = f"hash{one.email}" if one.email else None
    return (number, one.first, one.last, "", one.email or "", one.email, mark, one.phone or "", one.phone, one.postcode,
            "customer", "", "", "", False, AT, "", "{}", "typed", AT, AT, 1)  # fmt: skip


def _everybody(chosen: random.Random, many: int) -> Iterator[Person]:
    """The n-th name of a list is n times as rare as its first one, as among people."""
    rare_first = [
        f"{one}{two}"
        for one in BEGINNINGS
        for two in ("lia", "na", "ne", "rik", "ry", "vin", "no", "tta", "us")
    ]
    rare_last = [f"{one}{two}{three}" for one in BEGINNINGS for two in MIDDLES for three in ENDS]
    postcodes = [f"{10_000 + 173 * number}" for number in range(400)]
    first = _often(chosen, FIRST + rare_first, many, 1.0)
    last = _often(chosen, LAST + rare_last, many, 0.85)
    where = _often(chosen, postcodes, many, 0.9)
    for number in range(many):
        name = f"{first[number]}.{last[number]}{number}".lower()
        yield Person(first[number], last[number], _email(chosen, name), _phone(chosen, number), where[number])


def _often(chosen: random.Random, names: list[str], many: int, steep: float) -> list[str]:
    return chosen.choices(names, [1 / (place + 3) ** steep for place in range(len(names))], k=many)


def _email(chosen: random.Random, name: str) -> str | None:
    if chosen.random() < 0.25:
        return None
    own = chosen.random() < 1 / 6
    return f"{name}@{f'firm{chosen.randrange(3_000)}.example' if own else chosen.choice(USUAL_DOMAINS)}"


def _phone(chosen: random.Random, number: int) -> str | None:
    return f"+4930{number:08}" if chosen.random() < 2 / 3 else None


def _two(chosen: random.Random, one: Person, kind: str) -> tuple[Person, Person]:
    """Two cards of one person: the second has another number, and no address."""
    if kind == ONE_ADDRESS:
        one = one._replace(email=f"twin{chosen.randrange(10**9)}@x.example")
        return one, one._replace(last=_slip(chosen, one.last), phone=None)
    one = one._replace(last=FITTING.get(kind, one.last))
    return one, KINDS[kind](chosen, one)._replace(email=None, phone=f"+4989{chosen.randrange(10**8):08}")


def _slip(chosen: random.Random, name: str) -> str:
    """A letter too many, too few, another one, or two the wrong way round; not the first one."""
    place, letter = chosen.randrange(1, len(name)), chosen.choice("aeinrst")
    two = name[place : place + 2]
    return chosen.choice(
        [
            name[:place] + letter + name[place:],
            name[:place] + name[place + 1 :],
            name[:place] + letter + name[place + 1 :],
            name[:place] + two[::-1] + name[place + 2 :],
        ]
    )


ONE_ADDRESS = "one address"
FITTING = {"ue for ü": "Müllner", "u for ü": "Krüger", "dt for tt": "Schmitt"}
KINDS: dict[str, Callable[[random.Random, Person], Person]] = {
    ONE_ADDRESS: lambda chosen, one: one,
    "a slip in the last name": lambda chosen, one: one._replace(last=_slip(chosen, one.last)),
    "a slip in the first name": lambda chosen, one: one._replace(first=_slip(chosen, one.first)),
    "another first letter": lambda chosen, one: one._replace(first=chosen.choice("BKMT") + one.first[1:]),
    "names the wrong way round": lambda chosen, one: one._replace(first=one.last, last=one.first),
    "ue for ü": lambda chosen, one: one._replace(last=one.last.replace("ü", "ue")),
    "u for ü": lambda chosen, one: one._replace(last=one.last.replace("ü", "u")),
    "dt for tt": lambda chosen, one: one._replace(last=one.last.replace("tt", "dt")),
    "no postcode": lambda chosen, one: one._replace(postcode=""),
}
