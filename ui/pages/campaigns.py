"""The list of campaigns: what is planned, what goes out, and what went out last month."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import events, ui

from data.database import now, reading, unit
from domain.sending import campaigns, purging
from domain.sending.campaigns import Status
from domain.sending.reports import Asked
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.parts.basics import Stat, box, button, empty, head, icon, link_button, page, put, text
from ui.parts.campaign_rows import PATH, figures, look, month_said
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import Segmented, checkbox, search_field, select
from ui.parts.tables import Column, ListTable, number_cell, pill_cell, rate_cell
from ui.theme import glyph

NEW = f"{PATH}/new"
PILLS = {
    "all": "All",
    "draft": "Draft",
    "scheduled": "Scheduled",
    "sending": "Sending",
    "sent": "Sent",
    "failed": "Failed",
}
PERIODS = {"any": "Any time", "this": "Sent this month", "last": "Sent last month"}
EVERY = 2.0  # seconds between looks while a row moves or waits for its time

# The menu itself stands outside the table: a row that is drawn anew would close its own.
MORE = f"""<q-btn flat no-caps class="hb-icon-btn" icon="{glyph("more")}" aria-label="More" aria-haspopup="menu"
  :data-more="props.row.id" :data-testid="'more-' + props.row.id" @click="$parent.$emit('more', props.row.id)"></q-btn>"""
BY = (
    f'<q-icon v-if="props.row.by" class="hb-by" name="{glyph("chat")}" role="img" :aria-label="props.row.by" '
    ':title="props.row.by" data-testid="by-whatsapp"></q-icon>'
)
NAME = (
    f'<a class="hb-cell-name clip" :href="props.row.href">{{{{ props.row.name }}}} {BY}</a>'
    '<div class="hb-cell-sub clip">{{ props.row.sub }}</div>'
)
SENT = '<span v-if="props.row.rate !== null" class="num">{{ props.row.rate }}%</span>'
WHEN = '<div>{{ props.row.when }}</div><div class="hb-cell-sub num">{{ props.row.whenSub }}</div>'


def _columns(by: Actor) -> list[Column]:
    columns = [
        Column("name", "Campaign", cell=NAME),
        Column("status", "Status", cell=pill_cell()),
        Column("recipients", "Recipients", "right", cell=number_cell("recipients", "none yet")),
        Column("rate", "Sent", "right", cell=SENT),
        Column("opened", "Opened", "right", cell=rate_cell("opened")),
        Column("clicked", "Clicked", "right", cell=rate_cell("clicked")),
        Column("when", "When", "right", cell=WHEN),
    ]
    return [*columns, Column("more", "", "right", cell=MORE)] if by.may(Right.EDIT_CAMPAIGNS) else columns


def _card(by: Actor) -> str:
    more = MORE if by.may(Right.EDIT_CAMPAIGNS) else ""
    return (
        '<div class="hb-rowcard with-menu"><a class="grow" :href="props.row.href"><div class="top"><div class="grow">'
        f'<div class="hb-cell-name">{{{{ props.row.name }}}} {BY}</div><div class="hb-cell-sub">{{{{ props.row.sub }}}}</div></div>'
        + pill_cell()
        + '</div><div class="facts" v-if="props.row.facts">{{ props.row.facts }}</div></a>'
        + more
        + "</div>"
    )


async def build(by: Actor, pill: str = "all", period: str = "any") -> None:
    await CampaignList(
        by, Asked(pill if pill in PILLS else "all"), period if period in PERIODS else "any"
    ).draw()


class CampaignList:
    def __init__(self, by: Actor, asked: Asked, period: str) -> None:
        self.by, self.asked, self.period = by, asked, period
        self.looks = 0
        self.chosen = 0  # the row whose menu is open

    async def draw(self) -> None:
        with page():
            with head("Campaigns", "One message, one list of people, sent once."):
                if self.by.may(Right.EDIT_CAMPAIGNS):
                    link_button("New campaign", NEW, kind="primary", icon="plus", testid="new-campaign")
            with box("hb-card"), box("hb-stats"):
                self._strip()
            with box("hb-card hb-sends"):
                self._bar()
                self.said = text("", "hb-said-line", testid="month-said")
                self.table = ListTable(
                    _columns(self.by), phone=_card(self.by), on_open=_open, on_page=self._turn,
                    nothing=self._nothing, testid="campaigns",
                )  # fmt: skip
                self.table.table.on("more", handled(self._more))
                self.menu = self._menu()
        await self._fetch(1)
        self.timer = ui.timer(EVERY, handled(self._again), immediate=False)
        await self._figure()

    def _strip(self) -> None:
        self.reachable = Stat("Reachable customers", "…", testid="reachable")
        self.sent_30 = Stat("Sent, last 30 days", "…", testid="sent-30")
        self.last_month = Stat("Last month", "…", target=f"{PATH}?period=last", testid="last-month")
        self.next = Stat("Next to go", "…", testid="next-to-go")

    def _bar(self) -> None:
        with box("bar"):
            options: dict[str, tuple[str, int | None] | str] = {
                key: (label, 0) for key, label in PILLS.items()
            }
            self.pills = Segmented(options, self.asked.pill, self._choose, "Status", testid="pill")
            box("grow hb-hide-phone")
            with box("hb-pick"):
                select(PERIODS, self.period, on_change=self._span, label="When it was sent", testid="period")
            search_field("Search campaigns", self._find)

    async def _figure(self) -> None:
        found = await io(figures)
        if self.said.is_deleted:
            return
        self.reachable.set(words.number(found.reachable), f"of {words.number(found.customers)} in your book")
        self.sent_30.set(
            words.number(found.sent_30.messages), f"in {words.counted(found.sent_30.sends, 'send')}"
        )
        self.last_month.set(
            words.number(found.last_month.messages),
            f"{found.last_month_name}, in {words.counted(found.last_month.sends, 'send')}",
        )
        day, _, time = found.next_at.rpartition(", ")
        self.next.set(day or "Nothing", f"{time}, {found.next_name}" if day else "No campaign is scheduled")

    async def _choose(self, pill: str) -> None:
        self.asked = replace(self.asked, pill=pill)
        await self._fetch(1)

    async def _find(self, search: str) -> None:
        self.asked = replace(self.asked, search=search)
        await self._fetch(1)

    async def _span(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self.period = event.value or "any"
        await self._fetch(1)

    async def _turn(self, number: int) -> None:
        await self._fetch(number)

    async def _again(self) -> None:
        """The timer sleeps while nothing on the page can change by itself."""
        await self._fetch(self.table.page)

    async def _fetch(self, number: int) -> None:
        await current_actor()
        self.looks += 1
        mine = self.looks
        seen = await io(look, self.asked, self.period, number)
        if mine != self.looks or self.said.is_deleted:
            return
        self.table.show(seen.rows, seen.total, number)
        self.pills.count(seen.counts)
        self.said.visible = seen.sent is not None
        if seen.sent is not None:
            self.said.set_text(month_said(seen.sent, self.period))
        if hasattr(self, "timer"):
            self.timer.active = seen.moves

    def _nothing(self) -> None:
        may = self.by.may(Right.EDIT_CAMPAIGNS)
        if self.asked == Asked() and self.period == "any":
            empty(
                "mail",
                "No campaign yet",
                "A campaign is one message to one list of people. Write the first one; nothing leaves before you say so.",
                "New campaign" if may else None,
                target=NEW,
                testid="no-campaigns",
            )
        else:
            empty("search", "No campaign fits", "Try another status, month or word.", testid="none-fits")

    def _menu(self) -> ui.menu:
        with ui.menu().props("no-parent-event auto-close anchor='bottom right' self='top right'") as made:
            _entry("copy", "Duplicate", self._duplicate, "row-duplicate")
            self.deleting = _entry("trash", "Delete", self._remove, "row-delete").classes("is-danger")
        return made

    def _more(self, event: events.GenericEventArguments) -> None:
        self.chosen = int(event.args)
        locked = {row["id"] for row in self.table.table.rows if row["locked"]}
        self.deleting.visible = self.chosen not in locked
        self.menu.props["target"] = f'[data-more="{self.chosen}"]'
        self.menu.open()

    async def _duplicate(self) -> None:
        by = await current_actor()
        copied = await io(_duplicated, self.chosen, by)
        toast("A copy is ready as a draft")
        ui.navigate.to(f"{PATH}/{copied}/edit")

    async def _remove(self) -> None:
        if await sure_to_delete(self.chosen):
            await self._fetch(self.table.page)


async def sure_to_delete(campaign_id: int) -> bool:
    """Ask, then delete. Whether it is gone."""
    by = await current_actor()
    name, status, may_purge = await io(_name_of, campaign_id, by)
    if may_purge:
        return await _sure_to_drop(campaign_id, name)
    body = (
        "Its schedule is cancelled; nobody gets it."
        if status is Status.SCHEDULED
        else "It leaves the list. What was sent stays on the Sends page and with each customer."
        if status is Status.SENT
        else "It leaves the list."
    )
    if not await confirm(f"Delete “{name}”?", body, confirm_label="Delete", kind="danger", icon="trash"):
        return False
    await io(_deleted, campaign_id, await current_actor())
    toast("Deleted")
    return True


async def _sure_to_drop(campaign_id: int, name: str) -> bool:
    """Nobody ever got it and it is their own: they may also have it gone at once."""
    with sheet(f"Delete “{name}”?") as dialog:
        text("It leaves the list. The owner can put it back, under Settings, Deleted.", "body", "p")
        for_good = checkbox("Remove it for good at once", testid="for-good")
        with box("actions"):
            put(button("Cancel", lambda: dialog.submit(None), testid="cancel"), autofocus=True)
            button("Delete", lambda: dialog.submit(True), kind="danger", icon="trash", testid="confirm")
    if not await ask(dialog):
        return False
    drop = _dropped if for_good.value else _deleted
    await io(drop, campaign_id, await current_actor())
    toast("Removed for good" if for_good.value else "Deleted")
    return True


def _entry(name: str, words_: str, handler: Callable[[], Any], testid: str) -> ui.menu_item:
    with put(ui.menu_item(on_click=handled(handler)), role="menuitem", testid=testid) as made:
        icon(name)
        text(words_, tag="span")
    return made


def _open(campaign_id: int) -> None:
    ui.navigate.to(f"{PATH}/{int(campaign_id)}")


def _name_of(campaign_id: int, by: Actor) -> tuple[str, Status, bool]:
    with reading() as session:
        campaign = campaigns.get(session, campaign_id)
        return campaign.name, campaign.status, purging.may_purge(session, campaign, by)


def _duplicated(campaign_id: int, by: Actor) -> int:
    with unit() as session:
        return campaigns.duplicate(session, campaign_id, by=by, now=now()).id


def _deleted(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        campaigns.delete(session, campaign_id, by=by, now=now())


def _dropped(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        purging.purge_draft(session, campaign_id, by=by, now=now())


PAGES = [Page(PATH, "Campaigns", build, nav=Nav("Reach", "mail", "Campaigns", tab=True))]
