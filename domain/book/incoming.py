"""The people of a file, before anything is compared with the book: cells made into facts, rows about one person joined.

What tells who somebody is must be right, or the row is refused. What is only good to know is left out with a warning.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.book.columns import OWN, SHOWN
from domain.book.contact import did_you_mean
from domain.book.days import WRITTEN, Day, read_day
from domain.book.sheet import LANGUAGE, LONGEST_NOTES, NAMES, email_columns, phone_columns
from domain.book.table_file import Table
from domain.book.tags import LONGEST, MOST_FOR_ONE
from domain.book.words import many_lines, one_line, squeeze
from domain.refusal import Refusal

NO: Final = frozenset({"no", "n", "false", "f", "0", "nein", "non", "off", "never", "nie", "-", "none"})
STOPPED: Final = frozenset(
    {"unsubscribed", "unsubscribe", "opted-out", "opted_out", "optedout", "cleaned", "blocked", "blocklisted"}
    | {"blacklisted", "bounced"}
)
SUBSCRIPTION_WORDS: Final = STOPPED | {"subscribed", "nonsubscribed", "non-subscribed", "pending", "unknown"}
MONTH_FIRST_COUNTRIES: Final = frozenset({"US", "PH", "FM", "PW", "MH", "BZ"})
MOST_WARNINGS: Final = 200


@dataclass(slots=True)
class Incoming:
    """One person of the file."""

    row: int
    columns: dict[str, Any] = field(default_factory=dict)  # of `customers`, only what is not empty
    tags: dict[str, str] = field(default_factory=dict)  # folded -> as written
    days: dict[str, Day] = field(default_factory=dict)  # by kind
    opted_out: bool = False

    @property
    def email_key(self) -> str | None:
        return self.columns.get("email_key")

    @property
    def phone_key(self) -> str | None:
        return self.columns.get("phone_key")

    @property
    def name(self) -> tuple[str, str]:
        return name_key(self.columns.get("first_name", ""), self.columns.get("last_name", ""))

    def join(self, other: "Incoming") -> None:
        """A later row about the same person: it fills and corrects, and a no stays a no."""
        attrs = {**self.columns.get("attrs", {}), **other.columns.get("attrs", {})}
        self.columns |= other.columns
        if attrs:
            self.columns["attrs"] = attrs
        self.tags = {**other.tags, **self.tags}
        self.days |= other.days
        self.opted_out |= other.opted_out


@dataclass(slots=True)
class Reading:
    people: list[Incoming] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(sentence)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the shop's settings say about how a file is meant."""

    country: str
    statuses: dict[str, str]  # key or folded label -> key


def read_people(table: Table, mapping: Mapping[str, str], shop: Shop, now: datetime) -> Reading:
    reading = Reading(rejected=list(table.rejected), warnings=list(table.warnings))
    places = [(table.headers.index(header), field) for header, field in mapping.items()]
    cells_to_person = _Reader(places, shop, _day_orders(table, places, shop.country), now, reading)
    known = Acquaintances()
    for number, cells in table.rows:
        try:
            person = cells_to_person.read(number, cells)
        except Refusal as no:
            reading.rejected.append((number, _reason(no)))
            continue
        known.add(person, reading)
    reading.people = known.people
    reading.rejected.sort()
    return reading


def _reason(no: Refusal) -> str:
    """A refusal as the end of "row 7: ..."; where it says "This", the name of the column goes first."""
    sentence = no.sentence.rstrip(".")
    column = SHOWN.get(no.details.get("field", ""))
    return (
        f"{column}: {sentence[0].lower()}{sentence[1:]}"
        if column and sentence.startswith("This ")
        else sentence
    )


def name_key(first: str, last: str) -> tuple[str, str]:
    return first.casefold(), last.casefold()


