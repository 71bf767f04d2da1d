"""What came in: everything that providers and the inbox reported, newest first, and whose message each report is about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from data.database import now, reading
from domain.ledger import deliveries
from domain.ledger.causes import TOLD, Cause
from domain.ledger.deliveries import Delivery, Line
from domain.results import incoming, log, news
from domain.results.incoming import IncomingEvent
from domain.results.report import Kind
from domain.results.returned.reports import MAILBOX
from domain.sending.dispatches import Dispatch
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, empty, link, put, text
from ui.parts.feedback import io, sentence_for
from ui.parts.inputs import select
from ui.parts.send_rows import PATH as SENDS
from ui.parts.sent_message import readable
from ui.parts.settings_room import settings_room
from ui.parts.tables import Column, ListTable, Row, pill_cell

PATH: Final = "/settings/reports/events"
REPORTS: Final = "/settings/reports"
PAGE: Final = 25
ANY: Final = ""
KINDS: Final[Mapping[str, words.Told]] = {
    Kind.BOUNCE: ("Came back", "bad"),
    Kind.COMPLAINT: ("Complained", "bad"),
    Kind.REFUSED: ("Not sent by the provider", "bad"),
    Kind.DELAY: ("Delayed", "warn"),
    Kind.UNSUBSCRIBE: ("Unsubscribed", "warn"),
    Kind.DELIVERY: ("Delivered", "good"),
    Kind.ACCEPTED: ("Taken by the provider", "mute"),
    Kind.OPEN: ("Opened", "info"),
    Kind.CLICK: ("Clicked", "info"),
    "message": ("Wrote to the shop", "info"),
    Kind.RESUBSCRIBE: ("Subscribed again", "info"),
    Kind.AUTO_REPLY: ("Automatic answer", "mute"),
    Kind.OTHER: ("Something else", "mute"),
}
FOR_NOW: Final = ("Came back for now", "bad")
MATCHED: Final = {ANY: "Any message", "yes": "Our messages", "no": "No message of ours"}
NOT_OURS: Final = "Belongs to no message of ours"
WHAT: Final = (
    pill_cell()
    + '<div class="hb-cell-sub num">{{ props.row.when }}</div><div class="hb-cell-sub">{{ props.row.provider }}</div>'
)
WHOM: Final = (
    '<a v-if="props.row.href" class="hb-cell-name clip" :href="props.row.href">{{ props.row.name }}</a>'
    '<span v-else class="hb-cell-name clip">{{ props.row.name }}</span>'
    '<a v-if="props.row.sendHref" class="hb-link clip" :href="props.row.sendHref">{{ props.row.send }}</a>'
    f'<div v-else class="hb-cell-sub">{NOT_OURS}</div>'
)
WHY: Final = (
    '<div class="hb-why"><span v-if="props.row.why">{{ props.row.why }}</span>'
    '<details v-if="props.row.said" class="hb-said"><summary>Their own words</summary>'
    "<code>{{ props.row.said }}</code></details></div>"
)
COLUMNS: Final = [
    Column("status", "What", cell=WHAT),
    Column("name", "To whom", cell=WHOM),
    Column("why", "Why", cell=WHY),
]
PHONE: Final = (
    f'<div class="hb-rowcard"><div class="top"><div class="grow">{WHOM}</div>{pill_cell()}</div>{WHY}'
    '<div class="facts"><span>{{ props.row.when }}</span><span>{{ props.row.provider }}</span></div></div>'
)


@dataclass(frozen=True)
class Wanted:
    provider: str = ANY
    kind: str = ANY
    matched: str = ANY  # of MATCHED

    @property
    def question(self) -> dict[str, Any]:
        matched = {"yes": True, "no": False}.get(self.matched)
        return {"provider": self.provider or None, "kind": self.kind or None, "matched": matched}


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int
    last_id: int | None


async def build(by: Actor, provider: str = "", kind: str = "", matched: str = "") -> None:
    wanted = Wanted(
        provider if provider in _providers() else ANY,
        kind if kind in KINDS else ANY,
        matched if matched in MATCHED else ANY,
    )
    with settings_room(by, REPORTS):
        await Events(wanted).fetch(1)


class Events:
    def __init__(self, wanted: Wanted) -> None:
        self.wanted, self.asked = wanted, 0
        self.places: list[int | None] = [None]  # the row before which each page begins
        with box("hb-card hb-sends", "section", testid="events"):
            with box("bar"):
                with box("grow"):
                    text("What was reported", "hb-card-title", "h2")
                    text(
                        "By your mail provider and your inbox, newest first. Kept for half a year.", "hb-help"
                    )
                link("Delivery reports", REPORTS, testid="to-reports")
            with box("bar"):
                self._choice({ANY: "Everybody", **_providers()}, "provider", "Who reported it")
                kinds = {ANY: "Everything", **{kind: label for kind, (label, _) in KINDS.items()}}
                self._choice(kinds, "kind", "What was reported")
                self._choice(MATCHED, "matched", "Whose message")
            self.said = put(text("", "hb-said-line", testid="events-said"), role="status")
            self.table = ListTable(
                COLUMNS,
                phone=PHONE,
                on_page=self.fetch,
                page_size=PAGE,
                dense=True,
                nothing=self._nothing,
                testid="events-table",
            )

    async def fetch(self, number: int) -> None:
        """A late answer to an earlier question is dropped."""
        by = await current_actor()
        by.require(Right.MANAGE_SHOP)
        self.asked += 1
        mine, place = self.asked, min(number, len(self.places))
        self.table.loading()
        try:
            found = await io(_found, self.wanted, self.places[place - 1])
        except Exception as error:  # the list says so in its own place, with a way to try again
            if mine == self.asked and not self.table.table.is_deleted:
                self.said.visible = False
                self.table.failed(sentence_for(error), lambda: self.fetch(1))
            return
        if mine != self.asked or self.table.table.is_deleted:
            return
        self.places[place:] = [found.last_id] if found.last_id is not None else []
        self.table.show(found.rows, found.total, place)
        self.said.visible = found.total > 0
        self.said.set_text(f"{words.counted(found.total, 'report')}.")

    def _choice(self, options: dict[str, str], name: str, label: str) -> None:
        select(
            options,
            getattr(self.wanted, name),
            on_change=lambda event: self._narrow(**{name: event.value or ANY}),
            label=label,
            testid=f"events-{name}",
        ).classes("hb-filter")

    async def _narrow(self, **changes: str) -> None:
        if (narrowed := replace(self.wanted, **changes)) == self.wanted:
            return
        self.wanted, self.places = narrowed, [None]
        await self.fetch(1)

    def _nothing(self) -> None:
        if self.wanted != Wanted():
            empty("search", "No report fits", "Choose another provider or kind.", testid="no-events")
            return
        empty(
            "inbox",
            "Nothing was reported yet",
            "Once your mail provider reports, or mail comes back into your inbox, it is listed here.",
            "To the delivery reports",
            target=REPORTS,
            icon_name="gear",
            testid="no-events",
        )


def _providers() -> dict[str, str]:
    return {**{one.NAME: one.LABEL for one in news.every()}, MAILBOX: "Your inbox"}


def _found(wanted: Wanted, before: int | None) -> Found:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        seen = incoming.listed(session, **wanted.question, before=before, limit=PAGE + 1)
        total = incoming.how_many(session, **wanted.question)
        shown = seen[:PAGE]
        numbers = sorted({one.delivery_id for one in shown if one.delivery_id is not None})
        lines = deliveries.lines(session, Delivery.id.in_(numbers), limit=PAGE) if numbers else []
        sends = log.sends_of(session, lines)
        of = {line.id: line for line in lines}
        rows = [
            _row(one)
            | _whose(one, of.get(one.delivery_id or 0), sends)
            | {"when": words.when(one.at, zone, moment)}
            for one in shown
        ]
    return Found(rows, total, shown[-1].id if len(seen) > PAGE else None)


def _row(one: IncomingEvent) -> Row:
    status, tone = words.told(KINDS, one.kind)
    if one.kind is Kind.BOUNCE and one.permanent is False:
        status, tone = FOR_NOW
    reason = TOLD[Cause(one.reason)].sentence if one.reason in list(Cause) else ""
    if one.kind is Kind.OTHER and one.said:
        reason = f"Called “{one.said}” there."
    return {
        "id": one.id,
        "provider": _providers().get(one.provider, one.provider),
        "status": status,
        "tone": tone,
        "why": reason,
        "said": one.diagnostic,
    }


def _whose(one: IncomingEvent, line: Line | None, sends: dict[int, Dispatch]) -> Row:
    """The person and the message; of one that nobody knows, the address that was told."""
    address = one.address or "No address told"
    if line is None:
        return {"name": address, "href": "", "send": "", "sendHref": ""}
    return {
        "name": line.name or line.address or address,
        "href": f"/customers/{line.customer_id}" if line.customer_id else "",
        "send": readable(sends[line.dispatch_id].name),
        "sendHref": f"{SENDS}/{line.dispatch_id}",
    }


PAGES = [Page(PATH, "What was reported", build, right=Right.MANAGE_SHOP)]
