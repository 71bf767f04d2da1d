"""Days of the year that matter to a person. The year may be unknown. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.refusal import invalid

KINDS: Final = ("birthday", "wedding", "engagement", "name_day", "custom")
ISO: Final = re.compile(r"(?:(\d{4})|-)-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
WRITTEN: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]?(\d{4})?\.?")
EARLIEST_YEAR, LATEST_YEAR = 1880, 2200
LEAP = 2000


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


def read_day(text: str, *, field: str = "birthday", day_first: bool = True) -> Day:
    """ISO ("1984-05-17", "--05-17"), or as people write it ("17.5.1984", "17/05"); `day_first` decides 5/6."""
    if found := ISO.fullmatch(text):
        year, month, day = found[1], int(found[2]), int(found[3])
    elif found := WRITTEN.fullmatch(text):
        year, first, second = found[3], int(found[1]), int(found[2])
        day, month = (first, second) if day_first else (second, first)
    else:
        raise _unreadable(field, text)
    return _real(field, text, Day(month, day, int(year) if year and int(year) else None))


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
