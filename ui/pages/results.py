"""What the shop's messages came to: figures of a span beside the one before, of all sends or of chosen campaigns."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.refusal import invalid
from domain.results import hours, overview
from domain.results.hours import Hours
from domain.results.overview import Overview, Span
from domain.sending import campaigns
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.parts.basics import box, card, empty, head, page, put, text
from ui.parts.best_hours import best_hours
from ui.parts.feedback import io, sentence_for
from ui.parts.inputs import date_input, select
from ui.parts.result_tiles import tiles
from ui.shop_days import midnight

PATH: Final = "/marketing/results"
SPANS: Final = {
    "30": "Last 30 days",
    "90": "Last 90 days",
    "365": "Last 12 months",
    "days": "Between days",
}
MOST_CAMPAIGNS: Final = 200  # the newest, to choose from


@dataclass(frozen=True)
class Wanted:
    """As the address holds it. Days are the shop's, both of them included."""

    span: str = "30"
    since: str = ""
    until: str = ""
    campaigns: str = ""  # their numbers, joined by commas; none: everything

    @property
    def numbers(self) -> list[int]:
        return [int(one) for one in self.campaigns.split(",") if one.isascii() and one.isdecimal()][
            :MOST_CAMPAIGNS
        ]

    @property
    def address(self) -> str:
        asked = {
            name: value for name, value in vars(self).items() if value and (name, value) != ("span", "30")
        }
        return PATH + (f"?{urlencode(asked)}" if asked else "")

    def as_span(self, zone: ZoneInfo, at: datetime) -> Span:
        if self.span != "days":
            return overview.last_days(at, zone, int(self.span))
        since, until = midnight(self.since, zone, "range"), midnight(self.until, zone, "range", days=1)
        if since is None or until is None:
            raise invalid("range", "Choose both days.")
        return overview.checked(since, until)


@dataclass(frozen=True)
class Seen:
    overview: Overview
    hours: Hours
    zone: ZoneInfo


async def build(span: str = "30", since: str = "", until: str = "", campaigns: str = "") -> None:
    wanted = Wanted(span if span in SPANS else "30", since, until, campaigns)
    await Results(wanted, await io(_names)).draw()


class Results:
    def __init__(self, wanted: Wanted, names: dict[str, str]) -> None:
        self.wanted, self.names, self.asked = wanted, names, 0

    async def draw(self) -> None:
        with page():
            with head(
                "Results", "What your messages came to. Machines that only look are told apart from people."
            ):
                pass
            with box("hb-card", "section"):
                with box("bar"):
                    select(
                        SPANS, self.wanted.span, on_change=self._span, label="Time", testid="results-span"
                    ).classes("hb-filter")
                    if self.names:
                        self._campaigns()
                self._days()
                self.said = put(box("hb-said-line", testid="results-said"), role="status")
                self.figures = box("full")
            self.more = box("full hb-stack")
        await self.fetch()

    async def fetch(self) -> None:
        """A late answer to an earlier question is dropped."""
        await current_actor()
        self.asked += 1
        mine = self.asked
        try:
            seen = await io(_seen, self.wanted)
        except Exception as error:  # the page says so in its own place
            if mine == self.asked:
                self._say_wrong(sentence_for(error))
            return
        if mine == self.asked and not self.figures.is_deleted:
            self._show(seen)

    def _show(self, seen: Seen) -> None:
        for room in (self.said, self.figures, self.more):
            room.clear()
        with self.said:
            text(span_said(seen.overview, seen.zone), testid="results-span-said")
        with self.figures:
            if seen.overview.now.sends:
                tiles(seen.overview)
            else:
                empty(
                    "chart",
                    "Nothing was sent in that time",
                    "Choose a longer time, or other campaigns.",
                    testid="no-results",
                )
        if seen.overview.now.sends:
            with self.more, box("hb-cols"):
                best_hours(seen.hours)
                _beside(seen.overview)

    def _say_wrong(self, sentence: str) -> None:
        for room in (self.said, self.figures, self.more):
            room.clear()
        with self.said:
            text(sentence, testid="results-wrong")

    def _days(self) -> None:
        with box("bar") as self.days:
            for name, label in (("since", "From"), ("until", "To")):
                with box("hb-filter"):
                    text(label, "hb-label")
                    date_input(
                        getattr(self.wanted, name),
                        on_change=lambda e, name=name: self._narrow(**{name: e.value or ""}),
                        label=f"{label} day",
                        testid=f"results-{name}",
                    )
        self.days.visible = self.wanted.span == "days"

    def _campaigns(self) -> None:
        chosen = [str(number) for number in self.wanted.numbers if str(number) in self.names]
        select(
            self.names,
            chosen,
            on_change=lambda e: self._narrow(campaigns=",".join(e.value or [])),
            label="Campaigns",
            placeholder="" if chosen else "All campaigns and one-shots",
            searchable=True,
            multiple=True,
            testid="results-campaigns",
        ).classes("grow")

    async def _span(self, event: Any) -> None:
        self.days.visible = event.value == "days"
        if event.value != "days":
            await self._narrow(span=event.value, since="", until="")
        elif not self.wanted.since:
            since, until = await io(_last_month)
            self.wanted = replace(self.wanted, span="days")
            await self._narrow(since=since, until=until)

    async def _narrow(self, **changes: str) -> None:
        if (narrowed := replace(self.wanted, **changes)) == self.wanted:
            return
        self.wanted = narrowed
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self.wanted.address)})")
        await self.fetch()


def span_said(seen: Overview, zone: ZoneInfo) -> str:
    """Both spans by their days, so that nobody has to guess what "before" is."""
    return f"{_days_of(seen.span, zone)}, beside {_days_of(seen.span.before, zone)}."


def _days_of(span: Span, zone: ZoneInfo) -> str:
    first, last = (
        span.since.astimezone(zone).date(),
        (span.until - timedelta(seconds=2)).astimezone(zone).date(),
    )
    return f"{words.day(first)} to {words.day(last)}"


def _beside(seen: Overview) -> None:
    """What the six figures leave out."""
    now_ = seen.now
    with card("Beside these", testid="results-beside"), box("hb-facts", "dl"):
        for name, value in (
            ("Failed", words.number(now_.failed)),
            ("Left out", words.number(now_.skipped)),
            ("Complaints", words.number(now_.complained)),
            ("Opened by machines", words.counted(now_.machine_opens, "time")),
            ("Clicked by machines", words.counted(now_.machine_clicks, "time")),
        ):
            text(name, tag="dt")
            text(value, tag="dd")


def _names() -> dict[str, str]:
    with reading() as session:
        found = campaigns.page(session, limit=MOST_CAMPAIGNS)
        return {str(one.id): one.name for one in found}


def _seen(wanted: Wanted) -> Seen:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        span, chosen = wanted.as_span(zone, moment), wanted.numbers or None
        seen = overview.overview(session, span, campaigns=chosen, now=moment)
        return Seen(seen, _hours(session, span, chosen, zone), zone)


def _hours(session: Session, span: Span, chosen: list[int] | None, zone: ZoneInfo) -> Hours:
    those = overview.launched(session, span, campaigns=chosen)
    return hours.hours(session, [one.id for one in those], zone)


def _last_month() -> tuple[str, str]:
    """The month before this one, as something to begin with."""
    with reading() as session:
        here = now().astimezone(read_shop(session).zone).date()
    last = here.replace(day=1) - timedelta(days=1)
    return last.replace(day=1).isoformat(), last.isoformat()


PAGES = [Page(PATH, "Results", build, nav=Nav("Reach", "chart", "Results"))]
