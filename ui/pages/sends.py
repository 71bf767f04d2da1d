"""Every send of the shop, newest first, and the report of one of them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading, unit
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, promotion, reports
from domain.sending.dispatches import PURGED, Dispatch, DispatchState
from domain.sending.preview import Sight
from domain.sending.reports import Report, SendRow
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.parts import diagnosis, holds, tables
from ui.parts.basics import (
    alert,
    box,
    button,
    card,
    empty,
    facts,
    head,
    icon_button,
    link,
    menu,
    page,
    pill,
    text,
)
from ui.parts.bought_afterwards import BoughtAfterwards
from ui.parts.campaign_story import send_story
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import handled, io, refusals_to, toast
from ui.parts.inputs import field, text_input
from ui.parts.send_controls import controls
from ui.parts.send_report import Look, SendReport, look_at
from ui.parts.sent_message import Pairs, copyable, message_card, readable
from ui.parts.steady import Steady
from ui.parts.tables import (
    MOST_ROWS,
    Column,
    ListTable,
    name_cell,
    number_cell,
    phone_item,
    pill_cell,
    rate_cell,
)

PATH = "/marketing/sends"
EVERY = 1.5  # seconds between looks while a send on the page moves

COLUMNS = [
    Column("when", "Sent at"),
    Column("name", "Campaign", cell=name_cell(sub="sub")),
    Column("type", "Type", cell='<span class="hb-tag">{{ props.row.type }}</span>'),
    Column("recipients", "Recipients", "right", cell=number_cell("recipients")),
    Column("rate", "Sent", "right", cell=rate_cell("rate")),
    Column("failed", "Failed", "right", cell=number_cell("failed")),
    Column("status", "State", cell=pill_cell()),
]


@dataclass(frozen=True)
class Seen:
    rows: list[tables.Row]
    total: int
    moves: bool


async def build() -> None:
    await SendList().draw()


class SendList:
    async def draw(self) -> None:
        with page():
            with head("Sends", "Everything that went out, newest first: campaigns and one-shots."):
                icon_button("refresh", "Refresh", self.refresh, testid="refresh").classes("hb-hide-phone")
            with box("hb-card"):
                self.table = ListTable(
                    COLUMNS,
                    phone=phone_item(facts="facts", pill=("tone", "status")),
                    on_open=lambda dispatch_id: ui.navigate.to(f"{PATH}/{int(dispatch_id)}"),
                    on_page=self._fetch,
                    nothing=_nothing,
                    testid="sends",
                )
        self.timer = ui.timer(EVERY, handled(self.refresh), immediate=False)
        await self._fetch(1)

    async def refresh(self) -> None:
        await self._fetch(self.table.page)

    async def _fetch(self, number: int) -> None:
        await current_actor()
        seen = await io(_seen, number)
        if self.table.table.is_deleted:
            return
        self.table.show(seen.rows, seen.total, number)
        self.timer.active = seen.moves


async def build_one(by: Actor, dispatch_id: int) -> None:
    await SendPage(by, dispatch_id).draw()


class SendPage:
    def __init__(self, by: Actor, dispatch_id: int) -> None:
        self.by, self.id = by, dispatch_id

    async def draw(self) -> None:
        look, reader, sight, campaign = await io(_send, self.id)
        with page() as self.root:
            self.top = Steady("hb-stack")
            with box("hb-cols"):
                with box("hb-stack"):
                    self.report = SendReport(look, self._moved_on)
                with box("hb-stack"):
                    self.details = Steady()
                    begun = look.report.dispatch.started_at is not None
                    bought = BoughtAfterwards(look.report.dispatch) if begun else None
                    if sight:
                        message_card(sight, reader)
        self._fill(look, campaign)
        await self.report.load()
        if bought:
            await bought.fill()

    async def redraw(self) -> None:
        self.by = await current_actor()
        look, _, _, campaign = await io(_send, self.id)
        if self.root.is_deleted:
            return
        self._fill(look, campaign)
        await self.report.show(look)

    async def _moved_on(self, _: Report) -> None:
        await self.redraw()

    def _fill(self, look: Look, campaign: str) -> None:
        send = look.report.dispatch
        self.top.show(
            (self.by.role, send.state, holds.state_of(send), campaign), lambda: self._head(send, campaign)
        )
        story = send_story(look.report, look.zone, look.at)
        self.details.show(tuple(story), lambda: self._details(story))

    def _details(self, story: Pairs) -> None:
        with card("Details", testid="details"):
            facts(story)
            copyable("Send id", str(self.id), testid="send-id")

    def _head(self, dispatch: Dispatch, campaign: str) -> None:
        with head(readable(dispatch.name), back=("Sends", PATH)):
            icon_button("refresh", "Refresh", self.redraw, testid="refresh").classes("hb-hide-phone")
            if dispatch.is_running and self.by.may(Right.SEND):
                controls(dispatch, self.redraw)
            elif dispatch.campaign_id is None and self.by.may(Right.EDIT_CAMPAIGNS):
                button("Save as campaign", self._promote, icon="mail", testid="promote")
            menu([("copy", "Copy diagnosis", lambda: diagnosis.show(self.id))], label="More", testid="more")
        with box("hb-row wrap hb-under-head"):
            pill(*holds.state_of(dispatch), testid="status")
            text(dispatch.audience_label, "muted", "span", testid="audience")
            if campaign:
                link(
                    f"Campaign: {campaign}", f"/marketing/campaigns/{dispatch.campaign_id}", testid="campaign"
                )
        if dispatch.purged_at is not None:
            alert("What was written is gone", PURGED, testid="purged")

    async def _promote(self) -> None:
        made = await _asked_for_name(self.id)
        if made:
            toast("Saved as a campaign")
            ui.navigate.to(f"/marketing/campaigns/{made}")


async def _asked_for_name(dispatch_id: int) -> int | None:
    with sheet("Save as campaign") as dialog:
        text(
            "The message and its audience become a campaign that you can copy. Its history stays.",
            "body",
            "p",
        )
        with field("Name", "Only your team sees it.", testid="promote-name") as name:
            entry = text_input(label="Name of the campaign", testid="promote-entry")

        async def save() -> None:
            name.wrong()
            by = await current_actor()
            with refusals_to(lambda _, sentence: name.wrong(sentence)):
                dialog.submit(await io(_promoted, dispatch_id, str(entry.value or ""), by))

        entry.on("keydown.enter", handled(save), [])
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None), testid="cancel")
            button("Save", save, kind="primary", testid="confirm")
    made = await ask(dialog)
    return int(made) if made else None


def _nothing() -> None:
    empty(
        "send",
        "Nothing was sent yet",
        "As soon as you press Send on a campaign or a one-shot, it is listed here with what became of it.",
        "To the campaigns",
        target="/marketing/campaigns",
        icon_name="mail",
        testid="no-sends",
    )


def _seen(number: int) -> Seen:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        rows, total = reports.send_rows(session, page=number, size=MOST_ROWS)
    return Seen(
        [_row(row, zone, moment) for row in rows], total, any(row.dispatch.is_running for row in rows)
    )


def _row(row: SendRow, zone: ZoneInfo, moment: datetime) -> tables.Row:
    dispatch, books = row.dispatch, row.books
    label, tone = holds.state_of(dispatch)
    when = words.when(dispatch.created_at, zone, moment)
    undone = dispatch.state is DispatchState.UNDONE
    counts = f"{words.number(books.sent)} of {words.number(books.recipients)} sent"
    held = holds.sentence(dispatch, zone, moment) if holds.is_held(dispatch) else ""
    return {
        "id": dispatch.id,
        "href": f"{PATH}/{dispatch.id}",
        "when": when,
        "name": readable(dispatch.name),
        "sub": f"{held}, {words.people(books.queued)} to go" if held else dispatch.audience_label,
        "type": words.MESSAGE_TYPE.get(dispatch.message_type, str(dispatch.message_type)),
        "recipients": books.recipients,
        "rate": None if undone else words.percent(books.sent, books.recipients),
        "failed": books.failed,
        "status": label,
        "tone": tone,
        "facts": f"{when} · {counts}",
    }


def _send(dispatch_id: int) -> tuple[Look, str, Sight | None, str]:
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        reader, sight = _sight(dispatch)
        campaign = ""
        if dispatch.campaign_id is not None:
            try:
                campaign = campaigns.get(session, dispatch.campaign_id).name
            except Refusal:  # deleted since; its sends stay readable
                campaign = ""
    return look_at(dispatch_id), reader, sight, campaign


def _sight(dispatch: Dispatch) -> tuple[str, Sight | None]:
    try:
        with reading() as session:
            return reports.letter(session, dispatch)
    except Refusal:
        return "", None


def _promoted(dispatch_id: int, name: str, by: Actor) -> int:
    with unit() as session:
        return promotion.promote(session, dispatch_id, name, by=by, now=now()).id


PAGES = [
    Page(PATH, "Sends", build, nav=Nav("Reach", "history", "Sends")),
    Page(f"{PATH}/{{dispatch_id}}", "Send", build_one),
]
