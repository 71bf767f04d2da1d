"""A date and a time on the shop's clock, or none."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from data.database import now
from domain.refusal import Refusal
from domain.sending import calendar
from domain.sending.calendar import Quiet
from ui import words
from ui.parts.basics import box, button, text
from ui.parts.inputs import Field, date_input, time_input


class SchedulePicker:
    """`on_change()` is called after each change. `wall` is such as "2026-12-01T09:00", or empty.

    `quiet()` gives the hours in which this message waits; None where it never does.
    """

    def __init__(
        self, zone: ZoneInfo, on_change: Callable[[], Any], quiet: Callable[[], Quiet | None] = lambda: None
    ) -> None:
        self.zone, self.on_change, self.quiet = zone, on_change, quiet
        with box("hb-two"):
            self.day = Field("Date", optional=True, testid="day-field")
            with self.day.body:
                self.date = date_input(label="Date", on_change=self._changed, testid="date")
            self.hour = Field("Time", f"Shop time, {zone.key.replace('_', ' ')}", testid="time-field")
            with self.hour.body:
                self.time = time_input(label="Time", on_change=self._changed, testid="time")
        with box("hb-row wrap"):
            self.said = text("", "hb-help grow", testid="when")
            self.none = button(
                "No schedule", self.clear, kind="ghost", icon="x", small=True, testid="no-schedule"
            )
        self.say()

    @property
    def wall(self) -> str:
        return f"{self.date.value}T{self.time.value}" if self.date.value and self.time.value else ""

    @property
    def is_begun(self) -> bool:
        return bool(self.date.value or self.time.value)

    def clear(self) -> None:
        self.date.set_value("")
        self.time.set_value("")

    def wrong(self, sentence: str = "") -> None:
        self.day.wrong(sentence)

    def check(self) -> bool:
        """Whether both halves are there; says what is missing."""
        self.day.wrong("" if self.date.value else "Choose a date too.")
        self.hour.wrong("" if self.time.value else "Choose a time too.")
        return bool(self.wall)

    def _changed(self) -> Any:
        self.wrong()
        self.hour.wrong()
        self.say()
        return self.on_change()

    def say(self) -> None:
        """Again, where something else than the time has changed what becomes of it."""
        self.none.visible = self.is_begun
        self.said.set_text(self._sentence(now()))

    def _sentence(self, moment: datetime) -> str:
        if not self.wall:
            return "Without a date it goes out when you press Send now." if not self.is_begun else ""
        try:
            when = calendar.appointment(self.wall, self.zone, now=moment)
        except Refusal as refusal:
            return refusal.sentence
        said = f"Goes out on {words.moment_in_full(when.instant, self.zone)}."
        quiet = quiet_sentence(self.quiet(), self.zone, when.instant)
        return f"{said} {when.note}".strip() if not quiet else f"{when.note} {quiet}".strip()


def quiet_sentence(quiet: Quiet | None, zone: ZoneInfo, at: datetime, *, now: bool = False) -> str:
    """Empty where a message of that moment does not wait."""
    end = calendar.quiet_until(quiet, zone, at) if quiet else None
    if end is None:
        return ""
    return f"{'These are' if now else 'That is in'} your quiet hours: {words.waits(end, at, zone)}."
