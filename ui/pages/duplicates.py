"""Pairs of customers who may be one person: somebody looks, and says which of the two it is."""

from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers, duplicates, records
from domain.book.duplicates import Found
from domain.book.likeness import Suggestion
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui.frame import Page, current_actor
from ui.parts import twin_count
from ui.parts.basics import box, button, empty, facts, head, link, page, text
from ui.parts.feedback import handled, io, toast
from ui.parts.merge_dialog import merge_dialog
from ui.words import counted, day

AT_ONCE: Final = 20
LARGE: Final = 10_000  # customers; fewer are compared in the wink of an eye
LOOKING: Final = "Comparing the names of everybody. Who shares an address or a number is here already."
CROWDED: Final = "Some names are shared by so many that not each was compared with each."
NEXT: Final = "setTimeout(() => document.querySelector('.hb-pairs button')?.focus(), 60)"

Key = tuple[int, int]  # the two customers


@dataclass(frozen=True)
class Side:
    id: int
    name: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Twins:
    reason: str
    first: Side
    second: Side

    @property
    def key(self) -> Key:
        return self.first.id, self.second.id


async def build() -> None:
    """Of a large book, who shares an address or a number is shown at once, and the names are compared meanwhile."""
    is_large = await io(_is_large)
    found = await io(_quickly_found if is_large else twin_count.find)
    with page():
        with head("Possible duplicates", back=("Customers", "/customers")):
            pass
        pairs = Pairs(found, looking=is_large)
        await pairs.fill()
        if is_large:
            ui.timer(0.05, handled(pairs.look_on), once=True, immediate=False)


class Pairs:
    """Some at a time; with each answer the next pair moves up, and the keyboard with it. What an answer does not change is
    not drawn anew, so that a press on it is not lost.
    """

    def __init__(self, found: Found, *, looking: bool) -> None:
        self.waiting: list[Suggestion] = found
        self.crowded, self.looking = found.crowded, looking
        self.drawn: dict[Key, ui.element] = {}
        self.answered: set[Key] = set()
        self.left = text("", "hb-sub", testid="pairs-left")
        self.room = box("hb-pairs", testid="pairs")
        self.more = box("hb-row")

    async def look_on(self) -> None:
        """Whoever is looked at already stays where they are; the names follow."""
        try:
            self._take(await io(twin_count.find))
        finally:
            self.looking = False
            await self.fill(AT_ONCE - len(self.drawn))

    async def fill(self, most: int = AT_ONCE) -> None:
        most = max(most, 0)
        part, self.waiting = self.waiting[:most], self.waiting[most:]
        twins = await io(_looked_at, part)
        if self.room.is_deleted:
            return
        with self.room:
            for one in twins:
                self.drawn[one.key] = self._pair(one)
        self._say()

    def _pair(self, twins: Twins) -> ui.element:
        with box("hb-card", "section", testid="pair") as made, box("pad hb-stack"):
            text(f"They have {twins.reason}." if _is_noun(twins.reason) else f"{twins.reason}.", "muted")
            with box("hb-pair"):
                for side in (twins.first, twins.second):
                    with box():
                        link(side.name, f"/customers/{side.id}", classes="hb-link strong")
                        facts(side.facts, left=True)
            with box("hb-row wrap"):
                button("They are one", lambda: self._join(twins), kind="primary", small=True, testid="one")
                button("Two people", lambda: self._apart(twins), small=True, testid="two")
        return made

    async def _join(self, twins: Twins) -> None:
        """Other pairs with one of the two say something else now, or nothing."""
        if await merge_dialog(twins.first.id, twins.second.id):
            self.answered.add(twins.key)
            for key in [key for key in self.drawn if set(key) & set(twins.key)]:
                self.drawn.pop(key).delete()
            self._take(await io(twin_count.find))
            await self._go_on()

    async def _apart(self, twins: Twins) -> None:
        await io(_told_apart, *twins.key, await current_actor())
        toast("Remembered: they are two people.")
        self.answered.add(twins.key)
        if twins.key in self.drawn:
            self.drawn.pop(twins.key).delete()
        await self._go_on()

    def _take(self, found: Found) -> None:
        """What was answered while it was looked for is answered."""
        known = self.answered | set(self.drawn)
        self.waiting = [one for one in found if (one.first_id, one.second_id) not in known]
        self.crowded = found.crowded

    async def _go_on(self) -> None:
        await self.fill() if not self.drawn else self._say()
        ui.run_javascript(NEXT)

    def _say(self) -> None:
        """How many are left, and whether some of them are not shown yet."""
        number = len(self.drawn) + len(self.waiting)
        self.left.set_text(LOOKING if self.looking else _left(number, self.crowded))
        self.left.visible = bool(self.left.text)
        self.more.clear()
        if self.waiting:
            with self.more:
                button(f"Show {min(AT_ONCE, len(self.waiting))} more", self.fill, testid="more-pairs")
        if self.looking or self.drawn or self.room.default_slot.children:
            return
        with self.room, box("hb-card"):
            empty(
                "users",
                "No two look like one",
                "Handbill compares names, addresses and phone numbers. Whoever may be one person stands here.",
                testid="no-pairs",
            )


def _is_noun(reason: str) -> bool:
    return not reason[:1].isupper()


def _left(number: int, crowded: int) -> str:
    rest = CROWDED if crowded else ""
    if not number:
        return rest
    if number >= duplicates.MOST_SUGGESTED:
        return f"The {number} likeliest pairs. Nothing is changed until you say so. {rest}".strip()
    return f"{counted(number, 'pair')} who may be one person. Nothing is changed until you say so. {rest}".strip()


def _is_large() -> bool:
    with reading() as session:
        return duplicates.last_change(session)[0] > LARGE


def _quickly_found() -> Found:
    with reading() as session:
        return duplicates.suggest(session, by_name=False)


def _looked_at(part: list[Suggestion]) -> list[Twins]:
    """Somebody may have been deleted since; such a pair is left out."""
    with reading() as session:
        return [twins for one in part if (twins := _twins(session, one))]


def _twins(session: Session, one: Suggestion) -> Twins | None:
    try:
        return Twins(one.reason, _side(session, one.first_id), _side(session, one.second_id))
    except Refusal:
        return None


def _side(session: Session, customer_id: int) -> Side:
    one = customers.get(session, customer_id)
    added = day(one.created_at.astimezone(read_shop(session).zone).date())
    shown = [
        ("Email", one.email or "None"),
        ("Phone", one.phone or "None"),
        ("Company", one.company),
        ("Postcode", one.postcode),
        ("Records", f"{records.how_many(session, one.id):,}"),
        ("Added", added),
    ]
    return Side(one.id, one.shown_name, tuple((name, value) for name, value in shown if value))


def _told_apart(first_id: int, second_id: int, by: Actor) -> None:
    with unit() as session:
        duplicates.different(session, first_id, second_id, by=by, now=now())


PAGES: list[Any] = [Page("/customers/duplicates", "Possible duplicates", build, right=Right.EDIT_CUSTOMERS)]
