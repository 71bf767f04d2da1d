"""The email log: every message to everybody, newest first, found by person, state or day; a failed one is sent again here."""

import json
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from nicegui import ui

from data.database import now, reading
from domain.ledger import engagement
from domain.refusal import Refusal
from domain.results import log
from domain.sending import resending
from domain.sending.dispatches import Dispatch
from domain.shop.people import Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.log_files import ANY, HELD, WHATSAPP, Wanted
from ui.parts import delivery_rows, second_try
from ui.parts.basics import box, empty, head, icon_button, link, page, put, text
from ui.parts.delivery_rows import ACTS, NAME, PHONE, SEND, STATE, WHY_CELL
from ui.parts.feedback import handled, io, sentence_for
from ui.parts.inputs import search_field, select
from ui.parts.send_rows import PATH as SENDS
from ui.parts.sent_message import readable
from ui.parts.span_filter import SpanFilter
from ui.parts.tables import Column, ListTable, Row

PATH: Final = "/marketing/log"
PAGE: Final = 25
STATES: Final = {
    ANY: "Every message",
    "failed": "Failed",
    "came_back": "Came back",
    HELD: "Held by WhatsApp",
    "complained": "Complained",
    "not_sure": "Not sure",
    "queued": "Waiting",
    "sent": "Sent",
    "delivered": "Delivered",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
}
CHANNELS: Final = {ANY: "By email", WHATSAPP: "By WhatsApp"}
ABOUT: Final = {
    ANY: ("Email log", "Every email to everybody, newest first, and what became of it."),
    WHATSAPP: ("WhatsApp log", "Every message by WhatsApp, newest first, and what became of it."),
}
COLUMNS: Final = [
    Column("name", "Recipient", cell=NAME),
    Column("send", "Message", cell=SEND),
    Column("status", "State", cell=STATE),
    Column("why", "What became of it", cell=WHY_CELL),
]


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int
    last_id: int | None
    too_many: str = ""  # why nothing is listed


async def build(
    search: str = "", state: str = "", since: str = "", until: str = "", channel: str = ""
) -> None:
    channel = WHATSAPP if channel == WHATSAPP else ANY
    wanted = Wanted(search, state if state in STATES else ANY, since, until, channel)
    title, lead = ABOUT[channel]
    with page("wide"):
        with head(title, lead, back=("Sends", SENDS)):
            shown = Log(wanted)
            icon_button("refresh", "Refresh", shown.refresh, testid="refresh").classes("hb-hide-phone")
        shown.draw()
    await shown.fetch(1)


