"""One template: its words, and beside them the letter as a customer gets it."""

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.book import merging
from domain.message import templates
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, head, link_button, menu, page, put
from ui.parts.customer_form import TO_THE_FAULT
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, toast
from ui.parts.inputs import Field, Form, Segmented, text_input
from ui.parts.message_editor import CONTENT, PARTS, MessageEditor
from ui.parts.preview_frame import PreviewFrame

BACK = ("Templates", "/templates")


@dataclass(frozen=True)
class Known:
    """A template as its page begins; without an id it is a new one."""

    id: int | None
    version: int | None
    name: str
    content: dict[str, str]
    own_fields: frozenset[str]


async def build_new() -> None:
    await Editor(await io(_new)).draw()


async def build(by: Actor, id: int) -> None:
    known = await io(_known, id, by)
    ui.page_title(f"{known.name} · Handbill")
    if by.may(Right.EDIT_CAMPAIGNS):
        await Editor(known).draw()
    else:
        await _look(known)


async def _look(known: Known) -> None:
    with page("narrow"):
        with head(known.name, back=BACK):
            pass
        preview = PreviewFrame()
    await preview.begin(known.content)


class Editor:
    """Write at the left, see at the right; on a phone one of both at a time."""

    def __init__(self, known: Known) -> None:
        self.known = known

    async def draw(self) -> None:
        with page("wide"):
            with head(self.known.name if self.known.id else "New template", back=BACK):
                if self.known.id:
                    self._ways()
            with put(box("hb-builder"), data_show="write") as self.root:
                with box("hb-form"):
                    self._phone_switch()
                    self._letter()
                    with box("hb-actions hb-keep"):
                        box("grow")
                        link_button("Cancel", "/templates", testid="cancel")
                        button("Save", self._save, kind="primary", icon="check", testid="save")
                self.preview = PreviewFrame(on_problem=self.editor.unreadable)
        await self.preview.begin(self.known.content)

    def _ways(self) -> None:
        use = f"/marketing/campaigns/new?template={self.known.id}"
        link_button("Use in a campaign", use, icon="send", testid="use-template")
        entries = [("copy", "Duplicate", self._duplicate), ("trash", "Delete", self._delete)]
        menu(entries, testid="template-menu")

    def _phone_switch(self) -> None:
        with box("hb-only-phone hb-keep"):
            views = {"write": "Write", "preview": "Preview"}
            Segmented(
                views, "write", lambda view: put(self.root, data_show=view), "What to show", testid="show"
            )

    def _letter(self) -> None:
        with card("Letter"):
            self.name_field = Field("Name", "Only the shop sees it.", testid="name-field")
            with self.name_field.body:
                self.name = put(text_input(self.known.name, label="Name", testid="name"), maxlength="120")
            self.editor = MessageEditor(self.known.content, self._changed, own_fields=self.known.own_fields)
            self.form = Form({"name": self.name_field})

    async def _changed(self) -> None:
        await self.preview.show(self.editor.values)

    async def _save(self) -> None:
        by = await current_actor()
        self.form.clear()
        self.editor.clear()
        fields = {"name": self.name.value or "", **self.editor.values}
        try:
            await io(_saved, self.known, fields, by)
        except Refusal as refusal:
            self._refused(refusal)
            return
        toast(f"The template {fields['name']} is saved.")
        ui.navigate.to("/templates")

    def _refused(self, refusal: Refusal) -> None:
        name = PARTS.get(str(refusal.details.get("part", "")), str(refusal.details.get("field", "")))
        if name in CONTENT:
            self.editor.wrong(name, refusal.sentence)
        else:
            self.form.wrong(name, refusal.sentence)
        ui.run_javascript(TO_THE_FAULT)

    async def _duplicate(self) -> None:
        by = await current_actor()
        if self.known.id:
            copied = await io(_duplicated, self.known.id, by)
            toast("Duplicated, as it was saved last.")
            ui.navigate.to(f"/templates/{copied}")

    async def _delete(self) -> None:
        yes = await confirm(
            f"Delete the template {self.known.name}?",
            "Campaigns that began with it keep their own copy.",
            confirm_label="Delete template",
            kind="danger",
        )
        if yes and self.known.id:
            await io(_deleted, self.known.id, await current_actor())
            toast(f"The template {self.known.name} was deleted.")
            ui.navigate.to("/templates")


def _new() -> Known:
    with reading() as session:
        return Known(None, None, "", dict.fromkeys(CONTENT, ""), merging.own_fields(session))


def _known(template_id: int, by: Actor) -> Known:
    with reading() as session:
        one = templates.get(session, template_id, by=by)
        content = {name: getattr(one, name) or "" for name in CONTENT}
        return Known(one.id, one.version, one.name, content, merging.own_fields(session))


def _saved(known: Known, fields: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        if known.id is None:
            templates.create(session, fields, by=by, now=now())
        else:
            templates.change(session, known.id, fields, by=by, now=now(), version=known.version)


def _duplicated(template_id: int, by: Actor) -> int:
    with unit() as session:
        return templates.duplicate(session, template_id, by=by, now=now()).id


def _deleted(template_id: int, by: Actor) -> None:
    with unit() as session:
        templates.delete(session, template_id, by=by, now=now())


PAGES: list[Any] = [
    Page("/templates/new", "New template", build_new, right=Right.EDIT_CAMPAIGNS),
    Page("/templates/{id}", "Template", build),
]
