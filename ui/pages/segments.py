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
from ui.parts.feedback import io, sentence_for, toast
from ui.parts.segment_dialogs import delete_segment
from ui.words import ago, counted


@dataclass(frozen=True)
class Counted:
    """`trouble` says why it can't be counted just now; the figure is then the last one known."""

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
        with head("Segments", "Each is a rule that says who belongs. Whoever fits is in, whenever it is used."):
            if by.may(Right.EDIT_CAMPAIGNS):
                link_button("New segment", "/segments/new", kind="primary", icon="plus", testid="new-segment")
        own = [one for one in cards if not one.is_system]
        if own:
            _shelf("Yours", own, by)
        _shelf("Come with Handbill", [one for one in cards if one.is_system], by)


def _shelf(title: str, cards: list[Card], by: Actor) -> None:
    with box("hb-stack tight full"):
        text(title, "hb-card-title", "h2")
        with box("hb-grid"):
            for one in cards:
                SegmentCard(one, by)


class SegmentCard:
    """What it means, how many belong to it, and since when that is known."""

    def __init__(self, one: Card, by: Actor) -> None:
        self.one = one
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
                    "refresh", f"Count {one.name} again", self._refresh, testid=f"segment-{one.id}-refresh"
                )
            with put(box("hb-wrong"), role="status") as self.wrong:
                icon("alert")
                with box():
                    self.reason = text("", testid=f"segment-{one.id}-trouble")
                    if by.may(Right.EDIT_CAMPAIGNS):
                        link("See which condition, and take it out", f"/segments/{one.id}")
        self._paint(one.counted)

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

    async def _refresh(self) -> None:
        (await current_actor()).require(Right.VIEW)
        self.figure.classes(add="is-stale")
        try:
            seen = await io(_refreshed, self.one.id, await current_actor())
        except Exception as error:
            seen = Counted(self.one.counted.count, self.one.counted.at, sentence_for(error))
        if not self.root.is_deleted:
            self._paint(seen)

    async def _copy(self) -> None:
        copied = await io(_copied, self.one.id, await current_actor())
        toast("Copied. This one is yours to change.")
        ui.navigate.to(f"/segments/{copied}")

    async def _delete(self) -> None:
        if await delete_segment(self.one.id, self.one.name):
            self.root.delete()

    def _paint(self, seen: Counted) -> None:
        self.figure.set_text("–" if seen.count is None else f"{seen.count:,}")
        self.counted.set_text(seen.said(now()))
        self.reason.set_text(seen.trouble)
        self.wrong.visible = bool(seen.trouble)
        if seen.trouble:
            self.figure.classes(add="is-stale")
        else:
            self.figure.classes(remove="is-stale")


def _cards(by: Actor) -> list[Card]:
    """Whoever was never counted is counted now, so that a new shop sees figures at once."""
    moment = now()
    with reading() as session:
        missing = [one.id for one in segments.every(session, by=by) if one.count is None]
    for segment_id in missing:
        _refreshed(segment_id, by)
    with reading() as session:
        names = read_names(session)
        every = segments.every(session, by=by)
        uses = _uses(session, every)
        return [_card(session, one, names, uses[one.id], moment) for one in every]


def _uses(session: Session, every: list[Segment]) -> dict[int, int]:
    named = [key for one in every if not one.is_system for key in rules.parse(one.rule).mentions]
    return {key: number + named.count(key) for key, number in numbers(session, (x.id for x in every)).items()}


def _card(session: Session, one: Segment, names: Names, uses: int, moment: datetime) -> Card:
    said = rules.parse(one.rule).sentence(names)
    return Card(one.id, one.name, one.note, said, one.is_system, _counted(session, one, moment), uses)


def _counted(session: Session, one: Segment, moment: datetime) -> Counted:
    return Counted(one.count, one.counted_at, segments.trouble(session, one, now=moment))


def _refreshed(segment_id: int, by: Actor) -> Counted:
    """One that asks for something deleted can't be counted; its card says so instead of failing the page."""
    with unit() as session:
        one = segments.get(session, segment_id, by=by)
        if not segments.trouble(session, one, now=now()):
            one = segments.refresh(session, segment_id, by=by, now=now())
        return _counted(session, one, now())


def _copied(segment_id: int, by: Actor) -> int:
    with unit() as session:
        return segments.copy(session, segment_id, by=by, now=now()).id


PAGES: list[Any] = [
    Page("/segments", "Segments", build, nav=Nav("People", "segment", "Segments")),
]
