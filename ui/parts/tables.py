"""One list of things: a table on a desk, cards on a phone; the server sends one page of rows at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import events, ui

from ui.parts.basics import box, button, empty, icon_button, skeleton, text
from ui.parts.feedback import handled

Row = dict[str, Any]
MOST_ROWS = 50  # a page of a table; more are heavy for a phone


@dataclass(frozen=True)
class Column:
    """`cell` is a Vue template for the inside of the cell, with `props.row`; without one the value is shown as text."""

    name: str
    label: str
    align: str = "left"
    sortable: bool = False
    cell: str = ""

    def as_quasar(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "field": self.name,
            "align": self.align,
            "sortable": self.sortable,
            # The server sorts: the browser keeps the order it is given.
            ":sort": "() => 0",
        }


def name_cell(name: str = "name", sub: str = "", href: str = "href") -> str:
    """The first cell: a link, so that the row opens from the keyboard and in a new tab. Arguments are row fields."""
    second = f'<div class="hb-cell-sub clip">{{{{ props.row.{sub} }}}}</div>' if sub else ""
    return f'<a class="hb-cell-name clip" :href="props.row.{href}">{{{{ props.row.{name} }}}}</a>{second}'


def pill_cell(tone: str = "tone", label: str = "status") -> str:
    return f"<span :class=\"'hb-pill ' + props.row.{tone}\">{{{{ props.row.{label} }}}}</span>"


def number_cell(name: str, nothing: str = "") -> str:
    return (
        f'<span v-if="props.row.{name} !== null" class="num">{{{{ props.row.{name}.toLocaleString() }}}}</span>'
        f'<span v-else class="muted">{nothing}</span>'
    )


def rate_cell(name: str) -> str:
    """A share in per cent with its bar; None shows nothing."""
    return (
        f'<div v-if="props.row.{name} !== null" class="hb-meter"><span class="bar">'
        f"<i :style=\"{{width: props.row.{name} + '%'}}\"></i></span>"
        f'<span class="pct">{{{{ props.row.{name} }}}}%</span></div>'
    )


def tags_cell(name: str) -> str:
    """A list of words; the field holds them joined by "|", because a table row may not hold a list."""
    words = f"(props.row.{name} || '').split('|').filter(Boolean)"
    return f'<div class="hb-tags"><span v-for="w in {words}" class="hb-tag">{{{{ w }}}}</span></div>'


def phone_item(
    name: str = "name",
    sub: str = "sub",
    facts: str = "",
    *,
    pill: tuple[str, str] | None = None,
) -> str:
    """A card for a phone: name, second line, perhaps a pill (tone field, label field) and a line of facts."""
    mark = pill_cell(*pill) if pill else ""
    last = f'<div class="facts" v-if="props.row.{facts}">{{{{ props.row.{facts} }}}}</div>' if facts else ""
    return (
        '<a class="hb-rowcard" :href="props.row.href"><div class="top"><div class="grow">'
        f'<div class="hb-cell-name">{{{{ props.row.{name} }}}}</div>'
        f'<div class="hb-cell-sub">{{{{ props.row.{sub} }}}}</div></div>{mark}</div>{last}</a>'
    )


class ListTable:
    """Rows with an `id` and, where they open, an `href`; `show` replaces the page of rows that is seen.

    `on_page(page)` is asked for another page, counted from 1; `on_sort(column, descending)` for another order.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        phone: str = "",
        on_open: Callable[[Any], Any] | None = None,
        on_page: Callable[[int], Any] | None = None,
        on_sort: Callable[[str, bool], Any] | None = None,
        page_size: int = MOST_ROWS,
        selection: bool = False,
        dense: bool = False,
        row_key: str = "id",
        nothing: Callable[[], Any] | None = None,
        testid: str = "table",
    ) -> None:
        self.page, self.total, self.page_size = 1, 0, page_size
        self.order = ("", False)
        self.on_page, self.on_sort, self.nothing = on_page, on_sort, nothing
        self.waiting = skeleton()
        self.table = _quasar_table(columns, phone, row_key, selection, dense, testid)
        self.table.visible = False
        self.instead = box("full")
        self._pager()
        if on_open:
            self.table.classes("opens")
            self._open_by_row(on_open)
        if on_sort:
            self.table.on("update:pagination", handled(self._sort))

    def show(self, rows: Sequence[Row], total: int | None = None, page: int = 1) -> None:
        """The rows of one page, out of `total`."""
        self.page, self.total = page, len(rows) if total is None else total
        if self.table.rows != list(rows):  # drawn anew, a row loses the focus and what was open in it
            self.table.rows = list(rows)
        self._only(self.table if rows else self.instead)
        if not rows:
            self._instead(
                self.nothing or (lambda: empty("search", "Nothing found", "Try another word or filter."))
            )
        self._paint_pager()

    def loading(self) -> None:
        """Keep what is seen and fade it; the answer brings it back."""
        self.table.classes(add="is-stale")

    def failed(self, sentence: str, again: Callable[[], Any]) -> None:
        """The rows could not be fetched."""
        self._only(self.instead)
        self._instead(lambda: _failed(sentence, again))
        self.pager.visible = False

    def update_row(self, key: Any, **changes: Any) -> None:
        """Change one row in place, for progress; a row that is not on this page is left alone."""
        name = self.table.row_key
        if any(row[name] == key for row in self.table.rows):
            self.table.rows = [{**row, **changes} if row[name] == key else row for row in self.table.rows]

    @property
    def selected(self) -> list[Any]:
        return [row[self.table.row_key] for row in self.table.selected]

    def _open_by_row(self, on_open: Callable[[Any], Any]) -> None:
        """A press anywhere in the row; one on a link, a button or a tick box is theirs."""
        self.table.on(
            "row-click",
            handled(lambda e: on_open(e.args)),
            js_handler=f"(evt, row) => {{ if (!evt.target.closest('a,button,.q-checkbox')) emit(row.{self.table.row_key}) }}",
        )

    async def _sort(self, event: events.GenericEventArguments) -> None:
        asked_for: Mapping[str, Any] = event.args
        order = (str(asked_for.get("sortBy") or ""), bool(asked_for.get("descending")))
        if order == self.order or self.on_sort is None:
            return  # the browser also repeats what it was given
        self.order = order
        asked = self.on_sort(*order)
        if asked is not None and hasattr(asked, "__await__"):
            await asked

    def _pager(self) -> None:
        with box("hb-pager", "nav", testid="pager") as self.pager:
            self.pager_words = text("", "grow num")
            self.pager_back = icon_button("left", "Page before", lambda: self._turn(-1), testid="page-before")
            self.pager_on = icon_button("chevron", "Next page", lambda: self._turn(1), testid="page-next")
        self.pager.visible = False

    def _turn(self, by: int) -> Any:
        return self.on_page(self.page + by) if self.on_page else None

    def _paint_pager(self) -> None:
        first = (self.page - 1) * self.page_size
        last = min(first + self.page_size, self.total)
        self.pager.visible = self.total > self.page_size
        self.pager_words.set_text(f"{first + 1:,} to {last:,} of {self.total:,}")
        self.pager_back.set_enabled(self.page > 1)
        self.pager_on.set_enabled(last < self.total)

    def _only(self, shown: ui.element) -> None:
        self.table.classes(remove="is-stale")
        for element in (self.waiting, self.table, self.instead):
            element.visible = element is shown

    def _instead(self, build: Callable[[], Any]) -> None:
        self.instead.clear()
        with self.instead:
            build()


def _quasar_table(
    columns: Sequence[Column],
    phone: str,
    row_key: str,
    selection: bool,
    dense: bool,
    testid: str,
) -> ui.table:
    table = ui.table(
        columns=[column.as_quasar() for column in columns],
        rows=[],
        row_key=row_key,
        selection="multiple" if selection else None,
    )
    table.props('flat hide-pagination hide-selected-banner :rows-per-page-options="[0]" binary-state-sort')
    table.classes("hb-table dense" if dense else "hb-table").mark(testid)
    table.props["data-testid"] = testid
    for column in columns:
        if column.cell:
            table.add_slot(f"body-cell-{column.name}", f'<q-td :props="props">{column.cell}</q-td>')
    if phone:
        table.props(':grid="Quasar.Screen.lt.md"')
        table.add_slot("item", phone)
    return table


def _failed(sentence: str, again: Callable[[], Any]) -> None:
    with box("hb-empty", testid="table-failed"):
        text("This list could not be loaded", "hb-card-title", "h2")
        text(sentence, tag="p")
        button("Try again", again, icon="refresh")
