"""What waits to go, goes, or is held just now, over every page of the shop: the way to call it back, then how far it is."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from data.database import now, reading
from domain.sending import reports
from domain.sending.dispatches import DispatchState, Part
from domain.sending.reports import Moving
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from jobs import sending
from ui.frame import current_actor
from ui.parts import holds
from ui.parts.basics import box, button, icon, link, put, text
from ui.parts.feedback import handled, io, toast
from ui.parts.send_controls import TOLD_IN, go_on, one_send, pause
from ui.parts.send_controls import something_moved as something_moved
from ui.parts.sent_message import readable
from ui.theme import address
from ui.words import number, people

CALM, LIVELY = 3.0, 1.0  # seconds between looks: while nothing moves, and while something does
MOST_LINES = 3

ui.add_head_html(f'<script src="{address("countdown.js")}"></script>', shared=True)


def build() -> None:
    bar = UndoBar()
    something_moved.subscribe(handled(bar.look))
    ui.context.client.sub_pages_router.on_path_changed(lambda _: bar.look_soon())


def path_of(dispatch_id: int, campaign_id: int | None) -> str:
    """Where a send is told about: on its campaign's page, or on one of its own."""
    return f"/marketing/campaigns/{campaign_id}" if campaign_id else f"/marketing/sends/{dispatch_id}"


@dataclass
class Line:
    """One send as it is drawn: drawn anew when what it says changes, its figures changed in place."""

    said: tuple[str, ...]  # empty while the undo window is open
    root: ui.element
    figures: ui.label


@dataclass(frozen=True)
class Sight:
    """What moves, at one moment, on the shop's clock."""

    moving: list[Moving]
    zone: ZoneInfo
    at: datetime


class UndoBar:
    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.room = box("hb-moving", testid="undo-bar")
        # An immediate timer would wait for the browser, and the page's first answer would then not wait for the page.
        self.timer = ui.timer(CALM, handled(self.look), immediate=False)
        self.look_soon()

    async def look(self) -> None:
        by = await current_actor()
        self.show(await io(_look), by)

    def look_soon(self) -> None:
        """At the first, and when somebody went to another page, perhaps because they pressed Send."""
        background_tasks.create(handled(self.look)(), name="look at the sends", context=self.room)

    def show(self, sight: Sight, by: Actor) -> None:
        if self.room.is_deleted:
            return
        self.timer.interval = LIVELY if any(not holds.is_held(one) for one in sight.moving) else CALM
        seen = sorted(filter(_is_news, _pressed_once(sight.moving)), key=_urgency)[:MOST_LINES]
        self._forget({one.id for one in seen})
        for one in seen:
            line, said = self.lines.get(one.id), _said(one, sight)
            if line is None or line.said != said:
                line = self._draw(one, said, by, _beside(one, sight.moving))
            line.figures.set_text(f"{number(one.done)} of {number(one.to_reach)}")

    def _forget(self, staying: set[int]) -> None:
        for gone in set(self.lines) - staying:
            self.lines.pop(gone).root.delete()

    def _draw(self, one: Moving, said: tuple[str, ...], by: Actor, beside: Moving | None) -> Line:
        self._forget(set(self.lines) - {one.id})
        with self.room, put(box("hb-banner undo", testid=f"moving-{one.id}"), role="status") as root:
            icon("pause" if holds.is_paused(one) else "clock" if holds.is_held(one) else "send")
            figures = _waiting(one, by, beside) if one.waiting else _going(one, said, by)
        self.lines[one.id] = Line(said, root, figures)
        return self.lines[one.id]


def _is_news(one: Moving) -> bool:
    """A send that only waits for second tries is told on its own page."""
    return one.waiting or holds.is_held(one) or one.to_reach - one.done > one.put_off


def _pressed_once(moving: list[Moving]) -> list[Moving]:
    """What waits beside an email is called back with it, and needs no line of its own."""
    return [one for one in moving if not any(_beside(other, moving) is one for other in moving)]


def _beside(one: Moving, moving: list[Moving]) -> Moving | None:
    """What the same press sends on another channel, while it can still be called back."""
    if not one.waiting or one.part is not Part.MAIN or one.campaign_id is None:
        return None
    others = (other for other in moving if other.campaign_id == one.campaign_id and other.part is Part.ALSO)
    return next((other for other in others if other.waiting), None)


def _urgency(one: Moving) -> int:
    """There is room for a few: what can still be called back comes before what goes, and that before what stands."""
    return 0 if one.waiting else 2 if holds.is_held(one) else 1


def _said(one: Moving, sight: Sight) -> tuple[str, ...]:
    """Before the figures; on a phone the middle part is left to the send's own page."""
    if one.waiting:
        return ()
    name = f"“{readable(one.name)}”"
    if not holds.is_held(one):
        way = "" if one.part is Part.MAIN else " by WhatsApp"
        return (f"Sending {name}{way}: ", "", "")
    cause, goes_on = holds.cause(one), holds.goes_on(one, sight.zone, sight.at)
    return (f"{name}: ", f"{cause}: ", f"{goes_on}. ") if goes_on else (f"{name}: {cause}. ", "", "")


def _waiting(one: Moving, by: Actor, beside: Moving | None) -> ui.label:
    whom = (
        f"{people(one.to_reach)} and {number(beside.to_reach)} by WhatsApp"
        if beside
        else people(one.to_reach)
    )
    with box("say", "span"):
        text(f"Sending to {whom} in ", "", "span")
        put(
            box("num", "hb-countdown", testid="undo-seconds"),
            data_seconds=f"{one.seconds_to_undo:.2f}",
            role="timer",
        )
    if by.may(Right.SEND):
        made = button("Undo", lambda: _undo(one.id), kind="plain", icon="undo", small=True, testid="undo")
        put(made, data_then=TOLD_IN)
    box("left", "i").style(f"animation-duration: {one.seconds_to_undo:.2f}s")
    return _unseen()


def _going(one: Moving, said: tuple[str, ...], by: Actor) -> ui.label:
    with box("say", "span"):
        for words_, classes in zip(said, ("", "hb-hide-phone", ""), strict=True):
            text(words_, classes, "span")
        figures = text("", "num", "span", testid="moving-figures")
        text(" done" if holds.is_held(one) else "", "", "span")
    if by.may(Right.SEND):
        if holds.is_paused(one):
            made = button(
                "Go on", lambda: go_on(one_send(one.id)), icon="play", small=True, testid="bar-go-on"
            )
            put(made, data_place=f"bar-turn-{one.id}")
        elif one.state is DispatchState.SENDING:
            made = button(
                "Pause", lambda: pause(one_send(one.id)), icon="pause", small=True, testid="bar-pause"
            )
            put(made, data_place=f"bar-turn-{one.id}")
    link("Look", path_of(one.id, one.campaign_id), classes="")
    return figures


def _unseen() -> ui.label:
    """A waiting send has no figures yet."""
    label = text("", "", "span")
    label.visible = False
    return label


async def _undo(dispatch_id: int) -> None:
    by = await current_actor()
    undone = await io(sending.undo, dispatch_id, by)
    something_moved.emit()
    is_draft = undone.campaign_id and undone.part is not Part.ASKED
    toast("Called back. Nobody was written to." + (" The campaign is a draft again." if is_draft else ""))


def _look() -> Sight:
    moment = now()
    with reading() as session:
        return Sight(reports.moving(session, now=moment), read_shop(session).zone, moment)