class Log:
    def __init__(self, wanted: Wanted) -> None:
        self.wanted, self.asked, self.too_many = wanted, 0, ""
        self.places: list[int | None] = [None]  # the row behind which each page begins

    def draw(self) -> None:
        with box("hb-card hb-sends", "section", testid="log"):
            with box("bar"):
                search_field(
                    "Search name or address" if self.wanted.is_by_mail else "Search name or number",
                    self._search,
                    value=self.wanted.search,
                    testid="log-search",
                ).classes("whole")
                select(
                    CHANNELS,
                    self.wanted.channel,
                    on_change=lambda event: self._other(event.value or ANY),
                    label="Channel",
                    testid="log-channel",
                ).classes("hb-filter")
                select(
                    _states(self.wanted),
                    self.wanted.state,
                    on_change=lambda event: self._narrow(state=event.value or ANY),
                    label="State",
                    testid="log-state",
                ).classes("hb-filter")
                since, until = self.wanted.since, self.wanted.until
                spans = SpanFilter(since, until, self._narrow, label="When it was launched", testid="log")
            spans.draw_days()
            self.said = put(box("hb-said-line hb-row wrap", testid="log-said"), role="status")
            self.table = ListTable(
                COLUMNS,
                phone=PHONE,
                on_page=self.fetch,
                page_size=PAGE,
                dense=True,
                nothing=self._nothing,
                testid="log-table",
            )
            self.table.table.props(':table-row-class-fn="row => row.tint"')
            self.table.table.on("act", handled(lambda event: self._again(int(event.args))))

    async def fetch(self, number: int) -> None:
        """A late answer to an earlier question is dropped."""
        by = await current_actor()
        self.asked += 1
        mine, place = self.asked, min(number, len(self.places))
        self.table.loading()
        try:
            found = await io(_found, self.wanted, self.places[place - 1], by.may(Right.SEND))
        except Exception as error:  # the list says so in its own place, with a way to try again
            if mine == self.asked and not self.table.table.is_deleted:
                self.table.failed(sentence_for(error), self.refresh)
                self._say(0)
            return
        if mine != self.asked or self.table.table.is_deleted:
            return
        self.places[place:] = [found.last_id] if found.last_id is not None else []
        self.too_many = found.too_many
        self.table.show(found.rows, found.total, place)
        self._say(found.total)

    async def refresh(self) -> None:
        await self.fetch(self.table.page)

    def _other(self, channel: str) -> None:
        """Another log, with another name: a page of its own."""
        asked = replace(self.wanted, channel=channel).narrowed
        ui.navigate.to(f"{PATH}?{urlencode(asked)}" if asked else PATH)

    def _say(self, total: int) -> None:
        """How many messages fit, and a way to take just these along."""
        narrowed = self.wanted.narrowed
        query = f"?{urlencode(narrowed)}" if narrowed else ""
        self.said.clear()
        self.said.visible = total > 0
        with self.said:
            text(f"{words.counted(total, 'message')}.", "grow", testid="log-count")
            link("Export as CSV", f"{PATH}.csv{query}", whole=True, testid="log-csv")

    async def _search(self, typed: str) -> None:
        await self._narrow(search=typed)

    async def _narrow(self, **changes: str) -> None:
        if (narrowed := replace(self.wanted, **changes)) == self.wanted:
            return
        self.wanted, self.places = narrowed, [None]
        query = f"?{urlencode(self.wanted.narrowed)}" if self.wanted.narrowed else ""
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(PATH + query)})")
        await self.fetch(1)

    async def _again(self, delivery_id: int) -> None:
        if await second_try.for_one(delivery_id):
            await self.refresh()

    def _nothing(self) -> None:
        if self.too_many:
            empty("search", "Too many people are called so", self.too_many, testid="log-too-many")
            return
        if replace(self.wanted, channel=ANY).narrowed:
            empty(
                "search",
                "No message fits",
                "Try another name or address, another state, or a longer time.",
                testid="log-nothing",
            )
            return
        empty(
            "mail",
            "No email was sent yet" if self.wanted.is_by_mail else "Nothing was sent by WhatsApp yet",
            "As soon as you press Send, each message is listed here with what became of it.",
            "To the campaigns",
            target="/marketing/campaigns",
            icon_name="mail",
            testid="log-nothing",
        )


def _states(wanted: Wanted) -> dict[str, str]:
    """Only WhatsApp holds anything back, and nobody calls a message there spam."""
    other = HELD if wanted.is_by_mail else "complained"
    return {name: said for name, said in STATES.items() if name != other}


def _found(wanted: Wanted, after: int | None, may_send: bool) -> Found:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        try:
            found = log.page(session, wanted.asked(zone), after=after, limit=PAGE)
        except Refusal as refusal:
            if refusal.code != log.TOO_MANY:
                raise
            return Found([], 0, None, refusal.sentence)
        did = engagement.of_deliveries(session, [line.id for line in found.lines])
        hopes: dict[int, str | None] = {}
        for send in found.sends if may_send else ():
            over = [line.id for line in found.lines if line.dispatch_id == send and line.state in ACTS]
            hopes |= resending.hopes(session, send, over) if over else {}
    rows = [
        delivery_rows.row(
            line,
            found.sends[line.dispatch_id],
            did.get(line.id),
            hopes,
            may_send=may_send,
            zone=zone,
            moment=moment,
        )
        | _of(found.sends[line.dispatch_id])
        | ({} if line.at else {"when": words.when(found.sends[line.dispatch_id].created_at, zone, moment)})
        for line in found.lines
    ]
    return Found(delivery_rows.led_on(rows, "log-count"), found.total, found.last_id)


def _of(send: Dispatch) -> Row:
    """A one-shot is called after its subject: that need not be read twice."""
    name, subject = readable(send.name), readable(send.subject)
    return {
        "sendHref": f"{SENDS}/{send.id}",
        "send": name,
        "subject": "" if subject in name else subject,
    }


PAGES = [Page(PATH, "Email log", build, nav=Nav("Reach", "list", "Email log"))]
