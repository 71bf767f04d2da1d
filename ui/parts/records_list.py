"""The two lists of a customer's page that only tell: what they had from the shop, and what they said about mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.book import consent, records
from domain.book.consent import EVERY_TYPE, Consent
from domain.book.records import CustomerRecord
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts.basics import box, card, empty, text
from ui.parts.feedback import io
from ui.parts.tables import Column, ListTable, Row, pill_cell

MOST_RECORDS: Final = 200
STATES: Final = {
    "active": ("Open", "info"),
    "done": ("Done", "good"),
    "cancelled": ("Cancelled", "mute"),
    "paused": ("Paused", "warn"),
}
HOW: Final = {
    "link": "by the link in a message",
    "one_click": "with the mail program’s unsubscribe button",
    "staff": "noted by staff",
    "import": "from an imported list",
    "form": "on a form",
    "api": "through another program",
    "sample": "in the sample shop",
}
PHONE: Final = (
    '<div class="hb-rowcard"><div class="top"><div class="grow"><div class="hb-cell-name">{{ props.row.title }}</div>'
    '<div class="hb-cell-sub">{{ props.row.kind }}</div></div>'
    + pill_cell()
    + '</div><div class="facts"><span>{{ props.row.when }}</span><b v-if="props.row.amount">{{ props.row.amount }}</b>'
    "</div></div>"
)
COLUMNS: Final = [
    Column("title", "What"),
    Column("kind", "Kind"),
    Column("status", "State", cell=pill_cell()),
    Column("when", "When"),
    Column("amount", "Amount", align="right"),
]


@dataclass(frozen=True)
class Said:
    when: str
    words: str
    more: str
    allowed: bool


async def records_list(customer_id: int) -> None:
    rows = await io(_records, customer_id)
    with box("hb-card", "section", testid="records"):
        table = ListTable(COLUMNS, phone=PHONE, dense=True, nothing=_no_records, testid="records-table")
        table.show(rows)


async def consent_history(customer_id: int) -> None:
    said = await io(_said, customer_id)
    with card(
        "Consent history", "What this person said about being written to. Nothing here can be changed."
    ):
        if not said:
            text("Nothing is written down yet.", "muted", testid="no-consent")
        with box("hb-timeline", "ol", testid="consent-history"):
            for one in said:
                with box("is-yes" if one.allowed else "is-no", "li"):
                    text(one.words, "strong")
                    text(one.more, "muted small")
                    text(one.when, "muted small num")


def _no_records() -> None:
    empty(
        "list",
        "Nothing on record",
        "Orders, repairs and appointments stand here once another program hands them over.",
        testid="no-records",
    )


def _records(customer_id: int) -> list[Row]:
    moment = now()
    with reading() as session:
        zone, kinds = read_shop(session).zone, records.kinds(session)
        found = records.of(session, customer_id)[:MOST_RECORDS]
    return [_record(one, kinds, zone, moment) for one in found]


def _record(one: CustomerRecord, kinds: dict[str, str], zone: ZoneInfo, moment: datetime) -> Row:
    status, tone = words.told(STATES, one.status)
    return {
        "id": one.id,
        "title": one.title or kinds.get(one.kind, one.kind),
        "kind": " · ".join(filter(None, [kinds.get(one.kind, one.kind), one.category])),
        "status": status,
        "tone": tone,
        "when": words.when(one.starts_at, zone, moment),
        "amount": money(one.amount, one.currency or ""),
    }


def money(amount: int | None, currency: str) -> str:
    """Minor units as people write them: 129900 GBP is "1,299.00 GBP"."""
    if amount is None:
        return ""
    sign, whole, rest = "-" if amount < 0 else "", abs(amount) // 100, abs(amount) % 100
    return f"{sign}{whole:,}.{rest:02} {currency}".strip()


def _said(customer_id: int) -> list[Said]:
    moment = now()
    with reading() as session:
        zone, lines = read_shop(session).zone, consent.history(session, customer_id)
    return [_line(line, zone, moment) for line in lines]


def _line(line: Consent, zone: ZoneInfo, moment: datetime) -> Said:
    every = line.message_type == EVERY_TYPE
    kind = "marketing" if every else words.MESSAGE_TYPE.get(line.message_type, line.message_type).lower()
    said = f"Said yes to {kind}" if line.allowed else f"Said no to {'all marketing' if every else kind}"
    how = HOW.get(line.how, line.how)
    if line.how == "staff" and line.by_name:
        how = f"noted by {line.by_name}"
    more = " · ".join(filter(None, [f"{how[0].upper()}{how[1:]}", line.source, line.wording]))
    return Said(words.when(line.at, zone, moment), said, more, line.allowed)
