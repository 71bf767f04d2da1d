"""Bringing customers in from a list: nothing is written before it is clear what will happen."""

from dataclasses import dataclass, field
from typing import Any

from nicegui import events, ui

from data.database import now, reading
from domain.book import importing
from domain.book.importing import Preview
from domain.book.imports import Import
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from jobs import importing as jobs
from ui.frame import Page, current_actor
from ui.parts import import_steps
from ui.parts.basics import alert, box, button, card, head, page, steps
from ui.parts.customer_form import TO_THE_FAULT
from ui.parts.feedback import io, sentence_for
from ui.parts.import_steps import (
    Basis,
    Columns,
    Done,
    choose_file,
    reasons,
    result,
    what_would_happen,
    working,
)

STEPS = ("Choose the list", "Check it", "Done")
TOO_LARGE = f"This file is larger than {import_steps.MEGABYTES} MB, or it is not a list. Choose a CSV file, or split it."


@dataclass
class Sheet:
    """The file somebody chose, and how they said it is meant."""

    name: str
    raw: bytes
    encoding: str | None = None
    mapping: dict[str, str | None] | None = None
    rejected: list[tuple[int, str]] = field(default_factory=list)
    taken: Import | None = None


async def build() -> None:
    Room().start()


class Room:
    """One step is seen at a time; what was chosen stays until it is replaced."""

    def __init__(self) -> None:
        self.sheet: Sheet | None = None
        self.asked = 0
        with page("narrow"):
            with head("Import customers", back=("Customers", "/customers")):
                pass
            self.steps = box("full")
            self.wrong = box("full", testid="import-wrong")
            self.room = box("full hb-stack")

    def start(self) -> None:
        self.sheet = None
        self._step(0)
        with self.room:
            choose_file(self._received, lambda: self._say(TOO_LARGE))

    async def _received(self, event: events.UploadEventArguments) -> None:
        (await current_actor()).require(Right.EDIT_CUSTOMERS)
        sheet = Sheet(event.file.name, await event.file.read())
        self._say("")
        with self.room:
            wait = working("Reading the list")
        try:
            seen = await io(_preview, sheet, await current_actor())
        except Refusal as refusal:
            self._say(refusal.sentence)
        else:
            self.sheet = sheet
            self._check(seen)
        finally:
            if not wait.is_deleted:
                wait.delete()

    def _check(self, seen: Preview) -> None:
        self._step(1)
        with self.room:
            self.figures = box("full hb-stack")
            self.basis = Basis()
            self.columns = box("full")
            with box("hb-actions"):
                box("grow")
                button("Choose another file", self.start, testid="other-file")
                self.go = button("Import", self._take, kind="primary", icon="check", testid="import-go")
        self._draw_columns(seen)
        self._draw(seen)

    def _draw_columns(self, seen: Preview) -> None:
        self.columns.clear()
        with self.columns:
            Columns(seen, self._mapped, self._encoded)

    def _draw(self, seen: Preview) -> None:
        """What would happen, with these columns."""
        assert self.sheet is not None
        self.sheet.rejected = seen.rejected
        people = seen.will_add + seen.will_update
        self.go.set_enabled(not seen.problem and bool(people))
        self.figures.classes(remove="is-stale")
        self.figures.clear()
        with self.figures:
            what_would_happen(seen)
            if not people and not seen.problem:
                alert(
                    "There is nothing to do",
                    "Nobody in this list is new, and nothing about them is.",
                    testid="nothing-to-do",
                )
            if seen.rejected:
                with card(f"{len(seen.rejected):,} of {seen.rows:,} rows will be refused"):
                    reasons(seen.rejected)
            import_steps.warnings(seen.warnings)

    async def _mapped(self, mapping: dict[str, str | None]) -> None:
        if self.sheet:
            self.sheet.mapping = dict(mapping)
            await self._look_again()

    async def _encoded(self, encoding: str) -> None:
        """Other letters may mean other headings, so the columns are guessed anew."""
        if self.sheet:
            self.sheet.encoding, self.sheet.mapping = encoding, None
            seen = await self._look_again()
            if seen:
                self._draw_columns(seen)

    async def _look_again(self) -> Preview | None:
        assert self.sheet is not None
        by = await current_actor()
        self.asked += 1
        mine = self.asked
        self.figures.classes(add="is-stale")
        self._say("")
        try:
            seen = await io(_preview, self.sheet, by)
        except Refusal as refusal:
            if mine == self.asked:
                self.go.set_enabled(False)
                self._say(refusal.sentence)
            return None
        if mine != self.asked or self.room.is_deleted:
            return None
        self._draw(seen)
        return seen

    async def _take(self) -> None:
        if self.sheet is None:
            return
        by = await current_actor()
        self.basis.field.wrong()
        self._say("")
        self.go.props("loading")
        try:
            done = await io(_taken, self.sheet, self.basis.value, by)
        except Refusal as refusal:
            self._refused(refusal)
        except Exception as error:  # nothing was written; the list and what was chosen stay
            self._say(sentence_for(error))
        else:
            self._show(done)
        finally:
            if not self.go.is_deleted:
                self.go.props(remove="loading")

    def _refused(self, refusal: Refusal) -> None:
        if refusal.details.get("field") == "basis":
            self.basis.field.wrong(refusal.sentence)
            ui.run_javascript(TO_THE_FAULT)
        else:
            self._say(refusal.sentence)

    def _show(self, done: Done) -> None:
        self._step(2)
        with self.room:
            result(done, self._download, self.start)

    async def _download(self) -> None:
        (await current_actor()).require(Right.EDIT_CUSTOMERS)
        if self.sheet and self.sheet.taken:
            content = await io(jobs.refused_file, self.sheet.taken)
            ui.download.content(content or b"", "rows-to-correct.csv", "text/csv")

    def _step(self, place: int) -> None:
        self._say("")
        self.room.clear()
        self.steps.clear()
        with self.steps:
            steps(STEPS, place)
        if place:
            self.room.client.run_javascript("scrollTo(0, 0)")

    def _say(self, sentence: str) -> None:
        self.wrong.clear()
        if sentence:
            with self.wrong:
                alert(sentence, tone="bad", testid="import-refused")


def _preview(sheet: Sheet, by: Actor) -> Preview:
    with reading() as session:
        return importing.preview(
            session, sheet.raw, sheet.name, mapping=sheet.mapping, encoding=sheet.encoding, by=by, now=now()
        )


def _taken(sheet: Sheet, basis: str, by: Actor) -> Done:
    entry = jobs.begin(
        sheet.raw, sheet.name, mapping=sheet.mapping, encoding=sheet.encoding, basis=basis, by=by
    )
    entry = jobs.wait(entry.id, by, 600)
    sheet.taken = entry
    return Done(entry.file_name, entry.added, entry.updated, entry.unchanged, tuple(sheet.rejected))


PAGES: list[Any] = [
    Page("/customers/import", "Import customers", build, right=Right.EDIT_CUSTOMERS),
]
