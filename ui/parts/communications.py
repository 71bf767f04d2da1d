"""What one customer was sent, campaign by campaign: their rows of the ledger, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.book import merging, proof
from domain.ledger import communications, deliveries, engagement
from domain.ledger.communications import Letter
from domain.ledger.deliveries import Delivery, Line
from domain.ledger.engagement import Engagement
from domain.message import merge
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import current_actor
from ui.parts.basics import box, empty, text
from ui.parts.delivery_rows import reason_of, state_of
from ui.parts.feedback import io
from ui.parts.tables import MOST_ROWS, Column, ListTable, Row, pill_cell

CHANNELS: Final = {"email": "Email", "whatsapp": "WhatsApp"}
NAME: Final = (
    '<a class="hb-cell-name clip" :href="props.row.href">{{ props.row.name }}</a>'
    '<div class="hb-cell-sub clip">{{ props.row.subject }}</div>'
)
DID: Final = (
    '<div v-if="props.row.did" class="hb-cell-sub wrapped" data-testid="did">{{ props.row.did }}</div>'
)
STATE: Final = f'{pill_cell()}<div class="hb-cell-sub wrapped">{{{{ props.row.why }}}}</div>{DID}'
PHONE: Final = (
    '<div class="hb-rowcard"><div class="top"><div class="grow">'
    + NAME
    + "</div>"
    + pill_cell()
    + '</div><div class="facts"><span v-if="props.row.why">{{ props.row.why }}</span>'
    '<span v-if="props.row.did">{{ props.row.did }}</span>'
    "<span>{{ props.row.kind }}</span><span>{{ props.row.when }}</span></div></div>"
)
COLUMNS: Final = [
    Column("name", "Campaign and subject", cell=NAME),
    Column("kind", "Kind"),
    Column("status", "Status", cell=STATE),
    Column("when", "When", align="right"),
]


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int
    last_id: int | None


class Communications:
    """`await Communications(7).fetch(1)` draws the newest page."""

    def __init__(self, customer_id: int) -> None:
        self.customer_id = customer_id
        self.places: list[int | None] = [None]  # the row before which each page begins
        self.asked = 0
        with box("hb-card", "section", testid="communications"):
            with box("bar"), box("grow"):
                text("Communications", "hb-card-title", "h2")
                text("Every message that was addressed to this person, and what became of it.", "hb-help")
            self.table = ListTable(
                COLUMNS, phone=PHONE, on_page=self.fetch, nothing=_nothing, testid="communications-table"
            )

    async def fetch(self, page: int) -> None:
        await current_actor()
        self.asked += 1
        mine, place = self.asked, min(page, len(self.places))
        found = await io(_found, self.customer_id, self.places[place - 1])
        if mine != self.asked or self.table.table.is_deleted:
            return
        self.places[place:] = [found.last_id]
        self.table.show(found.rows, found.total, place)


def _nothing() -> None:
    empty(
        "mail",
        "Nothing was sent to this person yet",
        "Once a campaign includes them, it is listed here with its outcome.",
        testid="no-communications",
    )


def _found(customer_id: int, before: int | None) -> Found:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        values = merging.values_of(session, [customer_id]).get(customer_id, {})
        values["shopName"] = read_shop(session).name
        total = communications.how_many(session, customer_id)
        letters = communications.letters(session, customer_id, before=before, limit=MOST_ROWS)
        numbers = [letter.delivery_id for letter in letters]
        lines = deliveries.lines(session, Delivery.id.in_(numbers), limit=MOST_ROWS)
        did, left = engagement.of_deliveries(session, numbers), proof.left_by(session, customer_id)
    told = {line.id: line for line in lines}
    rows = [
        _row(letter, told[letter.delivery_id], values, zone, moment)
        | {"did": _did(did.get(letter.delivery_id), left.get(letter.dispatch_id), zone, moment)}
        for letter in letters
    ]
    return Found(rows, total, letters[-1].delivery_id if letters else before)


def _row(letter: Letter, line: Line, values: Mapping[str, Any], zone: ZoneInfo, moment: datetime) -> Row:
    status, tone = state_of(line)
    kind = words.MESSAGE_TYPE.get(letter.message_type, letter.message_type)
    return {
        "id": letter.delivery_id,
        "href": _send(letter),
        "name": letter.name,
        "subject": _filled(letter.subject, values),
        "kind": f"{CHANNELS.get(letter.channel, letter.channel)}, {kind.lower()}",
        "status": status,
        "tone": tone,
        "why": reason_of(line, letter.channel),
        "when": words.when(letter.at, zone, moment),
    }


def _did(did: Engagement | None, left: datetime | None, zone: ZoneInfo, moment: datetime) -> str:
    """What the person did with it, not what a machine fetched. `left`: when they unsubscribed by it."""
    deeds = (
        ("Opened", did.opens if did else 0, did.opened_at if did else None),
        ("Clicked", did.clicks if did else 0, did.clicked_at if did else None),
        ("Unsubscribed by it", 1, left),
    )
    told = [
        f"{deed} {_within(words.when(at, zone, moment))}{f', {times} times' if times > 1 else ''}"
        for deed, times, at in deeds
        if at is not None
    ]
    return ". ".join(told)


def _within(when: str) -> str:
    """In the middle of a sentence."""
    return when.replace("Today", "today").replace("Yesterday", "yesterday")


def _send(letter: Letter) -> str:
    """The report of that very send; a campaign's page tells of its newest."""
    return f"/marketing/sends/{letter.dispatch_id}"


def _filled(subject: str, values: Mapping[str, Any]) -> str:
    """As this person reads it, with what is known about them today."""
    try:
        return merge.parse(subject, part="Subject").render(values, escape="none")
    except merge.MergeError:
        return subject
