"""The dialog of one record: what it was, when, how much; added, changed, or taken out again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading, unit
from domain.book import categories, record_kinds, records, staff
from domain.book.amounts import COMMA_COUNTRIES, read_amount, smallest
from domain.book.records import CustomerRecord
from domain.refusal import invalid
from domain.shop.money import currency_of
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui.frame import current_actor
from ui.parts.basics import box, button
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, date_input, select, text_input, time_input

BY_DATES: Final = ""
STATES: Final = {
    BY_DATES: "As the dates say",
    "active": "Open",
    "done": "Done",
    "cancelled": "Cancelled",
    "paused": "Paused",
}
NOON: Final = "12:00"  # a day without a time stays that day in every zone near the shop's
GONE: Final = "gone"


@dataclass(frozen=True)
class Offer:
    """What the form offers, and what it begins with."""

    kinds: dict[str, str]
    lasting: frozenset[str]  # kinds that have an end
    categories: dict[str, str]
    staff: dict[str, str]
    zone: ZoneInfo
    currency: str
    comma: bool
    values: dict[str, Any]


async def new_record(customer_id: int) -> bool:
    """Whether one was added."""
    offer = await io(_offer, None)
    return bool(await _asked("Add a record", offer, lambda values, by: _added(customer_id, values, by)))


async def change_record(record_id: int) -> bool:
    """Whether it was changed or taken out."""
    offer = await io(_offer, record_id)
    answer = await _asked(
        "Change the record", offer, lambda values, by: _changed(record_id, values, by), can_go=True
    )
    if answer != GONE:
        return bool(answer)
    yes = await confirm(
        "Take this record out?",
        "The customer stays. Segments that ask about it no longer find it.",
        confirm_label="Take it out",
        kind="danger",
    )
    if yes:
        await io(_deleted, record_id, await current_actor())
        toast("The record was taken out.")
    return yes


async def _asked(
    title: str, offer: Offer, save: Callable[[dict[str, Any], Actor], None], *, can_go: bool = False
) -> Any:
    with sheet(title) as dialog:
        form = RecordForm(offer)

        async def go() -> None:
            by = await current_actor()
            form.form.clear()
            with refusals_to(form.form.wrong):
                await io(save, form.values(), by)
                toast("The record is saved.")
                dialog.submit(True)

        with box("actions"):
            if can_go:
                button("Take out", lambda: dialog.submit(GONE), icon="trash", testid="record-delete")
                box("grow")
            button("Cancel", lambda: dialog.submit(False), testid="record-cancel")
            button("Save", go, kind="primary", testid="record-save")
    return await ask(dialog)


class RecordForm:
    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.fields: dict[str, Field] = {}
        given = offer.values
        with box("hb-two"):
            self.kind = self._in("kind", "What it is", select, offer.kinds, given["kind"])
            self.kind.on_value_change(lambda _: self._fit())
            self.title = self._in("title", "Name", text_input, given["title"], optional=True)
        self._days(given)
        with box("hb-two"):
            self.amount = self._in(
                "amount", f"Amount in {offer.currency}", text_input, given["amount"], optional=True
            )
            self.status = self._in("status", "State", select, STATES, given["status"])
        with box("hb-two"):
            self.category = self._word("category", "Category", offer.categories, given["category"])
            self.staff = self._word("staff", "Who served them", offer.staff, given["staff"])
        self.uses = self._in("uses_left", "Uses left", text_input, given["uses_left"], optional=True)
        self.form = Form(self.fields)
        self._fit()

    def values(self) -> dict[str, Any]:
        """As domain.book.records wants them. Raises Refusal for an amount or a number that is none."""
        amount, currency = self._amount()
        return {
            "kind": self.kind.value,
            "title": self.title.value or "",
            "starts_at": self._moment(self.day, self.hour),
            "ends_at": self._moment(self.end_day, self.end_hour) if self._lasts() else None,
            "status": self.status.value or None,
            "amount": amount,
            "currency": currency,
            "category": self.category.value or "",
            "staff": self.staff.value or "",
            "uses_left": self._uses(),
        }

    def _days(self, given: dict[str, Any]) -> None:
        with box("hb-two"):
            self.day = self._in("starts_at", "Day", date_input, given["day"])
            self.hour = self._in("hour", "Time", time_input, given["hour"], optional=True)
        with box("hb-two") as self.ends:
            self.end_day = self._in("ends_at", "Until", date_input, given["end_day"], optional=True)
            self.end_hour = self._in("end_hour", "Time it ends", time_input, given["end_hour"], optional=True)

    def _in(
        self, name: str, label: str, build: Callable[..., Any], *given: Any, optional: bool = False
    ) -> Any:
        self.fields[name] = Field(label, optional=optional, testid=f"record-{name}-field")
        with self.fields[name].body:
            return build(*given, label=label, testid=f"record-{name}")

    def _word(self, name: str, label: str, known: dict[str, str], value: str) -> ui.select:
        """One of the shop's words; a new one that is typed joins their list."""
        made: ui.select = self._in(name, label, _searched, known, value or None, optional=True)
        return made

    def _fit(self) -> None:
        """Only what this kind has is asked for."""
        self.ends.visible = self._lasts()
        self.fields["uses_left"].root.visible = self.kind.value == "pass" or bool(self.uses.value)

    def _lasts(self) -> bool:
        return self.kind.value in self.offer.lasting or bool(self.end_day.value)

    def _moment(self, day: ui.input, hour: ui.input) -> datetime | None:
        if not day.value:
            return None
        try:
            return datetime.combine(
                datetime.fromisoformat(day.value), time.fromisoformat(hour.value or NOON), self.offer.zone
            )
        except ValueError:
            raise invalid("starts_at", "This is not a day of the calendar.") from None

    def _amount(self) -> tuple[int | None, str | None]:
        typed = (self.amount.value or "").strip()
        if not typed:
            return None, None
        return read_amount(typed, self.offer.currency, comma=self.offer.comma)

    def _uses(self) -> int | None:
        typed = (self.uses.value or "").strip()
        if not typed:
            return None
        if not (typed.isdecimal() and len(typed) < 7):
            raise invalid("uses_left", "Write a whole number, such as 4.")
        return int(typed)


