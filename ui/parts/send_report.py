"""One send, told honestly: how far it is, the sum that must come out, what needs a look, and everybody on the list."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.ledger.held import Held
from domain.results import figures
from domain.results.figures import Figures
from domain.sending import dispatches, held_again, reports, resending
from domain.sending.dispatches import BARRED, DispatchState, Hold
from domain.sending.reports import Report
from domain.sending.resending import Which
from domain.shop.people import Right
from domain.shop.shop import read as read_shop
from ui import channel_words, words
from ui.frame import current_actor
from ui.parts import causes, holds, second_try
from ui.parts.basics import alert, box, button, card, put, text
from ui.parts.deliveries_table import DeliveriesTable
from ui.parts.engaged_card import EngagedCard
from ui.parts.equation import ALL, Equation
from ui.parts.feedback import handled, io
from ui.parts.outcome_cards import OutcomeCards, as_of
from ui.parts.progress import Progress

EVERY = 1.0  # seconds between looks while something moves
SOON = 0.1  # seconds until what stands further down is fetched
LATER = 20.0  # seconds between looks at what still comes in once it is over
AT_FIRST, YOUNG = 4.0, timedelta(minutes=2)  # and just after the end, when most reports come
TABLE_EVERY = 3  # looks between two readings of the recipients' table


@dataclass(frozen=True)
class Note:
    """Something to know about a send."""

    tone: str
    title: str
    body: str = ""
    testid: str | None = None
    term: str = ""  # of the equation: what can be done for all of them
    act: str = ""


@dataclass(frozen=True)
class Look:
    """A send at one moment, with all that its page says."""

    report: Report
    notes: tuple[Note, ...]
    zone: ZoneInfo
    at: datetime
    figures: Figures
    still_coming: bool


class SendReport:
    """`on_change` is called when the send goes on to another state, for what the page around shows of it.

    `without` names notes that the page around says itself.
    """

    def __init__(
        self, first: Look, on_change: Callable[[Report], Any], *, without: frozenset[str] = frozenset()
    ) -> None:
        self.id, self.on_change = first.report.dispatch.id, on_change
        self.without = without
        self.stage, self.looks = _stage(first.report), 0
        self.notes: tuple[Note, ...] = ()
        self.may_send = False
        self.notes_room = box("hb-stack tight")
        with card(testid="report"):
            self.progress = Progress()
            channel = first.report.dispatch.channel
            self.cards = OutcomeCards(self._pick, channel=channel)
            self.as_of = text("", "hb-help", testid="as-of")
            self.on_pictures = text(channel_words.of(channel).on_opening, "hb-help", testid="on-pictures")
            box("hb-rule")
            self.equation = Equation(self._pick)
            self.final = text("", "hb-help", testid="final")
        self.engaged = EngagedCard(self.id, channel)
        self.table = DeliveriesTable(self.id, self.refresh)
        self._write_notes()
        self._show(first)
        self.timer = ui.timer(EVERY, handled(self._tick), active=first.report.moves, immediate=False)
        self.later = ui.timer(
            _again_in(first), handled(self._look_again), active=first.still_coming, immediate=False
        )

    async def load(self) -> None:
        """The table's first page, and what this person may do."""
        self.may_send = (await current_actor()).may(Right.SEND)
        self._write_notes()
        await self.table.refresh()
        with self.engaged.room:
            ui.timer(
                SOON, handled(self.engaged.refresh), once=True, immediate=False
            )  # the page need not wait

    async def refresh(self) -> None:
        look = await io(look_at, self.id)
        told = self.stage
        await self.show(look)
        if self.stage != told:
            await self._tell(look.report)

    async def show(self, look: Look) -> None:
        """What the page around has fetched, and so need not be told."""
        self.may_send = (await current_actor()).may(Right.SEND)
        if self.notes_room.is_deleted:
            return
        self.stage = _stage(look.report)
        self._show(look)
        self.timer.active = look.report.moves
        self.later.interval = _again_in(look)
        await self.table.refresh()
        await self.engaged.refresh()

    async def _look_again(self) -> None:
        """Reports, opens and clicks come in long after the last message has left."""
        if not self.timer.active:
            await self.refresh()

    async def _tick(self) -> None:
        await current_actor()
        look = await io(look_at, self.id)
        if self.notes_room.is_deleted:
            return
        self._show(look)
        self.looks += 1
        over, told = not look.report.moves, self.stage
        self.stage = _stage(look.report)
        if over:
            self.timer.active = False
        if over or self.looks % TABLE_EVERY == 0:
            await self.table.refresh()
        if self.stage != told:
            await self._tell(look.report)

    async def _tell(self, report: Report) -> None:
        told = self.on_change(report)
        if asyncio.iscoroutine(told):
            await told

    async def _pick(self, term: str) -> None:
        """A second press on the same figure shows everybody again."""
        picked = ALL if term == self.table.term else term
        self.cards.paint(picked)
        self.equation.paint(picked)
        await self.table.show(picked)

    def _show(self, look: Look) -> None:
        self.progress.set(look.report, look.zone, look.at)
        self.cards.set(look.figures)
        self.as_of.set_text(as_of(look.figures, look.zone, look.at))
        self.on_pictures.visible = look.figures.counts_opens
        self.equation.set(look.report.books)
        self.final.set_text(_finality(look))
        notes = tuple(note for note in look.notes if note.testid not in self.without)
        if notes != self.notes:
            self.notes = notes
            self._write_notes()

    def _write_notes(self) -> None:
        self.notes_room.clear()
        self.notes_room.visible = bool(self.notes)
        with self.notes_room:
            for note in self.notes:
                actions = self._actions(note) if note.act and self.may_send else None
                alert(note.title, note.body, tone=note.tone, testid=note.testid, actions=actions)

    def _actions(self, note: Note) -> Callable[[], Any]:
        icon = second_try.icon_of(note.term)

        def draw() -> None:
            made = button(
                note.act, lambda: self._for_all(note.term), small=True, icon=icon, testid=f"all-{note.term}"
            )
            put(made, data_then=f"{note.testid} ending progress")

        return draw

    async def _for_all(self, term: str) -> None:
        if await second_try.for_all(self.id, term):
            await self.refresh()


