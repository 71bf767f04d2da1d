"""Every send of the shop, newest first, and the report of one of them."""

from nicegui import events, ui

from data.database import now, reading, unit
from domain.audience.reach import WHATSAPP_REACH
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, one_shots, promotion, reports
from domain.sending.dispatches import PURGED, Dispatch
from domain.sending.preview import Sight
from domain.sending.reports import Report
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.parts import diagnosis, holds
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
    link_button,
    menu,
    page,
    pill,
    put,
    text,
)
from ui.parts.bought_afterwards import BoughtAfterwards
from ui.parts.campaign_story import send_story
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import handled, io, refusals_to, toast
from ui.parts.inputs import field, select, text_input
from ui.parts.phone_preview import OnPhone, on_the_phone, phone_card
from ui.parts.send_controls import controls, one_send
from ui.parts.send_report import Look, SendReport, look_at
from ui.parts.send_rows import ANY, PATH, look, month_said, months
from ui.parts.sent_message import Pairs, copyable, message_card, readable
from ui.parts.steady import Steady
from ui.parts.tables import (
    Column,
    ListTable,
    name_cell,
    number_cell,
    phone_item,
    pill_cell,
)

EVERY = 1.5  # seconds between looks while a send on the page moves

KINDS = {ANY: "Every type"} | dict(words.MESSAGE_TYPE)
WHEN = f'<div class="hb-when">{{{{ props.row.when }}}}</div>{pill_cell()}'


def _figure(name: str, sub: str = "") -> str:
    """A number over its share; a dash where nobody counts."""
    below = f'<div class="hb-cell-sub num">{{{{ props.row.{sub} }}}}</div>' if sub else ""
    return number_cell(name, "–") + below


COLUMNS = [
    Column("when", "Sent at", cell=WHEN),
    Column("name", "Campaign", cell=name_cell(sub="sub")),
    Column("type", "Type", cell='<span class="hb-tag">{{ props.row.type }}</span>'),
    Column("recipients", "Recipients", "right", cell=number_cell("recipients")),
    Column("sent", "Sent", "right", cell=_figure("sent", "sentSub")),
    Column("delivered", "Delivered", "right", cell=_figure("delivered", "deliveredSub")),
    Column("back", "Came back", "right", cell=_figure("back")),
    Column("opened", "Opened", "right", cell=_figure("opened", "openedSub")),
    Column("clicked", "Clicked", "right", cell=_figure("clicked", "clickedSub")),
]


async def build(month: str = ANY, type: str = ANY) -> None:
    await SendList(month, type).draw()


