"""One segment: its name, and who belongs to it."""

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.audience import rules, segments
from domain.audience.names import read as read_names
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts import conditions
from ui.parts.basics import alert, box, button, card, head, link_button, menu, page, put, text
from ui.parts.conditions import Nest
from ui.parts.customer_form import TO_THE_FAULT
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, text_input
from ui.parts.live_count import LiveCount, WhyHere
from ui.parts.rule_editor import RuleEditor
from ui.parts.rule_stock import Stock, stock
from ui.parts.segment_dialogs import User, delete_segment, list_users, users

BACK = ("Segments", "/segments")
Tree = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """A segment as its page begins; without an id it is a new one."""

    id: int | None
    version: int | None
    name: str
    note: str
    rule: Tree
    words: str
    is_system: bool
    used_by: tuple[User, ...]
    stock: Stock


async def build_new(by: Actor) -> None:
    await Editor(await io(_new, by)).draw()


async def build(by: Actor, id: int) -> None:
    known = await io(_known, id, by)
    ui.page_title(f"{known.name} · Handbill")
    if known.is_system or not by.may(Right.EDIT_CAMPAIGNS):
        await _look(known, by)
    else:
        await Editor(known).draw()


async def _look(known: Known, by: Actor) -> None:
    with page("narrow"):
        with head(known.name, known.note, back=BACK):
            if by.may(Right.EDIT_CAMPAIGNS) and known.id:
                _write_to(known.id)
                button("Make a copy", lambda: _copy(known), icon="copy", testid="copy-segment")
        with box("hb-stack"):
            if known.is_system:
                alert(
                    "This segment comes with Handbill",
                    "It can’t be changed or deleted. Make a copy for one of your own.",
                    testid="system-segment",
                )
            with card("Who belongs here"):
                _in_words(known)
                count = LiveCount()
                WhyHere(lambda: known.rule)
            _used_by(known)
    await count.ask(known.rule)


class Editor:
    """The form: name, note, and the conditions with their numbers."""

    def __init__(self, known: Known) -> None:
        self.known = known

    async def draw(self) -> None:
        known = self.known
        with page("narrow"):
            with head(known.name if known.id else "New segment", back=BACK):
                if known.id:
                    _write_to(known.id)
                    entries = [
                        ("copy", "Make a copy", lambda: _copy(known)),
                        ("trash", "Delete", self._delete),
                    ]
                    menu(entries, testid="segment-menu")
            with box("hb-stack"):
                self._names()
                with card("Who belongs here"):
                    begin = conditions.read(known.rule)
                    self.editor = RuleEditor(known.stock, begin, self._recount)
                    self.count = LiveCount()
                    self.why = WhyHere(lambda: self.editor.tree)
                _used_by(known)
                with box("hb-actions"):
                    box("grow")
                    link_button("Cancel", "/segments", testid="cancel")
                    button("Save", self._save, kind="primary", icon="check", testid="save")
        await self._recount()

    def _names(self) -> None:
        with card():
            self.form = Form(
                {"name": Field("Name", testid="name-field"), "note": Field("Note", optional=True)}
            )
            with self.form.fields["name"].body:
                self.name = put(text_input(self.known.name, label="Name", testid="name"), maxlength="120")
            with self.form.fields["note"].body:
                self.note = put(text_input(self.known.note, label="Note", testid="note"), maxlength="300")

    async def _recount(self) -> None:
        await self.count.ask(self.editor.tree)
        await self.why.again()

    async def _save(self) -> None:
        by = await current_actor()
        self.form.clear()
        if not self.editor.check():
            self.form.wrong("", "One of the conditions is not complete yet.")
            self.editor.lead_to_gap()
            return
        fields = {"name": self.name.value or "", "note": self.note.value or "", "rule": self.editor.tree}
        with refusals_to(self._wrong):
            await io(_saved, self.known, fields, by)
            toast(f"The segment {fields['name']} is saved.")
            ui.navigate.to("/segments")

    def _wrong(self, name: str, sentence: str) -> None:
        self.form.wrong(name, sentence)
        ui.run_javascript(TO_THE_FAULT)

    async def _delete(self) -> None:
        if self.known.id and await delete_segment(self.known.id, self.known.name):
            ui.navigate.to("/segments")


def _write_to(segment_id: int) -> None:
    link_button(
        "Write to them",
        f"/marketing/campaigns/new?segment={segment_id}",
        icon="send",
        testid="write-to-segment",
    )


def _in_words(known: Known) -> None:
    text(f"{known.words[:1].upper()}{known.words[1:]}.", "strong", testid="rule-in-words")


def _used_by(known: Known) -> None:
    if known.used_by:
        with card("Used by", "Drafts, scheduled campaigns and other segments that lean on it."):
            list_users(known.used_by, testid="uses")


async def _copy(known: Known) -> None:
    by = await current_actor()
    if known.id:
        copied = await io(_copied, known.id, by)
        toast("Copied. This one is yours to change.")
        ui.navigate.to(f"/segments/{copied}")


def _new(by: Actor) -> Known:
    with reading() as session:
        return Known(None, None, "", "", conditions.written(Nest()), "", False, (), stock(session, by))


def _known(segment_id: int, by: Actor) -> Known:
    with reading() as session:
        one = segments.get(session, segment_id, by=by)
        rule = rules.parse(one.rule)
        return Known(
            one.id,
            one.version,
            one.name,
            one.note,
            rule.as_json(),
            rule.sentence(read_names(session)),
            one.is_system,
            users(session, one.id, by),
            stock(session, by, besides=one.id),
        )


def _saved(known: Known, fields: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        if known.id is None:
            segments.create(session, **fields, by=by, now=now())
        else:
            segments.change(session, known.id, fields, by=by, now=now(), version=known.version)


def _copied(segment_id: int, by: Actor) -> int:
    with unit() as session:
        return segments.copy(session, segment_id, by=by, now=now()).id


PAGES: list[Any] = [
    Page("/segments/new", "New segment", build_new, right=Right.EDIT_CAMPAIGNS),
    Page("/segments/{id}", "Segment", build),
]
