"""Templates: a subject and a body to start from."""

from datetime import datetime
from typing import Any

from nicegui import ui

from data.database import now, reading
from domain.message import templates
from domain.message.templates import Template
from domain.shop.people import Actor, Right
from ui.frame import Nav, Page
from ui.parts.basics import box, empty, head, link_button, page
from ui.parts.feedback import io
from ui.parts.inputs import search_field
from ui.parts.sent_message import readable
from ui.parts.tables import MOST_ROWS, Column, ListTable, Row, name_cell, phone_item
from ui.words import ago

WORTH_SEARCHING = 9
COLUMNS = [
    Column("name", "Template", cell=name_cell(sub="subject")),
    Column("kind", "Written as"),
    Column("changed", "Changed", align="right"),
]
PHONE = phone_item(sub="subject", facts="facts")


async def build(by: Actor) -> None:
    rows = await io(_rows, by)
    with page():
        with head("Templates", "A subject and a body to start from. A later change touches no campaign."):
            if by.may(Right.EDIT_CAMPAIGNS) and rows:
                link_button(
                    "New template", "/templates/new", kind="primary", icon="plus", testid="new-template"
                )
        with box("hb-card", "section"):
            Shelf(rows, by)


class Shelf:
    """All of them are here at once; a search only picks some."""

    def __init__(self, rows: list[Row], by: Actor) -> None:
        self.rows, self.by = rows, by
        self.found = rows
        if len(rows) >= WORTH_SEARCHING:
            with box("bar"):
                search_field("Search templates", self._search, testid="template-search")
        self.table = ListTable(
            COLUMNS,
            phone=PHONE,
            on_open=lambda key: ui.navigate.to(f"/templates/{key}"),
            on_page=self._turn,
            nothing=self._nothing,
            testid="templates",
        )
        self._turn(1)

    def _search(self, typed: str) -> None:
        words = typed.casefold().split()
        self.found = [row for row in self.rows if all(word in row["looked"] for word in words)]
        self._turn(1)

    def _turn(self, place: int) -> None:
        shown = self.found[(place - 1) * MOST_ROWS : place * MOST_ROWS]
        self.table.show(shown, len(self.found), place)

    def _nothing(self) -> None:
        if self.rows:
            empty("search", "No template fits", "Try another word.")
            return
        edits = self.by.may(Right.EDIT_CAMPAIGNS)
        empty(
            "template",
            "No templates yet",
            "Write the letters you send every year once, and start from them the next time.",
            "New template" if edits else None,
            target="/templates/new" if edits else None,
            testid="no-templates",
        )


def _rows(by: Actor) -> list[Row]:
    moment = now()
    with reading() as session:
        return [_row(one, moment) for one in templates.every(session, by=by)]


def _row(one: Template, moment: datetime) -> Row:
    changed = ago(one.updated_at, moment)
    return {
        "id": one.id,
        "href": f"/templates/{one.id}",
        "name": one.name,
        "subject": readable(one.subject) or "No subject yet",
        "kind": "HTML" if one.html_body else "Plain text",
        "changed": changed,
        "facts": f"Changed {changed}",
        "looked": f"{one.name} {one.subject}".casefold(),
    }


PAGES: list[Any] = [
    Page("/templates", "Templates", build, nav=Nav("Shop", "template", "Templates")),
]