def _again_in(look: Look) -> float:
    over = look.report.dispatch.finished_at
    return AT_FIRST if over is None or look.at - over < YOUNG else LATER


def _stage(report: Report) -> tuple[DispatchState, Hold, bool]:
    """A stop is one change, the answer to the last message on its way another: only then may the rest be sent."""
    return report.dispatch.state, report.dispatch.held_for, report.moves


def look_at(dispatch_id: int) -> Look:
    """In a thread beside the event loop."""
    with reading() as session:
        return look_from(session, dispatch_id, now())


def look_from(session: Session, dispatch_id: int, moment: datetime) -> Look:
    """For whoever tells more than the send: all of it is then as it was at one moment."""
    report = reports.report(session, dispatch_id, now=moment)
    zone = read_shop(session).zone
    found = figures.of_dispatch(session, report.dispatch, now=moment, books=report.books)
    failures = _failures(session, report, found)
    notes = tuple(filter(None, [*_notes(report, failures, zone, moment), _held_back(report, found.held)]))
    return Look(report, notes, zone, moment, found, figures.is_moving(report.dispatch, moment))


@dataclass(frozen=True)
class Failures:
    """Only told where they are more than usual: refused at once, or come back since."""

    causes: str = ""
    ready: int = 0  # can be tried again
    many: int = 0


def _failures(session: Session, report: Report, found: Figures) -> Failures:
    if not dispatches.needs_attention(replace(report.books, failed=found.failed), found.came_back):
        return Failures()
    dispatch_id = report.dispatch.id
    ready = 0 if report.moves else resending.prospect(session, dispatch_id, Which.FAILED).ready
    many = found.failed + found.came_back
    return Failures(causes.said(session, report, found.came_back, refused=found.failed), ready, many)


def _notes(report: Report, failures: Failures, zone: ZoneInfo, moment: datetime) -> list[Note]:
    notes = [
        _held(report, zone, moment),
        _ending(report),
        _doubt(report),
        _many_failed(report, failures),
        _second_try(report, zone, moment),
        _lateness(report),
        _drift(report),
        _left_out_on_the_way(report),
    ]
    return [note for note in notes if note]


def _held(report: Report, zone: ZoneInfo, moment: datetime) -> Note | None:
    send = report.dispatch
    if not holds.is_held(send):
        return None
    body = holds.what_now(send, report.done, report.to_reach, report.books.queued, zone, moment)
    if send.held_for in BARRED:
        body = f"{send.error} {body}".strip()
    return Note("warn" if holds.is_paused(send) else "info", holds.cause(send), body, "held")


