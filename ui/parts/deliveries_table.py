"""Who is on a send and what became of each: a searchable page of the ledger, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from data.database import now, reading
from domain.ledger import deliveries, engagement
from domain.ledger.deliveries import Of, State
from domain.results.recipients import Figure, behind
from domain.sending import dispatches, resending
from domain.sending.resending import Which
from domain.shop.people import Right
from domain.shop.shop import read as read_shop
from ui.frame import current_actor
from ui.parts import delivery_rows, second_try
from ui.parts.basics import box, button, link_button, put, text
from ui.parts.delivery_rows import NAME, PHONE, STATE, WHY_CELL
from ui.parts.equation import ALL, TERMS, states_of
from ui.parts.feedback import handled, io
from ui.parts.inputs import search_field
from ui.parts.tables import Column, ListTable, Row

PAGE = 25  # rows; the message stands beside them

ONLY: dict[str, str] = {
    Figure.DELIVERED: "delivered",
    Figure.PENDING: "no report yet",
    Figure.BOUNCED: "came back",
    Figure.COMPLAINED: "complained",
    Figure.OPENED: "opened by a person",
    Figure.CLICKED: "clicked by a person",
    Figure.REPLIED: "wrote back",
    Figure.HELD: "held by WhatsApp",
    Figure.UNDELIVERED: "failed",
}
COLUMNS = [
    Column("name", "Recipient", cell=NAME),
    Column("status", "State", cell=STATE),
    Column("why", "What became of it", cell=WHY_CELL),
]


@dataclass(frozen=True)
class Offer:
    """What can be done for everybody behind a term of the equation, and whom that leaves out."""

    act: str = ""
    words: str = ""


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int
    last_id: int
    offer: Offer


class DeliveriesTable:
    """`await table.show(term)` filters by a term of the equation; `await table.refresh()` keeps what is seen.

    `on_act` is called when somebody took up a row, or a whole term, once more.
    """

    def __init__(self, dispatch_id: int, on_act: Callable[[], Any]) -> None:
        self.dispatch_id, self.on_act = dispatch_id, on_act
        self.term, self.search = ALL, ""
        self.asked = 0
        self.cursors = [0]  # the row behind which each page begins: the ledger only grows at its end
        with box("hb-card", "section", testid="recipients"):
            with box("bar hb-bar-files"):
                with box("grow hb-bar-words"):
                    text("Recipients", "hb-card-title", "h2")
                    self.filter = text("", "hb-help", testid="recipients-filter")
                search_field("Search name or address", self._find, testid="recipient-search")
                link_button("CSV", file_of(dispatch_id, "csv"), icon="download", whole=True, testid="csv")
                link_button("Excel", file_of(dispatch_id, "xlsx"), icon="download", whole=True, testid="xlsx")
            with box("hb-said-line hb-row apart wrap") as self.all_line:
                self.all_words = text("", "grow", testid="for-all-words")
                self.all_button = button("", self._for_all, kind="primary", testid="for-all")
            self.all_line.visible = False
            self.table = ListTable(
                COLUMNS,
                phone=PHONE,
                on_page=self._turn,
                dense=True,
                page_size=PAGE,
                testid="recipients-table",
            )
            self.table.table.props(':table-row-class-fn="row => row.tint"')
            self.table.table.on("act", handled(lambda event: self._for_one(int(event.args))))
        self._say()

    async def show(self, term: str) -> None:
        self.term, self.cursors = term, [0]
        self._say()
        await self._fetch(1)

    async def refresh(self) -> None:
        await self._fetch(self.table.page)

    async def _find(self, search: str) -> None:
        self.search, self.cursors = search, [0]
        await self._fetch(1)

    async def _turn(self, page: int) -> None:
        await self._fetch(min(page, len(self.cursors)))

    async def _for_one(self, delivery_id: int) -> None:
        if await second_try.for_one(delivery_id):
            await self.on_act()

    async def _for_all(self) -> None:
        if await second_try.for_all(self.dispatch_id, self.term):
            await self.on_act()

    async def _fetch(self, page: int) -> None:
        by = await current_actor()
        self.asked += 1
        mine, cursor = self.asked, self.cursors[page - 1]
        found = await io(_found, self.dispatch_id, self.term, self.search, cursor, by.may(Right.SEND))
        if mine != self.asked or self.table.table.is_deleted:
            return
        self.cursors[page:] = [found.last_id]
        self.table.show(found.rows, found.total, page)
        self._offer(found.offer)

    def _offer(self, offer: Offer) -> None:
        self.all_line.visible = bool(offer.act or offer.words)
        self.all_words.set_text(offer.words)
        self.all_button.set_text(offer.act)
        self.all_button.visible = bool(offer.act)
        put(self.all_button, data_then=f"for-all-words term-{self.term}")

    def _say(self) -> None:
        shown = ONLY.get(self.term) or TERMS[self.term][0].lower()
        self.filter.set_text("Everybody on the list" if self.term == ALL else f"Only: {shown}")


def file_of(dispatch_id: int, form: str) -> str:
    return f"/marketing/sends/{dispatch_id}/recipients.{form}"


def _found(dispatch_id: int, term: str, search: str, after: int, may_send: bool) -> Found:
    moment, (of, states) = now(), those(dispatch_id, term)
    with reading() as session:
        dispatch, zone = dispatches.get(session, dispatch_id), read_shop(session).zone
        total = deliveries.how_many(session, of, states=states, search=search)
        lines = deliveries.lines(session, of, states=states, search=search, after=after, limit=PAGE)
        did = engagement.of_deliveries(session, [line.id for line in lines])
        hopes = resending.hopes(session, dispatch_id, [line.id for line in lines]) if may_send else {}
        offer = _offer(session, dispatch_id, term) if may_send else Offer()
    rows = [
        delivery_rows.row(
            line, dispatch, did.get(line.id), hopes, may_send=may_send, zone=zone, moment=moment
        )
        for line in lines
    ]
    return Found(delivery_rows.led_on(rows, f"term-{term}"), total, lines[-1].id if lines else after, offer)


def those(dispatch_id: int, term: str) -> tuple[Of, tuple[State, ...]]:
    """The rows behind a figure of the cards, or behind a term of the equation."""
    if term in list(Figure):
        return behind(Figure(term), dispatch_id), ()
    return dispatch_id, states_of(term)


def _offer(session: Session, dispatch_id: int, term: str) -> Offer:
    if term not in list(Which):
        return Offer()
    seen = resending.prospect(session, dispatch_id, Which(term))
    doubtful = deliveries.books(session, dispatch_id).not_sure if term == Which.NOT_SURE else 0
    count = doubtful or seen.ready
    left = f"Can’t be sent again: {seen.why}." if seen.left else ""
    return Offer(second_try.label_of(term, count) if count else "", left)
