"""So many days or calendar months, counted from today by the shop's calendar; the day at the far end counts whole."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.audience.fields import bad_rule, whole
from domain.audience.look import Look

MOST_DAYS, MOST_MONTHS = 36_500, 1_200


@dataclass(frozen=True, slots=True)
class Span:
    number: int
    unit: str  # days or months

    def back(self, look: Look) -> datetime:
        """The instant since which something lies within the span before now."""
        return look.midnight(self._from(look.today, -self.number))

    def ahead(self, look: Look) -> datetime:
        """The instant before which something lies within the span after now."""
        return look.midnight(self._from(look.today, self.number) + timedelta(days=1))

    def as_json(self) -> dict[str, Any]:
        return {self.unit: self.number}

    def __str__(self) -> str:
        return self.unit[:-1] if self.number == 1 else f"{self.number} {self.unit}"

    @property
    def counted(self) -> str:
        """With its number also where that is one."""
        return f"1 {self}" if self.number == 1 else str(self)

    def _from(self, day: date, number: int) -> date:
        return day + timedelta(days=number) if self.unit == "days" else months_from(day, number)


def months_from(day: date, number: int) -> date:
    """The same day of another month, or its last day where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def read_span(given: Any, what: str) -> Span:
    """{"days": 30} or {"months": 12}; a bare number is days."""
    if isinstance(given, int):
        given = {"days": given}
    if not isinstance(given, dict) or len(given) != 1 or not given.keys() <= {"days", "months"}:
        raise bad_rule(f"\u201c{what}\u201d must be a number of days or months.")
    [(unit, number)] = given.items()
    return Span(whole(number, what, 0, MOST_DAYS if unit == "days" else MOST_MONTHS), unit)
