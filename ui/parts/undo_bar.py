"""What waits to go or goes just now, over every page of the shop: the way to call it back, then how far it is."""

from dataclasses import dataclass

from nicegui import Event, background_tasks, ui

from data.database import now, reading
from domain.sending import reports
from domain.sending.reports import Moving
from domain.shop.people import Actor, Right
from jobs import sending
from ui.frame import current_actor
from ui.parts.basics import box, button, icon, link, put, text
from ui.parts.feedback import handled, io, toast
from ui.parts.sent_message import readable
from ui.theme import address
from ui.words import number, people

CALM, LIVELY = 3.0, 1.0  # seconds between looks: while nothing moves, and while something does
MOST_LINES = 3

something_moved = Event[
    []
]()  # fire it after a launch, an undo or a stop, so that no bar waits for its next look

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
    """One send as it is drawn: replaced when it goes from waiting to sending, changed in place after that."""

    waiting: bool
    root: ui.element
    figures: ui.label


class UndoBar:
    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.room = box("hb-moving", testid="undo-bar")
        # An immediate timer would wait for the browser, and the page's first answer would then not wait for the page.
        self.timer = ui.timer(CALM, handled(self.look), immediate=False)
        self.look_soon()

    async def look(self) -> None:
        by = await current_actor()
        self.show(await io(_moving), by)

    def look_soon(self) -> None:
        """At the first, and when somebody went to another page, perhaps because they pressed Send."""
        background_tasks.create(handled(self.look)(), name="look at the sends", context=self.room)

    def show(self, moving: list[Moving], by: Actor) -> None:
        if self.room.is_deleted:
            return
        self.timer.interval = LIVELY if moving else CALM
        seen = [one for one in moving if one.waiting or one.to_reach - one.done > one.put_off][:MOST_LINES]
        self._forget({one.id for one in seen})
        for one in seen:
            line = self.lines.get(one.id)
            if line is None or line.waiting != one.waiting:
                line = self._draw(one, by)
            line.figures.set_text(f"{number(one.done)} of {number(one.to_reach)}")

    def _forget(self, staying: set[int]) -> None:
        for gone in set(self.lines) - staying:
            self.lines.pop(gone).root.delete()

    def _draw(self, one: Moving, by: Actor) -> Line:
        self._forget(set(self.lines) - {one.id})
        with self.room, put(box("hb-banner undo", testid=f"moving-{one.id}"), role="status") as root:
            icon("send")
            figures = _waiting(one, by) if one.waiting else _going(one)
        self.lines[one.id] = Line(one.waiting, root, figures)
        return self.lines[one.id]


def _waiting(one: Moving, by: Actor) -> ui.label:
    with box("say", "span"):
        text(f"Sending to {people(one.to_reach)} in ", "", "span")
        put(
            box("num", "hb-countdown", testid="undo-seconds"),
            data_seconds=f"{one.seconds_to_undo:.2f}",
            role="timer",
        )
    if by.may(Right.SEND):
        button("Undo", lambda: _undo(one.id), kind="plain", icon="undo", small=True, testid="undo")
    box("left", "i").style(f"animation-duration: {one.seconds_to_undo:.2f}s")
    return _unseen()


def _going(one: Moving) -> ui.label:
    with box("say", "span"):
        text(f"Sending “{readable(one.name)}”: ", "", "span")
        figures = text("", "num", "span", testid="moving-figures")
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
    toast(
        "Called back. Nobody was written to."
        + (" The campaign is a draft again." if undone.campaign_id else "")
    )


def _moving() -> list[Moving]:
    with reading() as session:
        return reports.moving(session, now=now())
