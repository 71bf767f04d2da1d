"""What every form of a message has, whatever the channel: who gets it, the switch of a phone, and where a fault is said."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from domain.audience.audience import Audience, Count
from domain.refusal import Refusal
from ui import words
from ui.parts.basics import box, icon, put, text
from ui.parts.inputs import Segmented
from ui.parts.recipient_picker import RecipientPicker

ABOUT_AUDIENCE: Final = {"audience_gone", "bad_audience", "bad_rule", "no_recipients"}
TO_THE_FAULT: Final = (
    "setTimeout(() => document.querySelector('.hb-field.is-wrong, [data-testid=form-wrong]:not(.hidden)')"
    "?.scrollIntoView({block: 'center'}), 60)"
)


class ContentForm(ABC):
    """A form of its own kind builds `root` and `picker`, and says in `shown_at` which of its fields a refusal is about."""

    root: ui.element
    picker: RecipientPicker

    def __init__(self) -> None:
        self.others: dict[str, Callable[[str], Any]] = {}

    @abstractmethod
    def shown_at(self, refusal: Refusal) -> Callable[[str], Any] | None:
        """None: at none of the form's own fields."""

    async def meant(self) -> Audience:
        """Whom a press of Send is about. Raises Refusal."""
        return self.picker.value

    def goes_to(self, count: Count) -> str:
        return f"Goes to {words.people(count.reachable)}"

    def place(self, name: str, show: Callable[[str], Any]) -> None:
        """Where a refusal about one of the page's own fields is shown."""
        self.others[name] = show

    def clear(self) -> None:
        self.wrong_box.visible = False
        self.picker.wrong()
        for show in self.others.values():
            show("")

    def missing_audience(self) -> bool:
        self.picker.wrong(f"{self.picker.missing}." if self.picker.missing else "")
        if self.picker.missing:
            ui.run_javascript(TO_THE_FAULT)
        return bool(self.picker.missing)

    def refused(self, refusal: Refusal) -> None:
        """Say it beside the thing it is about, and bring that into sight."""
        self._place_of(refusal)(_in_full(refusal))
        self.switch.set("write")
        ui.run_javascript(TO_THE_FAULT)

    def phone_switch(self) -> None:
        with box("hb-only-phone hb-keep"):
            views = {"write": "Write", "preview": "Preview"}
            self.switch = Segmented(
                views, "write", lambda view: put(self.root, data_show=view), "What to show", testid="show"
            )

    def fault_box(self) -> None:
        with put(box("hb-alert bad hb-keep", testid="form-wrong"), role="alert") as self.wrong_box:
            icon("alert")
            with box("say"):
                self.wrong_words = text("", tag="b")
        self.wrong_box.visible = False

    def _place_of(self, refusal: Refusal) -> Callable[[str], Any]:
        name = str(refusal.details.get("field", ""))
        if name in self.others:
            return self.others[name]
        if name == "audience" or refusal.code in ABOUT_AUDIENCE:
            return self.picker.wrong
        return self.shown_at(refusal) or self._wrong

    def _wrong(self, sentence: str) -> None:
        self.wrong_words.set_text(sentence)
        self.wrong_box.visible = bool(sentence)


def _in_full(refusal: Refusal) -> str:
    causes = refusal.details.get("causes")
    return f"{refusal.sentence}. {' '.join(causes)}" if causes else refusal.sentence
