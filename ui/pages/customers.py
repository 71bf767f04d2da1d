"""The customer book: find somebody, or add them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading, unit
from domain.book import customers, groups, search, statuses
from domain.book.person import Customer
from domain.sample import open_sample_shop
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui.frame import Nav, Page, current_actor
from ui.parts import twin_count
from ui.parts.basics import box, button, empty, head, link, link_button, menu, page, put, text
from ui.parts.erase_address import erase_address
from ui.parts.feedback import handled, io, sentence_for, toast
from ui.parts.inputs import Segmented, search_field, select
from ui.parts.tables import MOST_ROWS, Column, ListTable, Row, name_cell, tags_cell
from ui.parts.take_away import take_away
from ui.words import counted, day, number, people

TWINS: Final = "/customers/duplicates"
ANY: Final = ""
SHOWN_TAGS: Final = 4
ORDERS: Final = {"name": "By name", "newest": "Newest first"}
MARKS: Final = (
    '<span v-if="props.row.mark" :class="\'hb-pill \' + props.row.tone">{{ props.row.mark }}</span>'
)
REACH: Final = (
    '<div class="clip hb-cell-address">{{ props.row.email }}</div>'
    f'<div v-if="props.row.mark">{MARKS}</div>'
    '<div v-else class="hb-cell-sub clip">{{ props.row.phone }}</div>'
)
PHONE: Final = (
    '<a class="hb-rowcard" :href="props.row.href"><div class="top"><div class="grow">'
    '<div class="hb-cell-name clip">{{ props.row.name }}</div>'
    '<div class="hb-cell-sub clip">{{ props.row.email || props.row.phone || props.row.sub }}</div></div>'
    f'<span class="small muted">{{{{ props.row.status }}}}</span></div>'
    f'<div class="hb-row wrap" v-if="props.row.mark || props.row.tags">{MARKS}{tags_cell("tags")}</div></a>'
)
COLUMNS: Final = [
    Column("name", "Customer", cell=name_cell(sub="sub")),
    Column("email", "Email and phone", cell=REACH),
    Column("status", "Status"),
    Column("tags", "Tags", cell=tags_cell("tags")),
    Column("added", "Added", align="right"),
]


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for."""

    search: str = ""
    status: str = ANY
    tag: str = ANY
    group: str = ANY
    order: str = "name"

    @property
    def narrowed(self) -> dict[str, str]:
        """What the list is narrowed to, without its order."""
        named = ("search", "status", "tag", "group")
        return {name: value for name in named if (value := getattr(self, name).strip())}

    @property
    def address(self) -> str:
        """So that a way back from somebody's page finds the list as it was."""
        asked = {
            name: value for name, value in vars(self).items() if value and (name, value) != ("order", "name")
        }
        return "/customers" + (f"?{urlencode(asked)}" if asked else "")


@dataclass(frozen=True)
class Around:
    """What stands around the list: how many there are, and the words to filter by."""

    total: int
    statuses: dict[str, str]
    tags: list[tuple[str, int]]
    groups: dict[str, str]


@dataclass(frozen=True)
class Found:
    rows: list[Row]
    total: int
    cursor: str | None
    more: bool  # than `total`, which is then only as far as the search looked


async def build(
    by: Actor, search: str = "", status: str = "", tag: str = "", group: str = "", order: str = "name"
) -> None:
    around = await io(_around)
    edits = by.may(Right.EDIT_CUSTOMERS)
    with page():
        with head("Customers", _sub(around)):
            if edits and around.total:
                twins = link("", TWINS, classes="hb-btn ghost hb-hide-phone", testid="twins")
                _say_twins(twins, await io(twin_count.known))
                ui.timer(0.1, handled(partial(_count_twins, twins)), once=True, immediate=False)
                link_button("Import", "/customers/import", icon="upload", testid="import")
                link_button("Add customer", "/customers/new", kind="primary", icon="plus", testid="add")
            if around.total:
                menu(_ways(by), testid="book-menu")
        if around.total:
            book = Book(
                around,
                Wanted(
                    search,
                    status,
                    tag,
                    group if group in around.groups else ANY,
                    order if order in ORDERS else "name",
                ),
                edits=edits,
            )
            await book.fetch(1)
        else:
            _first_customers(by)


