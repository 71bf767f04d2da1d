"""A day of the year as it is asked for: day, month, and the year where somebody knows it."""

import calendar
import re
from datetime import date
from typing import Final

from domain.book.days import LEAP
from domain.refusal import Refusal, invalid
from ui.parts.basics import box, put
from ui.parts.inputs import select, text_input

MONTHS: Final = {0: "Month", **{number: calendar.month_name[number] for number in range(1, 13)}}
DAYS: Final = {0: "Day", **{number: str(number) for number in range(1, 32)}}
WRITTEN: Final = re.compile(r"(?:(\d{4})|-)-(\d{2})-(\d{2})")


class DayInputs:
    def __init__(self, begun: str, *, of: str, testid: str) -> None:
        """`begun` is as domain.book.days writes it, or empty. `of` is what is read aloud: "birth" for a day of birth."""
        year, month, day = _split(begun)
        with box("hb-birthday"):
            self.day = select(DAYS, day, label=f"Day of {of}", testid=f"{testid}-day")
            self.month = select(MONTHS, month, label=f"Month of {of}", testid=f"{testid}-month")
            self.year = put(
                text_input(year, label=f"Year of {of}", placeholder="Year", testid=f"{testid}-year"),
                inputmode="numeric",
                maxlength="4",
            )

    def value(self, field: str, what: str = "") -> str:
        """As "1984-05-17" or "--05-17"; empty when nothing was chosen. A refusal names `field`, and `what` it is about."""
        day, month, year = self.day.value or 0, self.month.value or 0, (self.year.value or "").strip()
        if not (day or month or year):
            return ""
        if not (day and month):
            raise _wrong(field, what, "Choose both the day and the month. Only the year may stay empty.")
        if year and not re.fullmatch(r"[0-9]{4}", year):
            raise _wrong(field, what, "Write the year with four digits, or leave it empty.")
        if not _is_real(int(year or LEAP), month, day):
            raise _wrong(field, what, f"There is no {day} {MONTHS[month]} {year}".strip() + ".")
        return f"{year or '-'}-{month:02}-{day:02}"


def _split(begun: str) -> tuple[str, int, int]:
    """Year (or nothing), month, day."""
    found = WRITTEN.fullmatch(begun)
    return (found[1] or "", int(found[2]), int(found[3])) if found else ("", 0, 0)


def _is_real(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _wrong(field: str, what: str, sentence: str) -> Refusal:
    return invalid(field, f"{what}: {sentence[0].lower()}{sentence[1:]}" if what else sentence)