class SendList:
    def __init__(self, month: str, kind: str) -> None:
        self.month, self.kind = month, kind if kind in KINDS else ANY
        self.months: dict[str, str] = {}

    async def draw(self) -> None:
        self.months = await io(months)
        if self.month not in self.months:
            self.month = ANY
        with page("wide"):
            with head("Sends", "Everything that went out, newest first: campaigns and one-shots."):
                link_button("Email log", "/marketing/log", icon="list", testid="email-log")
                icon_button("refresh", "Refresh", self.refresh, testid="refresh").classes("hb-hide-phone")
            with box("hb-card hb-sends"):
                self._bar()
                self.table = ListTable(
                    COLUMNS,
                    phone=phone_item(facts="facts", pill=("tone", "status")),
                    on_open=lambda dispatch_id: ui.navigate.to(f"{PATH}/{int(dispatch_id)}"),
                    on_page=self._fetch,
                    nothing=self._nothing,
                    testid="sends",
                )
        self.timer = ui.timer(EVERY, handled(self.refresh), immediate=False)
        await self._fetch(1)

    def _bar(self) -> None:
        with box("bar"):
            self.said = put(text("", "hb-bar-words", testid="month-said"), role="status")
            with box("hb-pick"):
                select(
                    self.months, self.month, on_change=self._span, label="When it was sent", testid="month"
                )
            with box("hb-pick"):
                select(KINDS, self.kind, on_change=self._type, label="Type of message", testid="type")

    async def refresh(self) -> None:
        await self._fetch(self.table.page)

    async def _span(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self.month = event.value or ANY
        await self._fetch(1)

    async def _type(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self.kind = event.value or ANY
        await self._fetch(1)

    async def _fetch(self, number: int) -> None:
        await current_actor()
        seen = await io(look, self.month, self.kind, number)
        if self.table.table.is_deleted:
            return
        self.said.set_text(month_said(seen.sent, self.months[self.month]) if seen.sent else "")
        self.said.visible = bool(seen.sent)
        self.table.show(seen.rows, seen.total, number)
        self.timer.active = seen.moves

    def _nothing(self) -> None:
        if self.month == self.kind == ANY:
            _nothing_yet()
            return
        empty("search", "Nothing was sent then", "Choose another month or type.", testid="no-sends")


async def build_one(by: Actor, dispatch_id: int) -> None:
    await SendPage(by, dispatch_id).draw()


class SendPage:
    def __init__(self, by: Actor, dispatch_id: int) -> None:
        self.by, self.id = by, dispatch_id

    async def draw(self) -> None:
        look, reader, sight, campaign = await io(_send, self.id)
        phone = await io(_phone, self.id)
        with page() as self.root:
            self.top = Steady("hb-stack")
            with box("hb-cols"):
                with box("hb-stack"):
                    self.report = SendReport(look, self._moved_on)
                with box("hb-stack"):
                    self.details = Steady()
                    begun = look.report.dispatch.started_at is not None
                    bought = BoughtAfterwards(look.report.dispatch) if begun else None
                    if phone:
                        phone_card(phone)
                    elif sight:
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
            (self.by.role, send.state, holds.state_of(send), campaign, send.finished_at, send.deleted_at),
            lambda: self._head(send, campaign),
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
                controls([dispatch], one_send(dispatch.id), self.redraw)
            elif self._may_keep_or_delete(dispatch):
                button("Save as campaign", self._promote, icon="mail", testid="promote")
            more = [("copy", "Copy diagnosis", lambda: diagnosis.show(self.id))]
            if self._may_keep_or_delete(dispatch) and dispatch.finished_at is not None:
                more.append(("trash", "Delete", self._delete))
            menu(more, label="More", testid="more")
        with box("hb-row wrap hb-under-head"):
            pill(*holds.state_of(dispatch), testid="status")
            text(dispatch.audience_label, "muted", "span", testid="audience")
            if campaign:
                link(
                    f"Campaign: {campaign}", f"/marketing/campaigns/{dispatch.campaign_id}", testid="campaign"
                )
        if dispatch.purged_at is not None:
            alert("What was written is gone", PURGED, testid="purged")
        elif dispatch.deleted_at is not None:
            alert("This one-shot is deleted", f"{PUT_BACK} {STAYS}", tone="info", testid="deleted")

    def _may_keep_or_delete(self, dispatch: Dispatch) -> bool:
        is_whole = dispatch.deleted_at is None and dispatch.purged_at is None
        is_one_shot = dispatch.campaign_id is None and not dispatch.is_running
        return is_one_shot and is_whole and self.by.may(Right.EDIT_CAMPAIGNS)

    async def _delete(self) -> None:
        by = await current_actor()
        sure = await confirm(
            "Delete this one-shot?",
            f"What it said goes for good some day; until then the owner can put it back. {STAYS}",
            confirm_label="Delete",
            kind="danger",
            icon="trash",
        )
        if sure:
            await io(_deleted, self.id, by)
            toast("Deleted")
            await self.redraw()

    async def _promote(self) -> None:
        made = await _asked_for_name(self.id)
        if made:
            toast("Saved as a campaign")
            ui.navigate.to(f"/marketing/campaigns/{made}")


STAYS = "To whom it was sent, and what came of it, stays in the list of sends."
PUT_BACK = "The owner can put it back, under Settings, Deleted."


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


def _nothing_yet() -> None:
    empty(
        "send",
        "Nothing was sent yet",
        "As soon as you press Send on a campaign or a one-shot, it is listed here with what became of it.",
        "To the campaigns",
        target="/marketing/campaigns",
        icon_name="mail",
        testid="no-sends",
    )


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


def _phone(dispatch_id: int) -> OnPhone | None:
    try:
        with reading() as session:
            dispatch = dispatches.get(session, dispatch_id)
            return on_the_phone(session, dispatch) if dispatch.channel == WHATSAPP_REACH.channel else None
    except Refusal:
        return None


def _deleted(dispatch_id: int, by: Actor) -> None:
    with unit() as session:
        one_shots.delete(session, dispatch_id, by=by, now=now())


def _promoted(dispatch_id: int, name: str, by: Actor) -> int:
    with unit() as session:
        return promotion.promote(session, dispatch_id, name, by=by, now=now()).id


PAGES = [
    Page(PATH, "Sends", build, nav=Nav("Reach", "history", "Sends")),
    Page(f"{PATH}/{{dispatch_id}}", "Send", build_one),
]