def _ways(by: Actor) -> list[tuple[str, str, Callable[[], Any]]]:
    """What one does with the whole book."""
    ways: list[tuple[str, str, Callable[[], Any]]] = [
        ("list", "Groups", lambda: ui.navigate.to("/customers/groups"))
    ]
    if by.may(Right.EDIT_CUSTOMERS):
        ways += [
            ("tag", "Tags", lambda: ui.navigate.to("/customers/tags")),
            ("users", _twins_in_words(), lambda: ui.navigate.to(TWINS)),
            ("download", "Take the book away", take_away),
            ("trash", "Erase an address for good", erase_address),
        ]
    return ways


def _twins_in_words() -> str:
    pairs = twin_count.known()
    return f"Possible duplicates ({twin_count.words(pairs)})" if pairs else "Possible duplicates"


async def _count_twins(beside: ui.link) -> None:
    pairs = await io(twin_count.up_to_date)
    if not beside.is_deleted:
        _say_twins(beside, pairs)


def _say_twins(beside: ui.link, pairs: int | None) -> None:
    """Only where there are some."""
    beside.set_text(
        f"{twin_count.words(pairs)} possible {'duplicate' if pairs == 1 else 'duplicates'}" if pairs else ""
    )
    beside.visible = bool(pairs)


class Book:
    """The list with its filters. Pages are turned by cursors, so that the thousandth is as quick as the first."""

    def __init__(self, around: Around, wanted: Wanted, *, edits: bool) -> None:
        self.wanted, self.edits = wanted, edits
        self.asked = 0
        self.cursors: list[str | None] = [None]
        with box("hb-card", "section", testid="customers"):
            with box("bar"):
                search_field(
                    "Search name, email or phone", self._search, value=wanted.search, testid="customer-search"
                )
                self._status_filter(around.statuses)
                if around.tags:
                    self._tag_filter(around.tags)
                if around.groups:
                    self._group_filter(around.groups)
                with box("hb-row end"):
                    Segmented(ORDERS, wanted.order, lambda key: self._narrow(order=key), "Order")
            self.fitting = put(box("hb-said-line hb-row wrap", testid="fitting"), role="status")
            self.fitting.visible = False
            self.table = ListTable(
                COLUMNS,
                phone=PHONE,
                on_open=lambda key: ui.navigate.to(f"/customers/{key}"),
                on_page=self.fetch,
                nothing=self._nobody,
                testid="customers-table",
            )

    async def fetch(self, page_number: int) -> None:
        """A late answer to an earlier question is dropped."""
        await current_actor()
        self.asked += 1
        mine, place = self.asked, min(page_number, len(self.cursors))
        self.table.loading()
        try:
            found = await io(_found, self.wanted, self.cursors[place - 1])
        except Exception as error:  # the list says so in its own place, with a way to try again
            if mine == self.asked:
                self.table.failed(sentence_for(error), lambda: self.fetch(1))
            return
        if mine == self.asked and not self.table.table.is_deleted:
            self.cursors[place:] = [found.cursor]
            self.table.show(found.rows, found.total, place)
            self._say_fitting(found)

    def _say_fitting(self, found: Found) -> None:
        """How many a narrowed list shows, and a way to take just these along."""
        narrowed = self.wanted.narrowed
        self.fitting.clear()
        self.fitting.visible = bool(narrowed and found.total)
        if not self.fitting.visible:
            return
        with self.fitting:
            text(_fitting(found), "grow")
            if self.edits:
                these = "Export all of them" if found.more else f"Export these {number(found.total)}"
                asked = urlencode(narrowed)
                link(these, f"/customers/export.csv?{asked}", whole=True, testid="export-these")
                link("as JSON", f"/customers/export.json?{asked}", whole=True, testid="export-these-json")

    def _status_filter(self, labels: dict[str, str]) -> None:
        select(
            {ANY: "Any status", **labels},
            self.wanted.status,
            on_change=lambda e: self._narrow(status=e.value or ANY),
            label="Status",
            testid="status-filter",
        ).classes("hb-filter")

    def _tag_filter(self, tags: list[tuple[str, int]]) -> None:
        select(
            {ANY: "Any tag", **{name: f"{name} ({number(count)})" for name, count in tags}},
            self.wanted.tag,
            on_change=lambda e: self._narrow(tag=e.value or ANY),
            label="Tag",
            testid="tag-filter",
        ).classes("hb-filter")

    def _group_filter(self, names: dict[str, str]) -> None:
        select(
            {ANY: "Any group", **names},
            self.wanted.group,
            on_change=lambda e: self._narrow(group=e.value or ANY),
            label="Group",
            testid="group-filter",
        ).classes("hb-filter")

    async def _search(self, typed: str) -> None:
        await self._narrow(search=typed)

    async def _narrow(self, **changes: str) -> None:
        self.wanted = replace(self.wanted, **changes)
        self.cursors = [None]
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self.wanted.address)})")
        await self.fetch(1)

    def _nobody(self) -> None:
        """Only a narrowed list can be empty here."""
        empty(
            "search",
            "Nobody fits",
            "Try another name, or fewer filters. A name counts from its beginning: “ann” finds Anna.",
            testid="nobody-fits",
        )


