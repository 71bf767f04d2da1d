"""Whether the people of a list agreed to messages by WhatsApp: a yes counts only with when and how they said it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.book.agreements import LONGEST_HOW, LONGEST_WORDS, OPTION, Told
from domain.book.columns import CUSTOMERS
from domain.book.importing import Preview
from ui.parts.basics import alert, box, card, put
from ui.parts.inputs import Field, checkbox, date_input, text_area, text_input
from ui.words import counted

NUMBERS: Final = frozenset({"phone", "phone_2", "whatsapp_agreed", "whatsapp_agreed_on", "whatsapp_out"})
HELP: Final = (
    "WhatsApp wants everybody’s own yes before the first message. Without one, nobody is written to there. "
    "A no in the list always counts."
)


class Agreement:
    """`on_answer(name, value)` hears what was said; the sentence about what follows is drawn by `show`."""

    def __init__(self, on_answer: Callable[[str, Any], Any]) -> None:
        self.on_answer = on_answer
        self.room = box("full", testid="whatsapp-agreement")
        with self.room, card("Did they agree to messages by WhatsApp?", HELP):
            self.everybody = checkbox(
                "Everybody in this list agreed",
                False,
                on_change=lambda _: self._tell(),
                testid="whatsapp-everybody",
            )
            self.asked = box("full hb-stack")
            with self.asked:
                self._fields()
            self.outcome = box("full", testid="whatsapp-outcome")
        self.fields = {"whatsapp_how": self.how, "whatsapp_day": self.day, "whatsapp_words": self.words}

    def _fields(self) -> None:
        self.how = Field(
            "How they agreed",
            "Kept with each of them as the proof. For example: ticked the box on our order form.",
            testid="whatsapp-how-field",
        )
        with self.how.body:
            self.how_entry = text_input(label="How they agreed", testid="whatsapp-how")
            put(self.how_entry, maxlength=str(LONGEST_HOW))
        self.day = Field(
            "When they agreed",
            "If on several days, the first of them. Whoever said no on that day or later stays out; without a day, "
            "everybody does who ever said no.",
            optional=True,
            testid="whatsapp-day-field",
        )
        with self.day.body:
            self.day_entry = date_input(
                label="When they agreed", on_change=lambda _: self._tell(), testid="whatsapp-day"
            )
        self.words = Field("The words they saw", "As they stood on the form or the card.", optional=True)
        with self.words.body:
            self.words_entry = text_area(label="The words they saw", height=64, testid="whatsapp-words")
            put(self.words_entry, maxlength=str(LONGEST_WORDS))
        for entry in (self.how_entry, self.words_entry):
            entry.on("blur", lambda _: self._tell(), [])

    @property
    def given(self) -> dict[str, Any]:
        said = {
            "everybody": bool(self.everybody.value),
            "how": (self.how_entry.value or "").strip(),
            "day": self.day_entry.value or "",
            "words": (self.words_entry.value or "").strip(),
        }
        return {name: value for name, value in said.items() if value}

    def show(self, seen: Preview) -> None:
        self.room.visible = seen.kind == CUSTOMERS and not NUMBERS.isdisjoint(seen.mapping.values())
        self.asked.visible = bool(seen.whatsapp.claimed or self.given)
        for one in self.fields.values():
            one.wrong()
        self.outcome.clear()
        sentence, more = outcome(seen.whatsapp, is_stated=seen.is_agreement_stated)
        with self.outcome:
            if sentence:
                tone = "info" if seen.is_agreement_stated or not seen.whatsapp.claimed else "warn"
                alert(sentence, more, tone=tone, testid="whatsapp-follows")

    def wrong(self, details: Mapping[str, Any], sentence: str) -> bool:
        """Whether it was about one of these fields."""
        field = self.fields.get(details.get("field", ""))
        if field:
            field.wrong(sentence)
        return field is not None

    def _tell(self) -> Any:
        return self.on_answer(OPTION, self.given)


def outcome(told: Told, *, is_stated: bool) -> tuple[str, str]:
    """What follows for messages by WhatsApp, and for whom it does not."""
    if told.claimed and not is_stated:
        return (
            f"{_people(told.claimed)} agreed, as the list has it",
            "Say how they did. Without that they come in, and nobody is opted in." + _refused(told),
        )
    if told.claimed:
        held = f" {_people(told.held)} said no, and nothing shows that the yes came later: they stay out." if told.held else ""  # fmt: skip
        nowhere = f" Of {counted(told.nowhere, 'person', 'people')} no number is known that the yes belongs to." if told.nowhere else ""  # fmt: skip
        return f"{_people(told.agreed)} will be opted in", f"{held}{nowhere}{_refused(told)}".strip()
    return (_refused(told).strip(), "") if told.refused else ("", "")


def _refused(told: Told) -> str:
    return f" {_people(told.refused)} will be marked as wanting no WhatsApp." if told.refused else ""


def _people(count: int) -> str:
    return counted(count, "person", "people")
