"""When: any time, one of the usual spans, or between two days. For lists that are narrowed and found again by their address."""

from collections.abc import Awaitable, Callable
from typing import Final

from ui.parts.basics import box, text
from ui.parts.feedback import io
from ui.parts.inputs import date_input, select
from ui.shop_days import day_back

ANY: Final = ""
BETWEEN: Final = "days"
SPANS: Final = {
    ANY: "Any time",
    "1": "Today",
    "7": "Last 7 days",
    "30": "Last 30 days",
    BETWEEN: "Between days",
}


class SpanFilter:
    """`on_change` hears what has changed of `since` and `until`: days such as 2026-11-21, both included; empty for none."""

    def __init__(
        self, since: str, until: str, on_change: Callable[..., Awaitable[None]], *, label: str, testid: str
    ) -> None:
        self.since, self.until = since, until
        self.on_change, self.testid = on_change, testid
        select(
            SPANS,
            BETWEEN if since or until else ANY,
            on_change=lambda event: self._choose(event.value or ANY),
            label=label,
            testid=f"{testid}-span",
        ).classes("hb-filter")

    def draw_days(self) -> None:
        """A line of its own, below; there only while days are asked for."""
        with box("bar") as self.days:
            self._day("since", "From", self.since)
            self._day("until", "To", self.until)
        self.days.visible = bool(self.since or self.until)

    def _day(self, name: str, label: str, value: str) -> None:
        with box("hb-filter"):
            text(label, "hb-label")
            date_input(
                value,
                on_change=lambda event: self.on_change(**{name: event.value or ANY}),
                label=f"{label} day",
                testid=f"{self.testid}-{name}",
            )

    async def _choose(self, chosen: str) -> None:
        self.days.visible = chosen == BETWEEN
        if chosen != BETWEEN:
            await self.on_change(since=await io(day_back, int(chosen)) if chosen else ANY, until=ANY)
