"""The people of a file, before anything is compared with the book: cells made into facts, rows about one person joined.

What tells who somebody is must be right, or the row is refused. What is only good to know is left out with a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.book.cells import PersonCells
from domain.book.columns import SHOWN
from domain.book.manner import Ambiguity, find_out
from domain.book.person_rows import Incoming, Shop, may_be_one, name_key
from domain.book.table_file import Table
from domain.refusal import Refusal

__all__ = ["Incoming", "Reading", "Shop", "may_be_one", "name_key", "read_people", "reason_of"]

MOST_WARNINGS: Final = 200


@dataclass(slots=True)
class Reading:
    people: list[Incoming] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ambiguities: list[Ambiguity] = field(default_factory=list)  # to be asked before anything is taken

    def warn(self, sentence: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(sentence)


def read_people(
    table: Table,
    mapping: Mapping[str, str],
    shop: Shop,
    now: datetime,
    options: Mapping[str, object] | None = None,
) -> Reading:
    """`options`: the answers to the ambiguities, {"dates": "day_first" or "month_first"}."""
    reading = Reading(rejected=list(table.rejected), warnings=list(table.warnings))
    places = [(table.headers.index(header), name) for header, name in mapping.items()]
    manner = find_out(table.rows, places, table.headers, shop.country, options)
    reading.ambiguities = manner.ambiguities
    cells_to_person = PersonCells(places, shop, manner.day_first, now, reading.warn)
    known = Acquaintances()
    for number, cells in table.rows:
        try:
            person = cells_to_person.read(number, cells)
        except Refusal as no:
            reading.rejected.append((number, reason_of(no)))
            continue
        known.add(person, reading)
    reading.people = known.people
    reading.rejected.sort()
    return reading


def reason_of(no: Refusal, shown: Mapping[str, str] = SHOWN) -> str:
    """A refusal as the end of "row 7: ..."; where it says "This", the name of the column goes first."""
    sentence = no.sentence.rstrip(".")
    column = shown.get(no.details.get("field", ""))
    return (
        f"{column}: {sentence[0].lower()}{sentence[1:]}"
        if column and sentence.startswith("This ")
        else sentence
    )


class Acquaintances:
    """Who has already been met in this file, by address, then by number, then by nothing but the name."""

    def __init__(self) -> None:
        self.people: list[Incoming] = []
        self._by_email: dict[str, Incoming] = {}
        self._by_phone: dict[str, Incoming] = {}
        self._by_name: dict[tuple[str, ...], Incoming] = {}

    def add(self, person: Incoming, reading: Reading) -> None:
        met = self._met(person)
        if met is None:
            self.people.append(person)
            met = person
        else:
            if not may_be_one(met.name, person.name):
                reading.warn(
                    f"Rows {met.row} and {person.row} have one email address and are taken as one person."
                )
            met.join(person)
        self._remember(met)

    def _met(self, person: Incoming) -> Incoming | None:
        if email := person.email_key:
            return self._by_email.get(email)
        if phone := person.phone_key:
            same = self._by_phone.get(phone)
            return same if same and may_be_one(same.name, person.name) else None
        return self._by_name.get(self._whole_name(person))

    def _remember(self, person: Incoming) -> None:
        email, phone = person.email_key, person.phone_key
        if email:
            self._by_email[email] = person
        if phone:
            self._by_phone.setdefault(phone, person)
        if not email and not phone:
            self._by_name[self._whole_name(person)] = person

    @staticmethod
    def _whole_name(person: Incoming) -> tuple[str, ...]:
        return (*person.name, person.columns.get("company", "").casefold())
