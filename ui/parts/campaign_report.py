"""What became of a campaign's launch, whatever channels it went by: one record on top, each channel's own report below."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.results import figures
from domain.results.figures import Figures
from domain.sending import dispatches
from domain.sending.dispatches import DispatchState, Part
from domain.sending.reports import Report
from ui import words
from ui.frame import current_actor
from ui.parts import holds
from ui.parts.basics import box, card, facts, icon, link, pill, put, text
from ui.parts.feedback import handled, io
from ui.parts.inputs import Tabs
from ui.parts.progress import Progress
from ui.parts.send_report import EVERY, LATER, Look, SendReport, look_from

SELDOM: Final = 20  # times as long as a sum takes passes before the next
NAMES: Final = {Part.MAIN: "Email", Part.ALSO: "WhatsApp", Part.ASKED: "WhatsApp, asked later"}
BY: Final = {"email": "by email", "whatsapp": "by WhatsApp"}
ICONS: Final = {"email": "mail", "whatsapp": "chat"}


@dataclass(frozen=True)
class Rolled:
    """All sends of a campaign's launch at one moment. `figures` count each person once, whatever they got."""

    looks: tuple[Look, ...]  # the main one first
    figures: Figures

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(one.report.dispatch.id for one in self.looks)

    @property
    def moves(self) -> bool:
        return any(one.report.moves for one in self.looks)

    @property
    def by_channel(self) -> dict[str, int]:
        """Messages that went or may have gone."""
        went: dict[str, int] = {}
        for one in self.looks:
            books = one.report.books
            channel = one.report.dispatch.channel
            went[channel] = went.get(channel, 0) + books.sent + books.not_sure
        return went

    @property
    def reached(self) -> int:
        return self.figures.books.sent + self.figures.books.not_sure


