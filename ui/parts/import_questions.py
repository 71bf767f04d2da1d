"""What a file does not say by itself: which sheet, how its days and numbers are read, and what to do with unknown people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.book.columns import CUSTOMERS
from domain.book.importing import Preview
from domain.book.manner import Ambiguity
from ui.parts.basics import box, card, text
from ui.parts.inputs import Choices, Field, checkbox, select
from ui.words import counted

ICONS: Final = {"dates": "calendar", "numbers": "list"}
ASKED: Final = {"dates": "How are days written?", "numbers": "How are amounts written?"}
WAYS: Final = {
    "day_first": "the day comes first",
    "month_first": "the month comes first",
    "comma": "a comma before the pence",
    "point": "a point before the pence",
}


class Questions:
    """`on_answer(name, value)` hears each answer; `show` draws anew only what is asked anew."""

    def __init__(self, on_answer: Callable[[str, Any], Any]) -> None:
        self.on_answer = on_answer
        self.asked: list[Any] = []
        self.room = box("full hb-stack")

    def show(self, seen: Preview, options: Mapping[str, Any]) -> None:
        first = {one.about: one for one in reversed(seen.ambiguities)}
        asks_for_people = seen.kind != CUSTOMERS and bool(seen.unknown)
        asked = [
            seen.sheets,
            [(one.column, one.sample) for one in first.values()],
            asks_for_people and seen.unknown,
        ]
        if asked == self.asked:
            return
        self.asked = asked
        self.room.clear()
        with self.room:
            if len(seen.sheets) > 1:
                self._sheets(seen)
            for one in first.values():
                self._ambiguity(one)
            if asks_for_people:
                self._unknown(seen.unknown, bool(options.get("add_unknown")))

    def _sheets(self, seen: Preview) -> None:
        with card("Sheet"):
            field = Field("Which sheet of the workbook is it?")
            with field.body:
                select(
                    seen.sheets,
                    seen.sheet,
                    on_change=lambda e: self.on_answer("sheet", e.value),
                    label="Sheet",
                    testid="sheet",
                )

    def _ambiguity(self, one: Ambiguity) -> None:
        with card(ASKED[one.about], testid=f"ask-{one.about}"):
            text(
                f"In the column {one.column}, “{one.sample}” can be read in two ways. Which one is meant?",
                "hb-help",
            )
            Choices(
                {key: (ICONS[one.about], shown, WAYS[key]) for key, shown in one.readings},
                one.assumed,
                lambda key: self.on_answer(one.about, key),
                ASKED[one.about],
                testid=f"meant-{one.about}",
            )

    def _unknown(self, count: int, add: bool) -> None:
        records = counted(count, "row is of somebody", "rows are of people")
        with card("People your book does not know", testid="ask-unknown"):
            text(
                f"{records} your book does not know. They are refused, unless you add those people.",
                "hb-help",
            )
            checkbox(
                "Add these people as customers",
                add,
                on_change=lambda e: self.on_answer("add_unknown", bool(e.value)),
                testid="add-unknown",
            )