def may_be_one(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Two names that don't contradict each other; a missing part contradicts nothing."""
    return all(not a or not b or a == b for a, b in zip(one, other, strict=True))


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
        if person.email_key:
            return self._by_email.get(person.email_key)
        if person.phone_key:
            same = self._by_phone.get(person.phone_key)
            return same if same and may_be_one(same.name, person.name) else None
        return self._by_name.get(self._whole_name(person))

    def _remember(self, person: Incoming) -> None:
        if person.email_key:
            self._by_email[person.email_key] = person
        if person.phone_key:
            self._by_phone.setdefault(person.phone_key, person)
        if not person.email_key and not person.phone_key:
            self._by_name[self._whole_name(person)] = person

    @staticmethod
    def _whole_name(person: Incoming) -> tuple[str, ...]:
        return (*person.name, person.columns.get("company", "").casefold())


class _Reader:
    def __init__(
        self,
        places: Sequence[tuple[int, str]],
        shop: Shop,
        day_first: Mapping[str, bool],
        now: datetime,
        reading: Reading,
    ) -> None:
        self._places = places
        self._shop = shop
        self._day_first = day_first
        self._now = now
        self._reading = reading
        self._readers: dict[str, Callable[[Incoming, str, str], None]] = {
            "email": self._email,
            "phone": self._phone,
            "full_name": self._full_name,
            "tags": self._tags,
            "birthday": self._day,
            "wedding": self._day,
            "status": self._status,
            "language": self._language,
            "notes": self._notes,
            "opted_out": self._opted_out,
            "subscribed": self._subscribed,
        }

    def read(self, number: int, cells: Sequence[str]) -> Incoming:
        person = Incoming(number)
        for place, field_name in self._places:
            text = cells[place].strip()
            if text:
                self._readers.get(field_name, self._plain)(person, field_name, text)
        if not any(
            person.columns.get(name) for name in ("email", "phone", "first_name", "last_name", "company")
        ):
            raise Refusal("nobody", "there is no email address, phone number or name")
        return person

    def _plain(self, person: Incoming, field_name: str, text: str) -> None:
        if field_name.startswith(OWN):
            own = person.columns.setdefault("attrs", {})
            own[squeeze(field_name.removeprefix(OWN))] = squeeze(text)[:500]
        elif value := one_line(field_name, text, NAMES[field_name]):
            person.columns[field_name] = value

    def _email(self, person: Incoming, _: str, text: str) -> None:
        email = squeeze(text).removeprefix("mailto:")
        person.columns |= email_columns(email)
        if meant := did_you_mean(email):
            self._reading.warn(f"Row {person.row}: '{email}' may be meant to be {meant}.")

    def _phone(self, person: Incoming, _: str, text: str) -> None:
        try:
            # Spreadsheets and guarded exports put an apostrophe before the "+".
            person.columns |= phone_columns(one_line("phone", text.lstrip("'"), 40), self._shop.country)
        except Refusal:
            self._leave_out(person, f"'{squeeze(text)[:40]}' can't be read as a phone number")

    def _full_name(self, person: Incoming, _: str, text: str) -> None:
        last, comma, first = one_line("full_name", text, 240).partition(", ")
        if not comma:
            first, _, last = last.rpartition(" ") if " " in last else (last, "", "")
        for part, value in (("first_name", first), ("last_name", last)):
            if value:
                person.columns.setdefault(part, one_line(part, value, NAMES[part]))

    def _tags(self, person: Incoming, _: str, text: str) -> None:
        for name in _several(text):
            if len(name) > LONGEST or len(person.tags) >= MOST_FOR_ONE:
                self._leave_out(person, f"the tag '{name[:30]}...' is too long or one too many")
            else:
                person.tags.setdefault(name.casefold(), name)

    def _day(self, person: Incoming, kind: str, text: str) -> None:
        try:
            day = read_day(squeeze(text), field=kind, day_first=self._day_first[kind])
        except Refusal as no:
            return self._leave_out(person, no.sentence.split(". ")[0].rstrip("."))
        if kind == "birthday" and day.year and day.year > self._now.year:
            return self._leave_out(person, f"the birthday {day} lies in the future")
        person.days[kind] = day

    def _status(self, person: Incoming, _: str, text: str) -> None:
        word = squeeze(text).casefold()
        if key := self._shop.statuses.get(word):
            person.columns["status"] = key
        elif word in SUBSCRIPTION_WORDS:  # another program's column of the same name
            person.opted_out |= word in STOPPED
        else:
            self._leave_out(person, f"the shop has no status '{squeeze(text)[:40]}'")

    def _language(self, person: Incoming, _: str, text: str) -> None:
        code = squeeze(text).replace("_", "-")
        if LANGUAGE.fullmatch(code):
            person.columns["language"] = code
        else:
            self._leave_out(person, f"'{code[:30]}' is no language code such as en or de-AT")

    def _notes(self, person: Incoming, _: str, text: str) -> None:
        person.columns["notes"] = many_lines("notes", text, LONGEST_NOTES)

    def _opted_out(self, person: Incoming, _: str, text: str) -> None:
        """Anything but a plain no counts as a no to mail: also the day on which they left."""
        word = squeeze(text).casefold()
        person.opted_out |= word not in NO and word != "subscribed"

    def _subscribed(self, person: Incoming, _: str, text: str) -> None:
        word = squeeze(text).casefold()
        person.opted_out |= word in NO or word in STOPPED

    def _leave_out(self, person: Incoming, what: str) -> None:
        self._reading.warn(f"Row {person.row}: {what}; this was left out.")


def _several(text: str) -> list[str]:
    """ "gold; pearls", "gold,pearls" and '"gold","VIP evening"' are lists of tags."""
    separator = next((sign for sign in (";", "|") if sign in text), ",")
    cells = next(csv.reader([text.replace("\n", separator)], delimiter=separator, skipinitialspace=True), [])
    return [name for name in map(squeeze, cells) if name]


def _day_orders(table: Table, places: Sequence[tuple[int, str]], country: str) -> dict[str, bool]:
    """For each column of days: is 5/6 in June or in May? One 17 in the column tells; otherwise the shop's country."""
    usual = country.upper() not in MONTH_FIRST_COUNTRIES
    return {
        field_name: _day_first([cells[place].strip() for _, cells in table.rows], usual)
        for place, field_name in places
        if field_name in ("birthday", "wedding")
    }


def _day_first(texts: Sequence[str], usual: bool) -> bool:
    found = [match for match in map(WRITTEN.fullmatch, texts) if match]
    if any(int(match[1]) > 12 for match in found):
        return True
    if any(int(match[2]) > 12 for match in found):
        return False
    return usual or any(re.search(r"\d\.\d", text) for text in texts)