class CampaignReport:
    """`on_change` hears that a send went on to another state. Draw it, then `await load()`."""

    def __init__(
        self,
        campaign_id: int,
        first: Rolled,
        on_change: Callable[[Report], Any],
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.ids, self.without, self.on_change = first.ids, without, on_change
        self.reports: dict[int, SendReport] = {}
        self.first = {one.report.dispatch.id: one for one in first.looks}
        self.rolled = RolledCard(campaign_id, first, self._pick, on_change) if len(first.looks) > 1 else None
        self.tabs: Tabs | None = None
        if self.rolled is None:
            self._build(first.ids[0])
        else:
            self.tabs = Tabs(
                {str(one): (NAMES[look.report.dispatch.part], self._views(one)) for one, look in self.first.items()},
                str(first.ids[0]),
                testid="part",
            )  # fmt: skip

    async def load(self) -> None:
        if self.tabs:
            await self.tabs.show(self.tabs.value)
        else:
            await self.reports[self.ids[0]].load()

    async def show(self, seen: Rolled, without: frozenset[str]) -> None:
        """What the page around has fetched."""
        self.without = without
        if self.rolled:
            self.rolled.show(seen)
        for one in seen.looks:
            number = one.report.dispatch.id
            self.first[number] = one
            if number in self.reports:
                self.reports[number].without = self._said_above(number)
                await self.reports[number].show(one)

    def _views(self, number: int) -> Callable[[], Any]:
        async def build() -> None:
            await self._build(number).load()

        return build

    def _build(self, number: int) -> SendReport:
        made = SendReport(self.first[number], self.on_change, without=self._said_above(number))
        self.reports[number] = made
        return made

    def _said_above(self, number: int) -> frozenset[str]:
        """The page speaks of the main send; each other one says itself how it ended."""
        return self.without if number == self.ids[0] else frozenset()

    async def _pick(self, number: int) -> None:
        if self.tabs:
            await self.tabs.show(str(number))


class RolledCard:
    """One sentence over all channels, the sum of its people, and a line for each send with how far it is."""

    def __init__(
        self,
        campaign_id: int,
        first: Rolled,
        on_pick: Callable[[int], Any],
        on_change: Callable[[Report], Any],
    ) -> None:
        self.campaign_id, self.on_pick, self.on_change = campaign_id, on_pick, on_change
        self.main_id = first.ids[0]
        self.sum_at = 0.0  # not before this moment
        self.lines: dict[int, Line] = {}
        with card(testid="rolled"):
            self.title = put(text("", "hb-card-title", "h2", testid="rolled-said"), aria_live="polite")
            self.sum = box("full")
            with box("hb-stack tight full"):
                for one in first.looks:
                    self.lines[one.report.dispatch.id] = Line(one, on_pick)
        self.said: Hashable = None
        self.show(first)
        self.timer = ui.timer(EVERY if first.moves else LATER, handled(self._again), immediate=False)

    def show(self, seen: Rolled) -> None:
        if self.sum.is_deleted:
            return
        self.stages = stages(seen.looks)
        self._show_lines(seen.looks)
        self.title.set_text(said(seen))
        pairs = _pairs(seen)
        if pairs != self.said:
            self.said = pairs
            self.sum.clear()
            with self.sum:
                facts(pairs)
        if hasattr(self, "timer"):
            self.timer.interval = EVERY if seen.moves else LATER

    def _show_lines(self, looks: Sequence[Look]) -> None:
        for one in looks:
            if one.report.dispatch.id in self.lines:
                self.lines[one.report.dispatch.id].show(one)

    async def _again(self) -> None:
        """How far each send is costs little to know; who of all was reached is summed up less often, the longer it takes."""
        await current_actor()
        looks = await io(_looks_now, self.campaign_id, self.main_id)
        if self.sum.is_deleted:
            return
        is_news = stages(looks) != self.stages
        if is_news or time.monotonic() >= self.sum_at:
            begun = time.monotonic()
            whole = await io(_whole_of, [one.report.dispatch.id for one in looks])
            self.sum_at = time.monotonic() + SELDOM * (time.monotonic() - begun)
            self.show(Rolled(looks, whole))
        else:
            self._show_lines(looks)
        if is_news:
            await self.on_change(looks[0].report)


class Line:
    """One send of the launch: by which channel, how it stands, how far it is; a press shows its report."""

    def __init__(self, one: Look, on_pick: Callable[[int], Any]) -> None:
        dispatch = one.report.dispatch
        self.state: tuple[str, str] | None = None
        with box("hb-part", testid=f"part-line-{dispatch.part}"):
            with box("hb-row apart wrap full"):
                with put(box("hb-row hb-part-name", "button"), type="button") as made:
                    icon(ICONS.get(dispatch.channel, "send"))
                    text(NAMES[dispatch.part], "strong", "span")
                    self.pill = box("", "span")
                made.on("click", handled(lambda: on_pick(dispatch.id)), [])
                with box("hb-row"):
                    self.figure = text("", "num", "span", testid="part-figure")
                    way = link("Its page", f"/marketing/sends/{dispatch.id}", classes="hb-link quiet")
                    put(way, aria_label=f"Its page: {NAMES[dispatch.part]}")
            self.progress = Progress(f"Progress {BY.get(dispatch.channel, '')}", "part-progress")

    def show(self, one: Look) -> None:
        report = one.report
        state = holds.state_of(report.dispatch)
        if state != self.state:
            self.state = state
            self.pill.clear()
            with self.pill:
                pill(*state)
        books = report.books
        went = books.sent + books.not_sure
        self.figure.set_text(f"{words.number(went)} of {words.number(report.to_reach)}")
        self.progress.set(report, one.zone, one.at)


def said(seen: Rolled) -> str:
    """Such as "312 people reached: 290 by email, 22 by WhatsApp"; somebody who got both is told apart."""
    went = {channel: number for channel, number in seen.by_channel.items() if number}
    begun = "reached so far" if seen.moves else "reached"
    if not seen.reached:
        return f"Nobody {begun}"
    parts = ", ".join(
        f"{words.number(number)} {BY.get(channel, channel)}" for channel, number in went.items()
    )
    twice = sum(went.values()) - seen.reached
    both = f", {words.number(twice)} of them by both" if twice > 0 and len(went) > 1 else ""
    return f"{words.people(seen.reached)} {begun}: {parts}{both}"


def _pairs(seen: Rolled) -> Sequence[tuple[str, str]]:
    """The sum, each person once; what is nought and need not be known is left out."""
    books, counts = seen.figures.books, seen.figures.counts
    told: list[tuple[str, int]] = [
        ("People on the list", books.recipients),
        ("Reached", books.sent),
        ("Not sure", books.not_sure),
        ("Still to go", books.queued),
        ("Failed", books.failed),
        ("Cancelled", books.cancelled),
        ("Left out", books.skipped),
        ("Opened or read", counts.unique_opens),
        ("Clicked", counts.unique_clicks),
        ("Wrote back", seen.figures.replied),
    ]
    return [(name, words.number(number)) for name, number in told if number or name == "Reached"]


def stages(looks: Sequence[Look]) -> Hashable:
    """What the page around has to be drawn anew for."""
    reports = (one.report for one in looks)
    return tuple((one.dispatch.id, one.dispatch.state, one.moves) for one in reports)


def rolled(session: Session, campaign_id: int, main_id: int, moment: datetime) -> Rolled:
    """The launch that this send belongs to: its main part first, then what went beside and after it."""
    looks = _looks(session, campaign_id, main_id, moment)
    sends = [one.report.dispatch for one in looks]
    whole = looks[0].figures if len(looks) == 1 else figures.of_sends(session, sends, now=moment)
    return Rolled(looks, whole)


def _looks(session: Session, campaign_id: int, main_id: int, moment: datetime) -> tuple[Look, ...]:
    run = dispatches.of_run(session, campaign_id, dispatches.get(session, main_id).run_no)
    parts = [one for one in run if one.id == main_id or one.state is not DispatchState.UNDONE]
    parts.sort(key=lambda one: (one.part is not Part.MAIN, one.id))
    return tuple(look_from(session, one.id, moment) for one in parts)


def _looks_now(campaign_id: int, main_id: int) -> tuple[Look, ...]:
    with reading() as session:
        return _looks(session, campaign_id, main_id, now())


def _whole_of(dispatch_ids: list[int]) -> Figures:
    with reading() as session:
        sends = [dispatches.get(session, one) for one in dispatch_ids]
        return figures.of_sends(session, sends, now=now())