def _first_customers(by: Actor) -> None:
    if not by.may(Right.EDIT_CUSTOMERS):
        empty("users", "No customers yet", "As soon as somebody adds customers, they are listed here.")
        return
    with (
        box("hb-card"),
        empty(
            "users",
            "Your customer book is empty",
            "Bring in the list you already keep, or add people one by one as they come into the shop.",
            testid="no-customers",
        ),
        box("hb-row wrap"),
    ):
        link_button("Import a list", "/customers/import", kind="primary", icon="upload", testid="import")
        link_button("Add customer", "/customers/new", icon="plus", testid="add")
        if by.may(Right.MANAGE_SHOP):
            button("Look around with sample customers", _open_sample, kind="ghost", testid="open-sample")


async def _open_sample() -> None:
    await io(_opened_sample, await current_actor())
    toast("The sample customers are in the book. You can remove them in the settings.")
    ui.navigate.to("/customers?order=name")


def _fitting(found: Found) -> str:
    if found.more:
        return f"More than {people(found.total)} fit."
    return f"{people(found.total)} {'fits' if found.total == 1 else 'fit'}."


def _sub(around: Around) -> str:
    return f"{counted(around.total, 'person', 'people')} in your book." if around.total else ""


def _around() -> Around:
    with reading() as session:
        return Around(
            customers.how_many(session),
            {status.key: status.label for status in statuses.every(session)},
            search.tags_with_counts(session),
            {str(group.id): group.name for group in groups.every(session)},
        )


def _found(wanted: Wanted, cursor: str | None) -> Found:
    with reading() as session:
        labels = {status.key: status.label for status in statuses.every(session)}
        zone = read_shop(session).zone
        found = search.page(
            session,
            search=wanted.search,
            status=wanted.status or None,
            tag=wanted.tag or None,
            group=int(wanted.group) if wanted.group else None,
            limit=MOST_ROWS,
            after=cursor,
            sort="newest" if wanted.order == "newest" else "name",
        )
        rows = [_row(one, labels, zone) for one in found.items]
    return Found(rows, found.total, found.next_cursor, found.more)


def _row(one: Customer, labels: dict[str, str], zone: ZoneInfo) -> Row:
    mark, tone = _mark(one)
    names = [tag.name for tag in one.tags]
    more = [f"+{len(names) - SHOWN_TAGS}"] if len(names) > SHOWN_TAGS else []
    return {
        "id": one.id,
        "href": f"/customers/{one.id}",
        "name": one.shown_name,
        "sub": one.company if one.company != one.shown_name else "",
        "email": one.email or "No email address",
        "phone": one.phone,
        "mark": mark,
        "tone": tone,
        "status": labels.get(one.status, one.status),
        "tags": "|".join([*names[:SHOWN_TAGS], *more]),
        "added": day(one.created_at.astimezone(zone).date()),
    }


def _mark(one: Customer) -> tuple[str, str]:
    """The one thing to know before writing to this person."""
    if one.email_trouble:
        return "Address trouble", "warn"
    return ("Opted out", "mute") if one.marketing_opt_out else ("", "")


def _opened_sample(by: Actor) -> None:
    with unit() as session:
        open_sample_shop(session, by=by, now=now())


PAGES: list[Any] = [
    Page("/customers", "Customers", build, nav=Nav("People", "users", "Customers", tab=True)),
]
