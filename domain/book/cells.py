"""The cells of one row about a person, each read by its field. What can't be read is left out with a warning, unless it tells
who somebody is. Pure.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from data.csv_file import unguarded
from domain.book.agreement_cells import NO, STOPPED, WhatsAppCells
from domain.book.columns import OWN
from domain.book.contact import meant_instead, read_email, read_phone
from domain.book.days import Day, read_day
from domain.book.person_rows import Incoming, Shop
from domain.book.sheet import LANGUAGE, LONGEST_NOTES, NAMES
from domain.book.tags import LONGEST, MOST_FOR_ONE
from domain.book.words import flat, many_lines, one_line, squeeze
from domain.refusal import Refusal
from domain.shop import zones

SUBSCRIPTION_WORDS: Final = STOPPED | {"subscribed", "enabled", "confirmed", "unknown"}
CHANNELS: Final = {
    "email": "email", "e-mail": "email", "mail": "email", "newsletter": "email", "whatsapp": "whatsapp", "wa": "whatsapp",
    "phone": "phone", "telephone": "phone", "call": "phone", "telefon": "phone", "telefoon": "phone", "téléphone": "phone",
    "teléfono": "phone", "post": "post", "letter": "post", "mailing": "post", "brief": "post", "courrier": "post",
}  # fmt: skip
PLAIN: Final = re.compile(r"[0-9a-zA-Z.+][0-9a-zA-Z.@_+-]{0,39}")  # nothing in it to be made clean
LONGEST_GROUP, LONGEST_POSTCODE, LONGEST_OWN, MOST_OWN = 120, 20, 500, 100
KNOWN_BY: Final = frozenset({"email_key", "phone_key", "last_name", "first_name", "company"})
EMAIL_INSIDE: Final = re.compile(r"[^<>]*<\s*([^<>@\s]+@[^<>@\s]+)\s*>")

Read = Callable[[Incoming, str], None]
Warn = Callable[[str], None]


class PersonCells:
    """Makes rows into people. `warn` hears of everything that was left out."""

    def __init__(
        self,
        places: Sequence[tuple[int, str]],
        shop: Shop,
        day_first: Mapping[str, bool],
        now: datetime,
        warn: Warn,
    ) -> None:
        self._shop, self._day_first, self._now, self._warn = shop, day_first, now, warn
        self._steps = [
            (place, self._reader_of(name)) for place, name in sorted(places, key=_second_phone_last)
        ]

    def read(self, number: int, cells: Sequence[str]) -> Incoming:
        person = Incoming(number)
        for place, step in self._steps:
            if text := cells[place].strip():
                step(person, unguarded(text) if text[0] == "'" else text)
        person.settle_email()
        if KNOWN_BY.isdisjoint(person.columns):
            raise Refusal("nobody", "there is no email address, phone number or name")
        return person

    def _reader_of(self, name: str) -> Read:
        if name in NAMES:
            return _line_reader(name, NAMES[name])
        if name.startswith(OWN):
            return _own_reader(squeeze(name.removeprefix(OWN)))
        if name in ("birthday", "wedding", "engagement", "name_day"):
            return self._day_reader(name)
        readers: dict[str, Read] = {
            "email": self._email,
            "phone": self._phone,
            "phone_2": self._second_phone,
            "full_name": self._full_name,
            "last_name_prefix": self._prefix,
            "tags": self._tags,
            "groups": self._groups,
            "status": self._status,
            "language": self._language,
            "timezone": self._zone,
            "preferred_channel": self._channel,
            "postcode": self._postcode,
            "notes": self._notes,
            "attributes": self._attributes,
            "opted_out": self._opted_out,
            "subscribed": self._subscribed,
            "wants_marketing": _wish_reader("marketing"),
            "wants_newsletter": _wish_reader("newsletter"),
            **WhatsAppCells(self._shop.zone, self._day_first, self._now, self._leave_out).readers,
        }
        return readers[name]

    def _email(self, person: Incoming, text: str) -> None:
        email = text if PLAIN.fullmatch(text) else squeeze(text).removeprefix("mailto:")
        if "<" in email and (found := EMAIL_INSIDE.fullmatch(email)):
            email = found[1]
        person.columns["email"], person.columns["email_key"] = read_email(email)
        if meant := meant_instead(email):
            self._warn(f"Row {person.row}: '{email}' may be meant to be {meant}.")

    def _phone(self, person: Incoming, text: str) -> None:
        try:
            # Spreadsheets and guarded exports put an apostrophe before the "+".
            number = text if PLAIN.fullmatch(text) else one_line("phone", text.lstrip("'"), 40)
            typed, key = read_phone(number, self._shop.country)
        except Refusal:
            person.misread_number = True
            return self._leave_out(person, f"'{squeeze(text)[:40]}' can't be read as a phone number")
        person.columns["phone"], person.columns["phone_key"] = typed, key
        person.misread_number = False

    def _second_phone(self, person: Incoming, text: str) -> None:
        if "phone_key" not in person.columns:
            self._phone(person, text)

    def _full_name(self, person: Incoming, text: str) -> None:
        last, comma, first = one_line("full_name", text, 240).partition(", ")
        if not comma:
            first, _, last = last.rpartition(" ") if " " in last else (last, "", "")
        for part, value in (("first_name", first), ("last_name", last)):
            if value:
                person.columns.setdefault(part, one_line(part, value, NAMES[part]))

    def _prefix(self, person: Incoming, text: str) -> None:
        last = f"{text} {person.columns.get('last_name', '')}"
        person.columns["last_name"] = one_line("last_name", last, NAMES["last_name"])

    def _tags(self, person: Incoming, text: str) -> None:
        self._collect(person, person.tags, text, "tag", LONGEST)

    def _groups(self, person: Incoming, text: str) -> None:
        self._collect(person, person.groups, text, "group", LONGEST_GROUP)

    def _collect(self, person: Incoming, into: dict[str, str], text: str, noun: str, longest: int) -> None:
        for key, name in several(text):
            if len(name) > longest or len(into) >= MOST_FOR_ONE:
                self._leave_out(person, f"the {noun} '{name[:30]}...' is too long or one too many")
            else:
                into.setdefault(key, name)

    def _day_reader(self, kind: str) -> Read:
        day_first = self._day_first.get(kind, True)
        this_year = self._now.year

        @lru_cache(maxsize=40_000)
        def day_of(text: str) -> Day:
            return read_day(squeeze(text), field=kind, day_first=day_first, latest=this_year)

        def read(person: Incoming, text: str) -> None:
            try:
                day = day_of(text)
            except Refusal as no:
                return self._leave_out(person, no.sentence.split(". ")[0].rstrip("."))
            if kind == "birthday" and day.year and day.year > this_year:
                return self._leave_out(person, f"the birthday {day} lies in the future")
            person.days[kind] = day

        return read

    def _status(self, person: Incoming, text: str) -> None:
        word = squeeze(text).casefold()
        if key := self._shop.statuses.get(word):
            person.columns["status"] = key
        elif word in SUBSCRIPTION_WORDS:  # another program's column of the same name
            person.opted_out |= word in STOPPED
        else:
            self._leave_out(person, f"the shop has no status '{squeeze(text)[:40]}'")

    def _language(self, person: Incoming, text: str) -> None:
        code = squeeze(text).replace("_", "-")
        if len(code) <= 10 and LANGUAGE.fullmatch(code):
            person.columns["language"] = code
        else:
            self._leave_out(person, f"'{code[:30]}' is no language code such as en or de-AT")

    def _zone(self, person: Incoming, text: str) -> None:
        if (zone := squeeze(text)) in zones.every():
            person.columns["timezone"] = zone
        else:
            self._leave_out(person, f"'{zone[:30]}' is no time zone such as Europe/London")

    def _channel(self, person: Incoming, text: str) -> None:
        if channel := CHANNELS.get(squeeze(text).casefold()):
            person.columns["preferred_channel"] = channel
        else:
            self._leave_out(
                person, f"'{squeeze(text)[:30]}' is no way to reach somebody, such as email or phone"
            )

    def _postcode(self, person: Incoming, text: str) -> None:
        postcode = squeeze(text).lstrip("'").upper()
        if len(postcode) <= LONGEST_POSTCODE:
            person.columns["postcode"] = postcode
        else:
            self._leave_out(person, f"'{postcode[:30]}' is too long for a postcode")

    def _notes(self, person: Incoming, text: str) -> None:
        person.columns["notes"] = many_lines("notes", text, LONGEST_NOTES)

    def _attributes(self, person: Incoming, text: str) -> None:
        """{"ring size": 54, "shop": {"city": "Bath"}} becomes two fields, "ring size" and "shop city"."""
        try:
            own = flat("attributes", dict(_flattened(json.loads(text))))
        except (ValueError, RecursionError, Refusal):
            return self._leave_out(person, f"'{squeeze(text)[:30]}' can't be read as own fields")
        person.columns["attrs"] = {**own, **person.columns.get("attrs", {})}

    def _opted_out(self, person: Incoming, text: str) -> None:
        """Anything but a plain no counts as a no to mail: also the day on which they left."""
        word = squeeze(text).casefold()
        person.opted_out |= word not in NO and word != "subscribed"

    def _subscribed(self, person: Incoming, text: str) -> None:
        word = squeeze(text).casefold()
        person.no_email |= word in NO or word in STOPPED

    def _leave_out(self, person: Incoming, what: str) -> None:
        self._warn(f"Row {person.row}: {what}; this was left out.")


@lru_cache(maxsize=5_000)
def several(text: str) -> tuple[tuple[str, str], ...]:
    """ "gold; pearls", "gold,pearls" and '"gold","VIP evening"' are lists of tags: each folded, and as written."""
    separator = next((sign for sign in (";", "|") if sign in text), ",")
    try:
        cells = next(
            csv.reader([text.replace("\n", separator)], delimiter=separator, skipinitialspace=True), []
        )
    except csv.Error:
        cells = text.split(separator)
    return tuple((name.casefold(), name) for name in map(squeeze, cells) if name)


def _line_reader(name: str, longest: int) -> Read:
    """The same first name in a thousand rows is one text in memory."""

    @lru_cache(maxsize=20_000)
    def clean(text: str) -> str:
        return one_line(name, text, longest)

    def read(person: Incoming, text: str) -> None:
        if value := clean(text):
            person.columns[name] = value

    return read


def _wish_reader(message_type: str) -> Read:
    """Only a no is taken from a list; a yes is given by the person."""

    def read(person: Incoming, text: str) -> None:
        word = squeeze(text).casefold()
        if word in NO or word in STOPPED:
            person.refused.add(message_type)

    return read


def _own_reader(name: str) -> Read:
    def read(person: Incoming, text: str) -> None:
        own = person.columns.setdefault("attrs", {})
        own[name] = squeeze(text)[:LONGEST_OWN]

    return read


def _second_phone_last(place: tuple[int, str]) -> tuple[int, int]:
    """After the first number and the name they lean on."""
    return {"phone_2": 2, "last_name_prefix": 2, "full_name": 1}.get(place[1], 0), place[0]


def _flattened(value: Any, before: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        pairs: list[tuple[str, Any]] = []
        for key, item in value.items():
            pairs += _flattened(item, f"{before} {key}".strip()[:60])
            if len(pairs) > MOST_OWN:
                raise ValueError("too many")
        return pairs
    if not before:
        raise ValueError("no names")
    if isinstance(value, list):
        return [(before, ", ".join(str(item) for item in value)[:LONGEST_OWN])]
    return [] if value is None else [(before, value[:LONGEST_OWN] if isinstance(value, str) else value)]
