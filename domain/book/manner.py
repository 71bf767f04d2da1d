"""How a file writes days and numbers: found out where one cell gives it away, asked where none does. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.book.amounts import COMMA_COUNTRIES, is_open, read_amount, tells
from domain.book.days import LATEST_YEAR, LONGEST, WRITTEN, read_day
from domain.refusal import Kind, Refusal

DAYS: Final = frozenset(
    {"birthday", "wedding", "engagement", "name_day", "starts_at", "ends_at"}
    | {"whatsapp_agreed", "whatsapp_agreed_on"}
)
MONEY: Final = frozenset({"amount", "line_amount"})
MONTH_FIRST_COUNTRIES: Final = frozenset({"US", "PH", "FM", "PW", "MH", "BZ"})
ANSWERS: Final = {"dates": ("day_first", "month_first"), "numbers": ("comma", "point")}
POINTS: Final = re.compile(r"\d\.\d")
_MONTHS = "January February March April May June July August September October November December"
MONTHS: Final = _MONTHS.split()


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A question to whoever brings the file: `sample` is a real cell, `readings` are answers and what each makes of it."""

    about: str  # "dates" or "numbers": where the answer belongs in the options
    column: str  # heading
    sample: str
    readings: tuple[tuple[str, str], tuple[str, str]]
    assumed: str  # the answer that counts until somebody gives one


@dataclass(slots=True)
class Manner:
    day_first: dict[str, bool] = field(default_factory=dict)  # by field
    comma: dict[str, bool] = field(default_factory=dict)  # by field
    ambiguities: list[Ambiguity] = field(default_factory=list)


class _Column:
    """What the cells of one column gave away so far."""

    def __init__(self, header: str, place: int, field_name: str) -> None:
        self.header, self.place, self.field = header, place, field_name
        self.told: bool | None = None
        self.open = ""  # a cell that can be read in two ways
        self.dotted = False

    @property
    def is_sure(self) -> bool:
        """Whatever else stands in the column changes nothing: a day of 13 or more comes first, and so on."""
        return bool(self.told) if self.field in DAYS else self.told is not None

    def look(self, text: str) -> None:
        if self.field in DAYS:
            self._look_at_day(text)
        elif self.told is None and len(text) <= LONGEST:
            self.told = tells(text)
            if not self.open and self.told is None and is_open(text):
                self.open = text

    def _look_at_day(self, text: str) -> None:
        if len(text) > LONGEST:
            return
        found = WRITTEN.fullmatch(text) if text[4:5] != "-" else None
        if not found:
            return
        first, second = int(found[1]), int(found[2])
        if first > 12:
            self.told = True
        elif second > 12:
            self.told = self.told or False
        elif not self.open and first != second:
            self.open = text
        self.dotted = self.dotted or bool(POINTS.search(text))


def find_out(
    rows: Iterable[tuple[int, Sequence[str]]],
    places: Sequence[tuple[int, str]],
    headers: Sequence[str],
    country: str,
    options: Mapping[str, object] | None = None,
) -> Manner:
    """Goes through the rows once, where there is such a column at all. `options` are the answers of a person."""
    answers = _checked(options or {})
    found = [_Column(headers[place], place, name) for place, name in places if name in DAYS | MONEY]
    if found:
        open_ones = found
        for _, cells in rows:
            for column in open_ones:
                if text := cells[column.place].strip():
                    column.look(text)
                    if column.is_sure:
                        open_ones = [one for one in open_ones if not one.is_sure]
            if not open_ones:
                break
    manner = Manner()
    for column in found:
        _settle(manner, column, answers, country.upper())
    return manner


def _settle(manner: Manner, column: _Column, answers: Mapping[str, str], country: str) -> None:
    about = "dates" if column.field in DAYS else "numbers"
    usual = country not in MONTH_FIRST_COUNTRIES if about == "dates" else country in COMMA_COUNTRIES
    said = answers.get(about)
    told = column.told
    if told is None and column.dotted:
        told = True
    first, other = ANSWERS[about]
    meant = told if told is not None else said == first if said else usual
    (manner.day_first if about == "dates" else manner.comma)[column.field] = meant
    if told is None and column.open:
        readings = _readings(about, column)
        manner.ambiguities.append(
            Ambiguity(about, column.header, column.open[:40], readings, first if meant else other)
        )


def _readings(about: str, column: _Column) -> tuple[tuple[str, str], tuple[str, str]]:
    one, other = ANSWERS[about]
    show = _day if about == "dates" else _figure
    return (one, show(column.open, True)), (other, show(column.open, False))


def _day(text: str, day_first: bool) -> str:
    day = read_day(text, day_first=day_first, latest=LATEST_YEAR)
    return f"{day.day} {MONTHS[day.month - 1]}"


def _figure(text: str, comma: bool) -> str:
    units, _ = read_amount(text, "", comma=comma)
    return f"{units / 100:,.2f}"


def _checked(options: Mapping[str, object]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for about, known in ANSWERS.items():
        if (answer := options.get(about)) in (None, ""):
            continue
        if answer not in known:
            raise Refusal(
                "unknown_option", f"{about.capitalize()}: choose one of {', '.join(known)}.", Kind.MALFORMED
            )
        answers[about] = str(answer)
    return answers
