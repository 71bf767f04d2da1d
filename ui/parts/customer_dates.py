"""The days of a customer that come round every year, beside the birthday: as many as there are, on their form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nicegui import ui

from domain.book.days import KINDS
from domain.book.sheet import BIRTHDAY, MOST_DATES
from domain.refusal import Refusal
from ui.parts.basics import box, button, icon_button, put
from ui.parts.day_inputs import DayInputs
from ui.parts.inputs import select, text_input

DATE: Final = {
    "birthday": "Birthday",
    "wedding": "Wedding day",
    "engagement": "Engagement",
    "name_day": "Name day",
    "custom": "Special day",
}
OTHERS: Final = {kind: DATE[kind] for kind in KINDS if kind != BIRTHDAY}
NOTE, NAME = "Note", "What it is"  # a special day is one by its name
LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Begun:
    """A date as it is in the book."""

    kind: str
    date: str
    note: str


@dataclass(slots=True)
class Line:
    root: ui.element
    kind: ui.select
    day: DayInputs
    note: ui.input


class CustomerDates:
    def __init__(self, begun: Sequence[Begun]) -> None:
        self.lines: list[Line] = []
        self.made = 0
        self.room = box("hb-datelines", testid="dates")
        with box("hb-row"):
            self.more = button("Add a date", self._add_empty, icon="plus", small=True, testid="add-date")
        for one in begun:
            self._add(one)
        self._fit()

    @property
    def values(self) -> list[dict[str, str]]:
        """As `dates` of a customer; a line that was not filled in is none. Raises Refusal for half a date."""
        for line in self.lines:
            line.root.classes(remove="is-wrong")
        return [value for line in self.lines if (value := _value(line))["date"]]

    def _add_empty(self) -> None:
        """It offers a kind that is not there yet."""
        taken = {line.kind.value for line in self.lines}
        line = self._add(Begun(next((kind for kind in OTHERS if kind not in taken), "custom"), "", ""))
        self._fit()
        line.kind.run_method("focus")

    def _add(self, begun: Begun) -> Line:
        place, self.made = self.made, self.made + 1
        of = f"date {place + 1}"
        with (
            self.room,
            put(box("hb-dateline", testid="date"), role="group", aria_label=of.capitalize()) as root,
        ):
            kind = select(OTHERS, begun.kind, label=f"Kind of {of}", testid=f"date-{place}-kind")
            day = DayInputs(begun.date, of=of, testid=f"date-{place}")
            note = put(
                text_input(begun.note, label=f"Note on {of}", testid=f"date-{place}-note"),
                maxlength=str(LONGEST),
            )
            icon_button("x", "Take this date out", lambda: self._remove(line), testid=f"date-{place}-remove")
        line = Line(root, kind, day, note)
        kind.on_value_change(lambda: _name_note(line))
        _name_note(line)
        self.lines.append(line)
        return line

    def _remove(self, line: Line) -> None:
        self.lines.remove(line)
        line.root.delete()
        self._fit()
        ui.run_javascript(f"getHtmlElement({self.more.id})?.focus()")

    def _fit(self) -> None:
        self.room.visible = bool(self.lines)
        self.more.visible = len(self.lines) < MOST_DATES


def _name_note(line: Line) -> None:
    put(line.note, placeholder=NAME if line.kind.value == "custom" else NOTE)


def _value(line: Line) -> dict[str, str]:
    kind, note = str(line.kind.value or "custom"), (line.note.value or "").strip()
    what = f"{OTHERS[kind]} {note}".strip()
    try:
        return {"kind": kind, "date": line.day.value("dates", what), "note": note}
    except Refusal:
        line.root.classes("is-wrong")
        raise
