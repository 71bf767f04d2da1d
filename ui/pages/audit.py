"""The audit log for the owner: who did what and when, what was before and after, found by person, part, time or word."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from data.database import now, reading
from domain.refusal import missing
from domain.sending import trail
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import audit_words, words
from ui.audit_files import Wanted
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, empty, facts, link, put, text
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import handled, io, sentence_for
from ui.parts.inputs import search_field, select
from ui.parts.settings_room import settings_room
from ui.parts.span_filter import SpanFilter
from ui.parts.tables import MOST_ROWS, Column, ListTable, Row

PATH: Final = "/settings/audit"
ANY: Final = ""
PARTS: Final = {
    ANY: "Everything",
    "campaigns": "Campaigns and templates",
    "sends": "Sending",
    "customers": "Customers",
    "groups": "Segments, groups and tags",
    "settings": "Settings",
    "people": "Staff and sign-in",
    "refused": "Refused",
}
LOOK: Final = (
    "<q-btn no-caps unelevated class='hb-btn plain small' :aria-label=\"'More about: ' + props.row.name\" "
    "@click=\"() => $parent.$emit('look', props.row.id)\">More</q-btn>"
)
WHAT: Final = (
    '<div class="hb-told">{{ props.row.name }}</div>'
    '<div class="hb-cell-sub hb-told" v-if="props.row.sub">{{ props.row.sub }}</div>'
)
COLUMNS: Final = [
    Column("when", "When"),
    Column("name", "What", cell=WHAT),
    Column("more", "Details", align="right", cell=LOOK),
]
PHONE: Final = (
    '<div class="hb-rowcard"><div class="top"><div class="grow"><div class="hb-told">{{ props.row.name }}</div>'
    '<div class="hb-cell-sub hb-told" v-if="props.row.sub">{{ props.row.sub }}</div></div>' + LOOK + "</div>"
    '<div class="facts">{{ props.row.when }}</div></div>'
)


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int


@dataclass(frozen=True)
class Seen:
    """One entry, told in full."""

    sentence: str
    pairs: list[tuple[str, str]]
    changes: list[tuple[str, str, str]]
    kind: str
    number: int | None


async def build(
    by: Actor,
    search: str = "",
    person: str = "",
    part: str = "",
    since: str = "",
    until: str = "",
    kind: str = "",
    number: str = "",
) -> None:
    people = await io(_people, by)
    wanted = Wanted(search, person if person in people else ANY, part if part in PARTS else ANY)
    wanted = replace(wanted, since=since, until=until, kind=kind, number=number)
    with settings_room(by, PATH):
        await Log(people, wanted).fetch(1)


class Log:
    def __init__(self, people: dict[str, str], wanted: Wanted) -> None:
        self.wanted, self.people, self.asked = wanted, people, 0
        with box("hb-card", "section", testid="audit"):
            with box("bar"), box():
                text("Audit log", "hb-card-title", "h2")
                text("Who did what, and when. Nobody can change what is written here.", "hb-help")
            with box("bar"):
                search_field(
                    "Search a name or a word", self._search, value=wanted.search, testid="audit-search"
                ).classes("whole")
                self._choice(self.people, "person", "Anybody", "Who")
                self._choice(PARTS, "part", "Everything", "What")
                spans = SpanFilter(wanted.since, wanted.until, self._narrow, label="When", testid="audit")
            spans.draw_days()
            self.said = put(box("hb-said-line hb-row wrap", testid="audit-said"), role="status")
            self.table = ListTable(
                COLUMNS,
                phone=PHONE,
                on_open=self._open,
                on_page=self.fetch,
                nothing=_nothing,
                testid="audit-table",
            )
            self.table.table.on("look", handled(lambda event: self._open(event.args)))

    async def fetch(self, page: int) -> None:
        """A late answer to an earlier question is dropped."""
        by = await current_actor()
        self.asked += 1
        mine = self.asked
        self.table.loading()
        try:
            found = await io(_found, self.wanted, page, by)
        except Exception as error:  # the list says so in its own place, with a way to try again
            if mine == self.asked:
                self.table.failed(sentence_for(error), lambda: self.fetch(1))
            return
        if mine == self.asked and not self.table.table.is_deleted:
            self.table.show(found.rows, found.total, page)
            self._say(found.total)

    def _choice(self, options: dict[str, str], name: str, usual: str, label: str) -> None:
        select(
            {**options, ANY: usual} if name == "part" else {ANY: usual, **options},
            getattr(self.wanted, name),
            on_change=lambda e: self._narrow(**{name: e.value or ANY}),
            label=label,
            testid=f"audit-{name}",
        ).classes("hb-filter")

    def _say(self, total: int) -> None:
        """How many entries are seen, and a way to take just these along."""
        narrowed = self.wanted.narrowed
        query = f"?{urlencode(narrowed)}" if narrowed else ""
        self.said.clear()
        with self.said:
            text(f"{words.counted(total, 'entry', 'entries')}.", "grow", testid="audit-count")
            if self.wanted.number:
                link("Show everything again", PATH, testid="audit-all")
            if total:
                link("Export as CSV", f"{PATH}/export.csv{query}", whole=True, testid="audit-csv")
                link("as JSON", f"{PATH}/export.json{query}", whole=True, testid="audit-json")

    async def _search(self, typed: str) -> None:
        await self._narrow(search=typed)

    async def _narrow(self, **changes: str) -> None:
        if (narrowed := replace(self.wanted, **changes)) == self.wanted:
            return
        self.wanted = narrowed
        query = f"?{urlencode(self.wanted.narrowed)}" if self.wanted.narrowed else ""
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(PATH + query)})")
        await self.fetch(1)

    async def _open(self, entry_id: Any) -> None:
        by = await current_actor()
        seen = await io(_seen, int(entry_id), by)
        with sheet(seen.sentence, wide=True) as dialog:
            facts(seen.pairs, left=True, testid="audit-facts")
            if seen.changes:
                _changes(seen.changes)
            with box("actions"):
                if seen.kind and seen.number is not None:
                    label = f"Everything about this {audit_words.KIND[seen.kind]}"
                    button(label, lambda: dialog.submit(True), testid="audit-about")
                button("Close", lambda: dialog.submit(False), kind="primary", testid="audit-close")
        if await ask(dialog):
            ui.navigate.to(f"{PATH}?{urlencode({'kind': seen.kind, 'number': seen.number})}")


def _changes(changes: list[tuple[str, str, str]]) -> None:
    with box("hb-changes", "table", testid="audit-changes"):
        with box("", "thead"), box("", "tr"):
            for heading in ("What", "Before", "After"):
                put(text(heading, tag="th"), scope="col")
        with box("", "tbody"):
            for name, before, after in changes:
                with box("", "tr"):
                    put(text(name, tag="th"), scope="row")
                    text(before or "–", tag="td")
                    text(after or "–", tag="td")


def _nothing() -> None:
    empty(
        "search",
        "No entry fits",
        "Try another word, another person, or a longer time.",
        testid="audit-nothing",
    )


def _people(by: Actor) -> dict[str, str]:
    with reading() as session:
        everybody = {str(number): name for number, name in trail.who(session, by=by).items()}
    return {**everybody, str(trail.ITSELF): "Handbill itself, or nobody signed in"}


def _found(wanted: Wanted, page: int, by: Actor) -> Found:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        lines, total = trail.page(session, wanted.asked(zone), by=by, page=page, size=MOST_ROWS)
    rows = [
        {
            "id": line.entry.id,
            "when": words.when(line.entry.at, zone, moment),
            "name": audit_words.sentence(line),
            "sub": audit_words.in_short(line.entry, zone),
        }
        for line in lines
    ]
    return Found(rows, total)


def _seen(entry_id: int, by: Actor) -> Seen:
    with reading() as session:
        zone, line = read_shop(session).zone, trail.one(session, entry_id, by=by)
    if line is None:
        raise missing("entry")
    entry, role = line.entry, audit_words.standing(line.entry)
    pairs = [
        ("When", words.moment_in_full(entry.at, zone)),
        ("Who", ", ".join(filter(None, [audit_words.who(entry), role]))),
        ("How", audit_words.way(entry)),
        ("Noted as", entry.action),
    ]
    return Seen(
        audit_words.sentence(line),
        pairs,
        audit_words.changes(entry, zone),
        line.kind or "",
        entry.subject_id,
    )


PAGES = [Page(PATH, "Audit log", build, right=Right.MANAGE_SHOP)]
