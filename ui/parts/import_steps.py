"""The second step of an import: what would happen, what each column means, and why the shop may write to these people."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from nicegui import ui

from domain.book import columns
from domain.book.columns import CUSTOMERS, OWN
from domain.book.importing import Preview
from domain.book.table_file import ENCODINGS
from ui.parts.basics import alert, box, button, card, put, stats, text
from ui.parts.inputs import Field, select, text_input
from ui.words import counted, number

LEAVE_OUT: Final = ""
MOST_COLUMNS, MOST_REASONS, MOST_WARNINGS = 20, 100, 20
ENCODING: Final = {
    "UTF-8": "UTF-8 (usual today)",
    "UTF-16": "UTF-16 (Excel, Unicode text)",
    "cp1252": "Western Europe (Windows)",
    "latin_1": "Western Europe (Latin-1)",
    "cp1250": "Central Europe (Windows)",
    "cp1251": "Cyrillic (Windows)",
    "cp1253": "Greek (Windows)",
    "cp1254": "Turkish (Windows)",
    "mac_roman": "Western Europe (old Mac)",
    "shift_jis": "Japanese",
    "gb18030": "Chinese",
}


def what_would_happen(seen: Preview) -> None:
    if seen.problem:
        alert("This list can’t be taken yet", seen.problem, tone="bad", testid="import-problem")
        return
    stats(
        [
            ("Will be added", number(seen.will_add), "new in your book"),
            ("Will be updated", number(seen.will_update), "gaps filled, facts corrected"),
            ("Stay as they are", number(seen.unchanged), "nothing new about them"),
            ("Refused", number(len(seen.rejected)), "rows, with the reason below"),
        ]
    )
    if seen.kind != CUSTOMERS:
        return
    told = seen.will_add + seen.will_update + seen.unchanged + len(seen.rejected)
    if seen.rows > told:
        again = counted(seen.rows - told, "row tells", "rows tell")
        text(f"{again} of a person once more: joined with the row before.", "hb-help", testid="import-joined")
    if seen.will_opt_out:
        who = counted(seen.will_opt_out, "person", "people")
        alert(f"{who} will be marked as opted out", "The list says that they do not want marketing.")


def reasons(rejected: Sequence[tuple[int, str]], *, total: int = 0, testid: str = "rejected") -> None:
    """The first of them; `total` where more were refused than are given."""
    total = max(total, len(rejected))
    with put(box("hb-reasons", "ul", testid=testid), tabindex="0", aria_label="Refused rows"):
        for row, reason in rejected[:MOST_REASONS]:
            with box("", "li"):
                text(f"Row {row:,}", "", "span")
                text(f"{reason[:1].upper()}{reason[1:]}.", "", "span")
        if total > MOST_REASONS:
            with box("", "li"):
                text("", "", "span")
                text(f"And {total - MOST_REASONS:,} more.", "", "span")


def warnings(sentences: Sequence[str]) -> None:
    """Worth a look; they stop nothing."""
    if not sentences:
        return
    with card("Worth a look", testid="import-warnings"), box("hb-stack tight"):
        for sentence in sentences[:MOST_WARNINGS]:
            text(sentence, "small")
        if len(sentences) > MOST_WARNINGS:
            text(f"And {len(sentences) - MOST_WARNINGS:,} more of this kind.", "muted small")


class Columns:
    """Which column holds what. `on_change(mapping)` hears the whole of it; an encoding is told by `on_encoding`."""

    def __init__(
        self,
        seen: Preview,
        on_change: Callable[[dict[str, str | None]], Any],
        on_encoding: Callable[[str], Any],
    ) -> None:
        self.seen, self.on_change = seen, on_change
        self.mapping: dict[str, str | None] = dict.fromkeys(seen.headers) | dict(seen.mapping)
        with card("Columns", "What each column of the list means.", testid="columns"):
            self._encoding(on_encoding)
            self.map = box("hb-map")
            self._rows(seen.headers[:MOST_COLUMNS])
            rest = seen.headers[MOST_COLUMNS:]
            if rest:
                more = button(f"Show {len(rest)} more columns", kind="ghost", small=True)
                more.on_click(lambda: self._all(rest, more))

    def _encoding(self, on_encoding: Callable[[str], Any]) -> None:
        if self.seen.sheets:  # a workbook says by itself which letters it has
            return
        known = {key: ENCODING.get(key, key) for key in ENCODINGS}
        options = known if self.seen.encoding in known else {self.seen.encoding: self.seen.encoding, **known}
        field = Field("Letters", "If accents such as é look wrong below, choose another.")
        with field.body:
            select(
                options,
                self.seen.encoding,
                on_change=lambda e: on_encoding(e.value),
                label="Letters",
                testid="encoding",
            )

    def _all(self, rest: Sequence[str], more: ui.button) -> None:
        self._rows(rest)
        more.delete()

    def _rows(self, headers: Sequence[str]) -> None:
        with self.map:
            for header in headers:
                place = self.seen.headers.index(header)
                with box("heading"):
                    text(header, "strong clip")
                    text(self._some(place), "muted small clip")
                select(
                    self._options(header),
                    self.mapping.get(header) or LEAVE_OUT,
                    on_change=lambda e, name=header: self._choose(name, e.value),
                    label=f"Column {header}",
                    testid=f"column-{place}",
                )

    def _some(self, place: int) -> str:
        cells = [row[place] for row in self.seen.sample if place < len(row) and row[place].strip()]
        return ", ".join(cells[:3]) or "Empty in the first rows"

    def _options(self, header: str) -> dict[str, str]:
        known = columns.fields(self.seen.kind)
        keep = {f"{OWN}{header[:60]}": f"Keep as your own field “{header}”"}
        chosen = self.mapping.get(header) or ""
        if chosen.startswith(OWN) and chosen not in keep:
            keep = {chosen: header}
        return {LEAVE_OUT: "Leave out", **known, **keep}

    def _choose(self, header: str, field: str | None) -> Any:
        self.mapping[header] = field or None
        return self.on_change(self.mapping)


class Basis:
    """Why the shop may write to these people: part of each one's proof."""

    def __init__(self, value: str = "") -> None:
        self.room = box("full")
        with self.room, card("Why may you write to these people?"):
            self.field = Field(
                "Your reason",
                "It is kept with each of them as the proof. For example: customers who signed up at the till.",
                testid="basis-field",
            )
            with self.field.body:
                self.entry = put(text_input(value, label="Your reason", testid="basis"), maxlength="200")

    @property
    def value(self) -> str:
        return (self.entry.value or "").strip()


def working(sentence: str) -> ui.element:
    with put(box("hb-card"), role="status") as made, box("pad hb-row"):
        ui.spinner(size="22px", color=None).classes("muted")
        text(sentence, "muted")
    return made