def _searched(options: dict[str, str], value: str | None, *, label: str, testid: str) -> ui.select:
    known = {**options, value: value} if value and value not in options else options
    made = select(known, value, label=label, searchable=True, testid=testid)
    made.props["new-value-mode"] = "add-unique"
    made.props["clearable"] = True
    return made


def _offer(record_id: int | None) -> Offer:
    with reading() as session:
        shop, kinds = read_shop(session), record_kinds.every(session)
        record = records.get(session, record_id) if record_id is not None else None
        currency = (record.currency if record else None) or currency_of(shop.country)
        comma = shop.country in COMMA_COUNTRIES
        values = _values(record, shop.zone, comma) if record else _blank(kinds[0].key, shop.zone)
        return Offer(
            kinds={kind.key: kind.label for kind in kinds},
            lasting=frozenset(kind.key for kind in kinds if kind.has_end),
            categories=categories.labels(session),
            staff=staff.labels(session),
            zone=shop.zone,
            currency=currency,
            comma=comma,
            values=values,
        )


def _blank(kind: str, zone: ZoneInfo) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("title", "hour", "end_day", "end_hour", "amount", "status", "category", "staff", "uses_left"), ""
    )
    return {**empty, "kind": kind, "day": f"{now().astimezone(zone):%Y-%m-%d}"}


def _values(record: CustomerRecord, zone: ZoneInfo, comma: bool) -> dict[str, Any]:
    begins, ends = record.starts_at.astimezone(zone), record.ends_at
    until = ends.astimezone(zone) if ends else None
    return {
        "kind": record.kind,
        "title": record.title,
        "day": f"{begins:%Y-%m-%d}",
        "hour": f"{begins:%H:%M}",
        "end_day": f"{until:%Y-%m-%d}" if until else "",
        "end_hour": f"{until:%H:%M}" if until else "",
        "amount": _written(record.amount, record.currency or "", comma),
        "status": record.status,
        "category": record.category,
        "staff": record.staff,
        "uses_left": "" if record.uses_left is None else str(record.uses_left),
    }


def _written(amount: int | None, currency: str, comma: bool) -> str:
    """As it would be typed here, so that saving it again changes nothing."""
    if amount is None:
        return ""
    unit_, sign = smallest(currency), "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), unit_)
    behind = f"{',' if comma else '.'}{rest:0{len(str(unit_)) - 1}}" if unit_ > 1 else ""
    return f"{sign}{whole}{behind}"


def _added(customer_id: int, values: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        records.add(session, customer_id, values, by=by, now=now())


def _changed(record_id: int, values: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        records.change(session, record_id, values, by=by, now=now())


def _deleted(record_id: int, by: Actor) -> None:
    with unit() as session:
        records.delete(session, record_id, by=by, now=now())
