"""Days of the year that matter to a person. The year may be unknown. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from domain.refusal import invalid

KINDS: Final = ("birthday", "wedding", "engagement", "name_day", "custom")
ISO: Final = re.compile(r"(?:(\d{4})|-)-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
WRITTEN: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2})?)?\.?(?:[T ,].*)?")
YEAR_FIRST: Final = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[T ,].*)?")
DAY_IN_WORDS: Final = re.compile(
    r"(?:[^\W\d]+,? +)?(\d{1,2})(?:\.|st|nd|rd|th)? *(?:de +|of +)?([^\W\d]+)\.?(?:,? *(?:de +)?(\d{4}))?"
)
MONTH_IN_WORDS: Final = re.compile(
    r"(?:[^\W\d]+, +)?([^\W\d]+)\.? +(\d{1,2})(?:st|nd|rd|th)?(?:,? +(\d{4}))?"
)
EARLIEST_YEAR, LATEST_YEAR = 1880, 2200
LEAP = 2000
LONGEST: Final = 60  # letters

# How months begin in English, German, French, Dutch, Spanish and Italian; enough letters to tell them apart.
MONTHS: Final = [
    "jan gen ene", "feb fév fev fébr", "mar mär mae mrz maa mrt", "apr avr abr", "may mai mei mag", "jun juin jui giu",
    "jul juil lug", "aug aoû aou ago", "sep", "oct okt ott", "nov", "dec dez déc dic",
]  # fmt: skip
OUTLIERS: Final = {
    "juin": 6,
    "juillet": 7,
    "juil": 7,
    "march": 3,
    "mars": 3,
    "marzo": 3,
    "märz": 3,
    "maart": 3,
}


@dataclass(frozen=True, slots=True)
class Day:
    month: int
    day: int
    year: int | None = None

    def __str__(self) -> str:
        return (
            f"{self.year:04}-{self.month:02}-{self.day:02}"
            if self.year
            else f"--{self.month:02}-{self.day:02}"
        )


def read_day(text: str, *, field: str = "birthday", day_first: bool = True, latest: int = LATEST_YEAR) -> Day:
    """ISO ("1984-05-17", "--05-17"), or as people write it ("17.5.1984", "17 May"); `day_first` decides 5/6.

    `latest` is the last year that two digits can mean: 84 is 1984 unless 2084 may be meant.
    """
    found = _parts(text, day_first) if len(text) <= LONGEST else None
    if found is None:
        raise _unreadable(field, text)
    year, month, day = found
    return _real(field, text, Day(month, day, _whole_year(year, latest)))


def _parts(text: str, day_first: bool) -> tuple[str | None, int, int] | None:
    if found := ISO.fullmatch(text) or YEAR_FIRST.fullmatch(text):
        return found[1], int(found[2]), int(found[3])
    if found := WRITTEN.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        return (found[3], second, first) if day_first else (found[3], first, second)
    if (found := DAY_IN_WORDS.fullmatch(text)) and (month := month_of(found[2])):
        return found[3], month, int(found[1])
    if (found := MONTH_IN_WORDS.fullmatch(text)) and (month := month_of(found[1])):
        return found[3], month, int(found[2])
    return None


@lru_cache(maxsize=500)
def month_of(word: str) -> int:
    """Of its name or the beginning of it; 0 for any other word."""
    name = word.casefold().rstrip(".")
    if name in OUTLIERS:
        return OUTLIERS[name]
    if len(name) < 3:
        return 0
    return next(
        (
            place
            for place, beginnings in enumerate(MONTHS, start=1)
            for beginning in beginnings.split()
            if name.startswith(beginning)
        ),
        0,
    )


def _whole_year(year: str | None, latest: int) -> int | None:
    if not year or not int(year):
        return None
    if len(year) == 4:
        return int(year)
    century = latest - latest % 100
    whole = century + int(year)
    return whole if whole <= latest else whole - 100


def _real(field: str, text: str, found: Day) -> Day:
    try:
        date(found.year or LEAP, found.month, found.day)
    except ValueError:
        raise _unreadable(field, text) from None
    if found.year and not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise invalid(field, f"The year {found.year} can't be right.")
    return found


def _unreadable(field: str, text: str) -> Exception:
    return invalid(
        field, f"'{text[:30]}' is not a day. Write it like 1984-05-17, or --05-17 without the year."
    )
