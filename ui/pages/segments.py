"""Segments: rules that say who belongs, each with its number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.audience import rules, segments
from domain.audience.names import Names
from domain.audience.names import read as read_names
from domain.audience.segments import Segment
from domain.sending.leaning import numbers
from domain.shop.people import Actor, Right
from ui.frame import Nav, Page, current_actor
from ui.parts.basics import box, head, icon, icon_button, link, link_button, menu, page, put, text
from ui.parts.feedback import SessionOver, handled, io, sentence_for, toast
from ui.parts.patience import patiently
from ui.parts.segment_dialogs import delete_segment
from ui.words import ago, counted


@dataclass(frozen=True)
class Counted:
    """`trouble` says why the rule can't be counted as it is; the figure is then the last one known."""

    count: int | None
    at: datetime | None
    trouble: str = ""

    def said(self, moment: datetime) -> str:
        if self.count is None:
            return "not counted yet"
        who = "person" if self.count == 1 else "people"
        return f"{who}, counted {ago(self.at, moment)}" if self.at else who


@dataclass(frozen=True)
class Card:
    """A segment as its card shows it."""

    id: int
    name: str
    note: str
    words: str
    is_system: bool
    counted: Counted
    uses: int  # drafts, scheduled campaigns and other segments that lean on it


async def build(by: Actor) -> None:
    cards = await io(_cards, by)
    with page():
        with head(
            "Segments", "Each is a rule that says who belongs. Whoever fits is in, whenever it is used."
        ):
            if by.may(Right.EDIT_CAMPAIGNS):
                link_button("New segment", "/segments/new", kind="primary", icon="plus", testid="new-segment")
        own = [one for one in cards if not one.is_system]
        drawn = _shelf("Yours", own, by) if own else []
        drawn += _shelf("Come with Handbill", [one for one in cards if one.is_system], by)
    ui.timer(0.1, handled(lambda: _count_what_never_was(drawn)), once=True, immediate=False)


def _shelf(title: str, cards: list[Card], by: Actor) -> list["SegmentCard"]:
    with box("hb-stack tight full"):
        text(title, "hb-card-title", "h2")
        with box("hb-grid"):
            return [SegmentCard(one, by) for one in cards]


async def _count_what_never_was(cards: list["SegmentCard"]) -> None:
    """One after the other, so that a new shop sees its figures without waiting for all of them."""
    for one in cards:
        if one.waits_for_its_first:
            await one.refresh()


class SegmentCard:
    """What it means, how many belong to it, and since when that is known."""

    def __init__(self, one: Card, by: Actor) -> None:
        self.one, self.asked = one, 0
        with put(box("hb-seg-card", "article", testid=f"segment-{one.id}"), aria_label=one.name) as self.root:
            with box("top"):
                link(one.name, f"/segments/{one.id}", classes="grow")
                self._menu(by)
            with box("note"):
                if one.note:
                    text(one.note)
                if not one.is_system:
                    text(f"{one.words[:1].upper()}{one.words[1:]}.", "muted")
                if one.uses:
                    link(
                        f"Used in {counted(one.uses, 'place')}",
                        f"/segments/{one.id}",
                        classes="hb-link quiet",
                        testid=f"segment-{one.id}-uses",
                    )
            with box("foot"):
                self.figure = text("", "big", testid=f"segment-{one.id}-count")
                self.counted = text("", "muted small grow", testid=f"segment-{one.id}-counted")
                icon_button(
                    "refresh", f"Count {one.name} again", self.refresh, testid=f"segment-{one.id}-refresh"
                )
            with put(box("hb-wrong"), role="status") as self.wrong:
                icon("alert")
                with box():
                    self.reason = text("", testid=f"segment-{one.id}-trouble")
                    self.way = link("See which condition, and take it out", f"/segments/{one.id}")
        self.may_mend = by.may(Right.EDIT_CAMPAIGNS)
        self._paint(one.counted)

    @property
    def waits_for_its_first(self) -> bool:
        return self.seen.count is None and not self.seen.trouble and not self.root.is_deleted

    def _menu(self, by: Actor) -> None:
        if not by.may(Right.EDIT_CAMPAIGNS):
            return
        entries: list[tuple[str, str, Any]] = [("copy", "Make a copy", self._copy)]
        if not self.one.is_system:
            entries = [
                ("edit", "Edit", lambda: ui.navigate.to(f"/segments/{self.one.id}")),
                *entries,
                ("trash", "Delete", self._delete),
            ]
        menu(entries, label=f"More about {self.one.name}", testid=f"segment-{self.one.id}-menu")

    async def refresh(self) -> None:
        """The old figure stays, faded, until the new one is there; of two presses the later counts."""
        self.asked += 1
        mine = self.asked
        self.figure.classes(add="is-stale")
        try:
            seen = await patiently(self._counted_anew, self._excuse, lambda: self._is_last(mine))
        except SessionOver:
            raise
        except Exception as error:
            self._excuse(sentence_for(error))
        else:
            if seen and self._is_last(mine):
                self._paint(seen)

    async def _counted_anew(self) -> Counted:
        return await io(_refreshed, self.one.id, await current_actor())

    def _is_last(self, mine: int) -> bool:
        return mine == self.asked and not self.root.is_deleted

    def _excuse(self, why: str) -> None:
        if not self.root.is_deleted:
            self._say(why)

    async def _copy(self) -> None:
        copied = await io(_copied, self.one.id, await current_actor())
        toast("Copied. This one is yours to change.")
        ui.navigate.to(f"/segments/{copied}")

    async def _delete(self) -> None:
        if await delete_segment(self.one.id, self.one.name):
            self.root.delete()

    def _paint(self, seen: Counted) -> None:
        self.seen = seen
        self.figure.set_text("–" if seen.count is None else f"{seen.count:,}")
        self.counted.set_text(seen.said(now()))
        self._say(seen.trouble)
        self.way.visible = bool(seen.trouble) and self.may_mend

    def _say(self, why: str) -> None:
        """Beside a faded figure."""
        self.reason.set_text(why)
        self.wrong.visible = bool(why)
        self.way.visible = False
        self.figure.classes(add="is-stale") if why else self.figure.classes(remove="is-stale")


def _cards(by: Actor) -> list[Card]:
    with reading() as session:
        names = read_names(session)
        every = segments.every(session, by=by)
        uses = _uses(session, every)
        return [_card(session, one, names, uses[one.id]) for one in every]


def _uses(session: Session, every: list[Segment]) -> dict[int, int]:
    named = [key for one in every if not one.is_system for key in rules.parse(one.rule).mentions]
    return {key: number + named.count(key) for key, number in numbers(session, (x.id for x in every)).items()}


def _card(session: Session, one: Segment, names: Names, uses: int) -> Card:
    said = rules.parse(one.rule).sentence(names)
    return Card(one.id, one.name, one.note, said, one.is_system, _counted(session, one), uses)


def _counted(session: Session, one: Segment) -> Counted:
    return Counted(one.count, one.counted_at, segments.trouble(session, one))


def _refreshed(segment_id: int, by: Actor) -> Counted:
    """One that asks for something deleted can't be counted; its card says so instead."""
    by.require(Right.VIEW)
    with unit() as session:
        one = segments.get(session, segment_id, by=by)
        if not segments.trouble(session, one):
            one = segments.refresh(session, segment_id, by=by, now=now())
        return _counted(session, one)


def _copied(segment_id: int, by: Actor) -> int:
    with unit() as session:
        return segments.copy(session, segment_id, by=by, now=now()).id


PAGES: list[Any] = [
    Page("/segments", "Segments", build, nav=Nav("People", "segment", "Segments")),
]
