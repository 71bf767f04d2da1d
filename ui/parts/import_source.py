"""The first step of an import: what the list is about, and the list itself, as a file or pasted."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import events

from domain.book.columns import CUSTOMERS
from domain.book.pasted import as_file
from domain.book.table_file import MOST_BYTES
from ui.parts.basics import box, button, card, text
from ui.parts.inputs import Field, drop_zone, select, text_area

MEGABYTES: Final = MOST_BYTES // 1_000_000
TOO_LARGE: Final = f"This file is larger than {MEGABYTES} MB, or it is not a list. Choose a table such as CSV or Excel, or split it."
ACCEPTED: Final = ".csv,.tsv,.txt,.xlsx,.xlsm,.ods,text/csv,text/plain"
PASTED: Final = "Pasted list"


class Source:
    """`on_list(name, bytes)` hears of what was chosen; `kinds` are the shop's kinds of records with their names."""

    def __init__(
        self,
        kinds: Mapping[str, str],
        kind: str,
        on_list: Callable[[str, bytes], Any],
        on_refused: Callable[[], Any],
    ) -> None:
        self.kind, self.on_list = kind, on_list
        with card("What is in the list?"):
            self._kinds(kinds)
        with card("Choose the list", "From a spreadsheet, a till, a web shop or a mail program."):
            drop_zone(
                "Drop the file here, or press to choose it",
                f"Excel, ODS or CSV, up to {MEGABYTES} MB. Nothing is written before you have seen what will happen.",
                self._received,
                accept=ACCEPTED,
                most_bytes=MOST_BYTES,
                on_refused=on_refused,
                testid="import-file",
            )
            self._paste()
            text(
                "A heading such as Email, First name or Tags is recognised by itself. People who unsubscribed stay "
                "unsubscribed, whatever the list says.",
                "hb-help",
            )

    def _kinds(self, kinds: Mapping[str, str]) -> None:
        field = Field(
            "One row is", "Orders, appointments and the like are added to customers who are in your book."
        )
        with field.body:
            select(
                {CUSTOMERS: "A customer", **kinds},
                self.kind,
                on_change=lambda e: setattr(self, "kind", e.value),
                label="One row is",
                testid="import-kind",
            )

    def _paste(self) -> None:
        self.opener = button(
            "Or paste it", self._open, kind="ghost", small=True, icon="copy", testid="paste-open"
        )
        with box("full hb-stack tight") as self.room:
            self.words = text_area(
                label="The list",
                placeholder="One address in each line, or rows copied from a spreadsheet",
                height=160,
                mono=True,
                debounce=0,
                testid="paste",
            )
            with box("hb-row"):
                button("Read it", self._pasted, testid="paste-go")
        self.room.visible = False

    def _open(self) -> None:
        self.opener.visible, self.room.visible = False, True
        self.words.run_method("focus")

    async def _pasted(self) -> None:
        await self.on_list(PASTED, as_file(self.words.value or ""))

    async def _received(self, event: events.UploadEventArguments) -> None:
        await self.on_list(event.file.name, await event.file.read())
