"""Two cards of one person side by side: which one stays, and where they differ, whose word counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers, duplicates, groups, own_fields, records, statuses
from domain.book.customers import Customer
from domain.book.joining import DATES, FIELDS, OWN
from domain.ledger import farewells
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui.frame import current_actor
from ui.parts.basics import box, button, put, text
from ui.parts.customer_dates import DATE
from ui.parts.customer_facts import CHANNEL, day_in_words
from ui.parts.customer_form import LANGUAGES
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Form, Segmented
from ui.parts.person_search import PersonSearch
from ui.words import counted, day

LABELS: Final = {
    "first_name": "First name", "last_name": "Last name", "company": "Company", "email": "Email", "phone": "Phone",
    "status": "Status", "language": "Language", "timezone": "Time zone", "preferred_channel": "Likes to hear by",
    "postcode": "Postcode",
}  # fmt: skip
KEEPS: Final = (
    "Records, groups, tags, dates, notes and everything that was sent come together on the one that stays. "
    "If either of them said no to messages, the no stays."
)


@dataclass(frozen=True)
class Side:
    id: int
    name: str
    note: str
    values: dict[str, str]  # as shown, by the name that `farewells.merge` takes


@dataclass(frozen=True)
class Pair:
    labels: dict[str, str]
    first: Side
    second: Side

    def side(self, key: str) -> Side:
        return self.first if key == str(self.first.id) else self.second

    @property
    def differing(self) -> list[str]:
        """Where each has something, and not the same."""
        mine, theirs = self.first.values, self.second.values
        return [
            name for name in self.labels if mine.get(name) and theirs.get(name) and mine[name] != theirs[name]
        ]


async def merge_dialog(first_id: int, second_id: int) -> int | None:
    """Asks, and makes them one; answers with the number of the one who stays, or None."""
    pair = await io(_pair, first_id, second_id)
    with sheet("Make them one", wide=True) as dialog:
        form = MergeForm(pair)

        async def go() -> None:
            by = await current_actor()
            form.form.clear()
            with refusals_to(form.form.wrong):
                await io(_merged, form.stays, form.goes, form.take, by)
                dialog.submit(form.stays)

        with box("actions"):
            button("Cancel", lambda: dialog.submit(None), testid="merge-cancel")
            button("Make them one", go, kind="primary", testid="merge-go")
    stays: int | None = await ask(dialog)
    if stays:
        toast("They are one customer now.")
    return stays


async def merge_with(customer_id: int, name: str) -> int | None:
    """First who the other one is, then `merge_dialog`."""
    near = await io(_near, customer_id)
    with sheet(f"Who is the same person as {name}?") as dialog:
        if near:
            text("These may be:", "muted")
            with box("hb-records hb-near", "ul", testid="near"):
                for number, who, why in near:
                    _near_line(dialog, number, who, why)
        PersonSearch("Name, email or phone", lambda number, _: dialog.submit(number))
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
    other = await ask(dialog)
    return await merge_dialog(customer_id, other) if other else None


def _near_line(dialog: ui.dialog, number: int, who: str, why: str) -> None:
    with box("", "li"), put(box("hb-record", "button", testid=f"near-{number}"), type="button") as made:
        made.on("click", lambda: dialog.submit(number), [])
        with box("grow"):
            text(who, "strong")
            text(f"They have {why}.", "muted small")


class MergeForm:
    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.keep = str(pair.first.id)
        self.chosen: dict[str, str] = {}
        self.lines: dict[str, Segmented] = {}
        text(KEEPS, "body", "p")
        with box("hb-versus", testid="merge-fields"):
            self._line(
                "Who stays", {str(s.id): f"{s.name} ({s.note})" for s in (pair.first, pair.second)}, "keep"
            )
            for name in pair.differing:
                both = {str(s.id): s.values[name] for s in (pair.first, pair.second)}
                self._line(pair.labels[name], both, name)
        self.form = Form({})

    @property
    def stays(self) -> int:
        return int(self.keep)

    @property
    def goes(self) -> int:
        return self.pair.second.id if self.stays == self.pair.first.id else self.pair.first.id

    @property
    def take(self) -> list[str]:
        """Fields whose value comes from the card that goes. One not touched follows the card that stays."""
        return [name for name, side in self.chosen.items() if side == str(self.goes)]

    def _line(self, label: str, options: Mapping[str, str], name: str) -> None:
        text(label, "hb-label")
        made = Segmented(
            options, self.keep, lambda key: self._choose(name, key), label, testid=f"merge-{name}"
        )
        if name != "keep":
            self.lines[name] = made

    def _choose(self, name: str, key: str) -> None:
        if name != "keep":
            self.chosen[name] = key
            return
        self.keep = key
        for other, line in self.lines.items():
            if other not in self.chosen and line.value != key:
                line.set(key)
                self.chosen.pop(other, None)


def _pair(first_id: int, second_id: int) -> Pair:
    with reading() as session:
        cards = [customers.get(session, number) for number in (first_id, second_id)]
        own = {field.key: field.label for field in own_fields.every(session)}
        keys = sorted({key for card in cards for key in (card.attrs or {})})
        labels = {name: LABELS[name] for name in FIELDS if name in LABELS}
        labels |= {kind: DATE[kind] for kind in DATES}
        labels |= {OWN + key: own.get(key) or key.replace("_", " ").capitalize() for key in keys}
        first, second = (_side(session, card) for card in cards)
    return Pair(labels, first, second)


def _side(session: Session, one: Customer) -> Side:
    status = {row.key: row.label for row in statuses.every(session)}
    values = {name: str(getattr(one, name) or "") for name in LABELS}
    values["status"] = status.get(one.status, one.status)
    values["language"] = LANGUAGES.get(one.language, one.language) if one.language else ""
    values["preferred_channel"] = CHANNEL.get(one.preferred_channel, one.preferred_channel)
    values |= {row.kind: day_in_words(row.as_day) for row in one.dates if not row.note and row.kind in DATES}
    values |= {OWN + key: str(value) for key, value in (one.attrs or {}).items()}
    return Side(one.id, one.shown_name, _note(session, one), values)


def _note(session: Session, one: Customer) -> str:
    added = day(one.created_at.astimezone(read_shop(session).zone).date())
    held = [
        counted(records.how_many(session, one.id), "record"),
        counted(len(groups.of(session, one.id)), "group"),
    ]
    return f"added {added}, {held[0]}, {held[1]}"


def _near(customer_id: int) -> list[tuple[int, str, str]]:
    with reading() as session:
        found = duplicates.of(session, customer_id)
        others = [(pair.second_id if pair.first_id == customer_id else pair.first_id, pair) for pair in found]
        return [(number, customers.get(session, number).shown_name, pair.reason) for number, pair in others]


def _merged(stays: int, goes: int, take: list[str], by: Actor) -> None:
    with unit() as session:
        farewells.merge(session, stays, goes, take=take, by=by, now=now())
