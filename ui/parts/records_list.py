"""What a customer had from the shop and what lies ahead: a timeline, by kind, that staff may add to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.book import categories, record_kinds, records, staff
from domain.book.amounts import smallest
from domain.book.records import CustomerRecord
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts.basics import box, button, empty, pill, put, text
from ui.parts.feedback import handled, io
from ui.parts.inputs import Segmented, select
from ui.parts.record_form import change_record, new_record
from ui.parts.record_look import look

MOST_RECORDS: Final = 300
MOST_BESIDE: Final = 6  # kinds in a row; more are a list to choose from
ANY: Final = ""
STATES: Final = {
    "active": ("Open", "info"),
    "done": ("Done", "good"),
    "cancelled": ("Cancelled", "mute"),
    "paused": ("Paused", "warn"),
}


@dataclass(frozen=True)
class Line:
    id: int
    kind: str
    title: str
    more: str
    status: str
    tone: str
    when: str
    amount: str
    icon: str
    colour: str
    ahead: bool


@dataclass(frozen=True)
class Timeline:
    kinds: dict[str, str]  # those this customer has, in the shop's order
    lines: list[Line]  # what lies ahead first, the nearest on top; then back in time
    total: int


class RecordsList:
    def __init__(self, customer_id: int, by: Actor) -> None:
        self.customer_id, self.kind = customer_id, ANY
        self.edits = by.may(Right.EDIT_CUSTOMERS)
        self.room = box("full", testid="records")

    async def fetch(self) -> None:
        found = await io(_timeline, self.customer_id)
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room:
            self._draw(found)

    def _draw(self, found: Timeline) -> None:
        if not found.lines:
            with box("hb-card", "section"):
                self._nothing()
            return
        if self.kind not in found.kinds:
            self.kind = ANY
        with box("hb-card", "section"):
            with box("bar"):
                if len(found.kinds) > 1:
                    self._kind_filter({ANY: "Everything", **found.kinds})
                with box("hb-row end grow"):
                    self._add_button()
            self._lines([line for line in found.lines if self.kind in (ANY, line.kind)])
            if found.total > len(found.lines):
                text(f"The newest {len(found.lines):,} of {found.total:,} are shown.", "hb-said-line")

    def _kind_filter(self, kinds: dict[str, str]) -> None:
        if len(kinds) <= MOST_BESIDE:
            Segmented(kinds, self.kind, self._narrow, "Kind of record")
            return
        select(
            kinds,
            self.kind,
            on_change=lambda e: self._narrow(e.value or ANY),
            label="Kind of record",
            testid="record-kind-filter",
        ).classes("hb-filter")

    def _lines(self, lines: list[Line]) -> None:
        for title, ahead in (("Coming up", True), ("So far", False)):
            part = [line for line in lines if line.ahead is ahead]
            if part:
                text(title, "hb-records-part", "h2")
                with box("hb-records", "ul", testid="records-ahead" if ahead else "records-past"):
                    for line in part:
                        self._line(line)

    def _line(self, line: Line) -> None:
        with box("", "li"), box("hb-record", "button" if self.edits else "div", testid="record") as made:
            look(line.icon, line.colour)
            with box("grow"):
                text(line.title, "strong")
                text(line.more, "muted small")
            with box("side"):
                if line.amount:
                    text(line.amount, "strong num")
                text(line.when, "muted small num")
            pill(line.status, line.tone)
        if self.edits:
            put(made, type="button", title="Change")
            made.on("click", handled(lambda: self._change(line.id)), [])

    def _nothing(self) -> None:
        empty(
            "list",
            "Nothing on record",
            "Orders, repairs, appointments and workshop places stand here, from an import, another program or by hand.",
            "Add the first" if self.edits else None,
            self._add if self.edits else None,
            testid="no-records",
        )

    def _add_button(self) -> None:
        if self.edits:
            button("Add a record", self._add, icon="plus", testid="add-record")

    async def _narrow(self, kind: str) -> None:
        self.kind = kind
        await self.fetch()

    async def _add(self) -> None:
        if await new_record(self.customer_id):
            await self.fetch()

    async def _change(self, record_id: int) -> None:
        if await change_record(record_id):
            await self.fetch()


async def records_list(customer_id: int, by: Actor) -> None:
    await RecordsList(customer_id, by).fetch()


def money(amount: int | None, currency: str) -> str:
    """The smallest units as people write them: 129900 GBP is "1,299.00 GBP"."""
    if amount is None:
        return ""
    unit = smallest(currency)
    sign, whole, rest = "-" if amount < 0 else "", abs(amount) // unit, abs(amount) % unit
    cents = f".{rest:0{len(str(unit)) - 1}}" if unit > 1 else ""
    return f"{sign}{whole:,}{cents} {currency}".strip()


def _timeline(customer_id: int) -> Timeline:
    moment = now()
    with reading() as session:
        found = records.of(session, customer_id, most=MOST_RECORDS)
        total = records.how_many(session, customer_id)
        zone, kinds = read_shop(session).zone, {kind.key: kind for kind in record_kinds.every(session)}
        names = categories.labels(session) | staff.labels(session)
    ahead = sorted((one for one in found if one.starts_at > moment), key=lambda one: one.starts_at)
    lines = [
        _line(one, kinds.get(one.kind), names, zone, moment)
        for one in [*ahead, *(one for one in found if one.starts_at <= moment)]
    ]
    used = {line.kind for line in lines}
    return Timeline({key: kind.label for key, kind in kinds.items() if key in used}, lines, total)


def _line(
    one: CustomerRecord,
    kind: records.RecordKind | None,
    names: dict[str, str],
    zone: ZoneInfo,
    moment: datetime,
) -> Line:
    status, tone = words.told(STATES, one.status)
    label = kind.label if kind else one.kind
    left = f"{words.counted(one.uses_left, 'use')} left" if one.uses_left is not None else ""
    about = [names.get(key, key) for key in (one.category, one.staff) if key]
    return Line(
        id=one.id,
        kind=one.kind,
        title=one.title or label,
        more=" · ".join(filter(None, [label if one.title else "", *about, left])),
        status=status,
        tone=tone,
        when=_when(one, zone, moment),
        amount=money(one.amount, one.currency or ""),
        icon=kind.icon if kind else "",
        colour=kind.colour if kind else "",
        ahead=one.starts_at > moment,
    )


def _when(one: CustomerRecord, zone: ZoneInfo, moment: datetime) -> str:
    """With the end where it has one of another day."""
    begins = words.when(one.starts_at, zone, moment)
    if one.ends_at is None or one.ends_at.astimezone(zone).date() == one.starts_at.astimezone(zone).date():
        return begins
    return f"{begins} until {words.day(one.ends_at.astimezone(zone).date())}"
