"""A day of the customer's year comes round soon: a birthday, a wedding day."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, true

from domain.audience.fields import bad_rule, whole, word
from domain.audience.leaf import Reference, days, only, owns, switch
from domain.audience.look import Look
from domain.audience.names import Names
from domain.book.person import CustomerDate

DATES: Final = {
    "birthday": "birthday",
    "wedding": "wedding day",
    "engagement": "engagement",
    "name_day": "name day",
    "custom": "special day",
}
WHOLE_YEAR = 365


@dataclass(frozen=True, slots=True)
class DateLeaf:
    """Within some days, today included. `note` is what the shop calls a special day."""

    kind: str
    within_days: int
    ignore_year: bool
    note: str = ""
    weight: int = 1
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        soon = self._coming(look.today) if self.ignore_year else self._exactly(look.today)
        named = [CustomerDate.note.collate("NOCASE") == self.note] if self.note else []
        return owns(look, CustomerDate.customer_id, CustomerDate.kind == self.kind, soon, *named)

    def sentence(self, names: Names) -> str:
        label = f"{DATES[self.kind]} \u201c{self.note}\u201d" if self.note else DATES[self.kind]
        when = "is today" if self.within_days == 0 else f"in the next {days(self.within_days)}"
        return f"{label} {when}"

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "date": self.kind,
            "within_days": self.within_days,
            "ignore_year": self.ignore_year,
        }
        return made | ({"note": self.note} if self.note else {})

    def _coming(self, today: date) -> ColumnElement[bool]:
        if self.within_days >= WHOLE_YEAR:
            return true()
        spans = _spans(today, today + timedelta(days=self.within_days))
        return or_(
            *[and_(CustomerDate.month == month, CustomerDate.day.between(lo, hi)) for month, lo, hi in spans]
        )

    def _exactly(self, today: date) -> ColumnElement[bool]:
        until = today + timedelta(days=self.within_days)
        day = CustomerDate.year * 10_000 + CustomerDate.month * 100 + CustomerDate.day
        return day.between(_as_number(today), _as_number(until))


def read_date(tree: dict[str, Any]) -> DateLeaf:
    only(tree, "date", "within_days", "ignore_year", "note")
    kind = tree["date"]
    if not isinstance(kind, str) or kind not in DATES:
        raise bad_rule(f"There is no date called \u201c{kind}\u201d. Known are: {', '.join(DATES)}.")
    within = whole(tree.get("within_days"), "within_days", 0, 366)
    note = word(tree["note"], "note") if "note" in tree else ""
    return DateLeaf(kind, within, switch(tree.get("ignore_year", True), "ignore_year"), note)


def _spans(first: date, last: date) -> list[tuple[int, int, int]]:
    """The days from first to last as (month, from, to). Who was born on 29 February celebrates on the 28th otherwise."""
    months: dict[tuple[int, int], list[int]] = {}
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        months.setdefault((day.year, day.month), []).append(day.day)
    return [
        (month, found[0], _with_leap_day(year, month, found[-1])) for (year, month), found in months.items()
    ]


def _with_leap_day(year: int, month: int, last: int) -> int:
    return 29 if (month, last) == (2, 28) and not calendar.isleap(year) else last


def _as_number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