def _ending(report: Report) -> Note | None:
    dispatch, books = report.dispatch, report.books
    reached = f"{words.number(books.sent + books.not_sure)} of {words.number(report.to_reach)} reached."
    match dispatch.state:
        case DispatchState.FAILED if dispatch.outcome == "nobody":
            return Note("bad", "Nobody was on the list", f"{dispatch.error}.", "ending")
        case DispatchState.FAILED:
            return Note("bad", "This send stopped part-way" if books.sent else "Nothing was sent",
                        f"{dispatch.error} {reached}", "ending")  # fmt: skip
        case DispatchState.STOPPED:
            return Note(
                "warn",
                dispatch.error or "Stopped.",
                f"{reached} Nobody of the rest was written to.",
                "ending",
            )
        case DispatchState.UNDONE:
            return Note("info", "Called back in time", "Nobody was written to.", "ending")
        case DispatchState.SENT if books.sent:
            answers = channel_words.of(dispatch.channel).answers
            return Note("good", f"Sent to {words.people(books.sent)}", answers, "ending")
    return None


def _doubt(report: Report) -> Note | None:
    if not report.books.not_sure:
        return None
    count = words.people(report.books.not_sure)
    return Note(
        "warn",
        f"Not sure about {count}",
        channel_words.of(report.dispatch.channel).in_doubt,
        "not-sure",
        Which.NOT_SURE,
        "" if report.moves else second_try.label_of(Which.NOT_SURE, report.books.not_sure),
    )


def _many_failed(report: Report, failures: Failures) -> Note | None:
    if not failures.many:
        return None
    share = words.percent(failures.many, report.books.sent + report.books.failed)
    title = f"{share}% could not be reached, which is more than usual"
    act = second_try.label_of(Which.FAILED, failures.ready) if failures.ready else ""
    return Note(
        "warn",
        title if report.books.sent else "Nobody could be reached",
        failures.causes,
        "many-failed",
        Which.FAILED,
        act,
    )


def _held_back(report: Report, held: Held) -> Note | None:
    """Neither a failure of the shop nor of the person."""
    if not held.people:
        return None
    asked = report.dispatch.content.get(held_again.ASKED_FOR)
    again = "tried once more after a day" if asked else "not tried again by themselves"
    body = f"They get many marketing messages just now, from any business. It is no fault of yours. They are {again}."
    return Note("info", f"WhatsApp holds back the message to {words.people(held.people)}", body, "held-back")


def _second_try(report: Report, zone: ZoneInfo, moment: datetime) -> Note | None:
    if not report.put_off:
        return None
    title = f"{words.people(report.put_off)} waiting for a second try"
    again = _next_try(report, zone, moment)
    taker = channel_words.of(report.dispatch.channel).taker
    return Note("info", title, f"{taker} said “later”. {again}", "put-off")


def _next_try(report: Report, zone: ZoneInfo, moment: datetime) -> str:
    """Not before a wait of the send itself is over, and nobody knows when where somebody has to press something."""
    if holds.is_paused(report.dispatch):
        return "They are tried again once somebody presses “Go on”."
    times = [time for time in (report.next_try, report.dispatch.held_until) if time]
    again = f"The next try is {holds.at(max(times), zone, moment)}. " if times else ""
    return f"{again}Handbill goes on trying for a day."


def _lateness(report: Report) -> Note | None:
    return (
        Note("info", "It started late", report.dispatch.late_reason, "late")
        if report.dispatch.late_reason
        else None
    )


def _drift(report: Report) -> Note | None:
    drift = report.drift
    if not drift:
        return None
    more = "more" if drift > 0 else "fewer"
    body = (
        f"The button said {words.number(report.dispatch.expected or 0)}. The list is written at the press itself, and "
        "in between somebody was added, changed or opted out."
    )
    return Note("info", f"{words.number(abs(drift))} {more} than shown when Send was pressed", body, "drift")


def _left_out_on_the_way(report: Report) -> Note | None:
    if not report.left_out_on_the_way:
        return None
    title = f"{words.people(report.left_out_on_the_way)} left out on the way"
    body = channel_words.of(report.dispatch.channel).on_the_way
    return Note("info", title, body, "on-the-way")


def _finality(look: Look) -> str:
    if look.report.moves:
        return "Press a figure to see who is behind it. The figures move by themselves."
    return f"{channel_words.of(look.report.dispatch.channel).final} Press a figure to see who is behind it."
