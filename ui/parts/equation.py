"""Nobody twice, nobody forgotten: the sum that must come out, each term of it a way to the people behind it."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from domain.ledger.deliveries import COLUMN_OF, OPEN, Books, State
from ui.parts.basics import box, put, text
from ui.parts.feedback import handled

ALL = "all"
TERMS = {
    ALL: ("Recipients", ""),
    "sent": ("Sent", "good"),
    "failed": ("Failed", "bad"),
    "skipped": ("Skipped", ""),
    "cancelled": ("Cancelled", ""),
    "not_sure": ("Not sure", "warn"),
    "queued": ("Waiting", ""),
}


def states_of(term: str) -> tuple[State, ...]:
    """The states of the ledger that a term counts; none means every one."""
    if term == ALL:
        return ()
    return OPEN if term == "queued" else tuple(state for state in State if COLUMN_OF[state] == term)


class Equation:
    """recipients = sent + failed + left out + cancelled + not sure (+ waiting, while any waits).

    `paint` marks the term whose people are listed.
    """

    def __init__(self, on_pick: Callable[[str], Any], picked: str = ALL) -> None:
        self.on_pick = on_pick
        self.figures: dict[str, ui.label] = {}
        self.buttons: dict[str, ui.element] = {}
        self.signs: dict[str, ui.label] = {}
        with put(box("hb-equation", testid="equation"), role="group", aria_label="What became of everybody"):
            for term, (label, tone) in TERMS.items():
                if term != ALL:
                    self.signs[term] = put(
                        text("=" if term == "sent" else "+", "sign", "span"), aria_hidden="true"
                    )
                self._button(term, label, tone)
        self.paint(picked)

    def set(self, books: Books) -> None:
        for term in TERMS:
            count: int = books.recipients if term == ALL else getattr(books, term)
            self.figures[term].set_text(f"{count:,}")
            _switch(self.buttons[term], "zero", count == 0)
        self.signs["queued"].visible = self.buttons["queued"].visible = books.queued > 0

    def paint(self, picked: str) -> None:
        for term, made in self.buttons.items():
            marked(made, term == picked)

    def _button(self, term: str, label: str, tone: str) -> None:
        place = "total" if term == ALL else "first" if term == "sent" else ""
        with put(box(f"{place} {tone}", "button", testid=f"term-{term}"), type="button") as made:
            self.figures[term] = text("0", "v", "span", testid=f"count-{term}")
            text(label, "k", "span")
        made.on("click", handled(lambda: self.on_pick(term)), [])
        self.buttons[term] = made


def marked(made: ui.element, on: bool) -> None:
    _switch(made, "is-on", on)
    put(made, aria_pressed="true" if on else "false")


def _switch(element: ui.element, name: str, on: bool) -> None:
    element.classes(add=name) if on else element.classes(remove=name)
