"""Bringing people and what they had in from a list: nothing is written before it is clear what will happen."""

from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from data.database import now, reading
from domain.book import importing, record_kinds
from domain.book.agreements import OPTION
from domain.book.columns import CUSTOMERS
from domain.book.importing import Preview
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from jobs import importing as jobs
from ui.frame import Page, current_actor
from ui.parts import import_list, import_steps
from ui.parts.basics import alert, box, button, card, head, page, put, steps
from ui.parts.customer_form import TO_THE_FAULT
from ui.parts.feedback import io, sentence_for
from ui.parts.import_agreement import Agreement
from ui.parts.import_outcome import PATH, Outcome
from ui.parts.import_questions import Questions
from ui.parts.import_source import TOO_LARGE, Source
from ui.parts.import_steps import Basis, Columns, reasons, what_would_happen, working

STEPS = ("Choose the list", "Check it", "Done")
TO_THE_TOP = "scrollTo(0, 0); document.getElementById('%s')?.focus({preventScroll: true})"  # the keyboard too


@dataclass
class Sheet:
    """The list somebody chose, and how they said it is meant."""

    name: str
    raw: bytes
    kind: str = CUSTOMERS
    encoding: str | None = None
    mapping: dict[str, str | None] | None = None
    options: dict[str, Any] = field(default_factory=dict)


async def build(by: Actor) -> None:
    kinds, earlier = await io(_kinds_and_earlier, by)
    Room(kinds, earlier).start()


async def build_one(import_id: int) -> None:
    with page("narrow"):
        with head("Import", back=("Import customers", PATH)):
            pass
        outcome = Outcome(import_id)
    await outcome.look()


class Room:
    """One step is seen at a time; what was chosen stays until it is replaced."""

    def __init__(self, kinds: dict[str, str], earlier: list[dict[str, Any]]) -> None:
        self.kinds, self.earlier = kinds, earlier
        self.sheet: Sheet | None = None
        self.kind = CUSTOMERS
        self.asked = 0
        with page("narrow"):
            with head("Import customers", back=("Customers", "/customers")):
                pass
            self.steps = put(box("full"), tabindex="-1")
            self.wrong = box("full", testid="import-wrong")
            self.room = box("full hb-stack")

    def start(self) -> None:
        self.sheet = None
        self._step(0)
        with self.room:
            self.source = Source(self.kinds, self.kind, self._received, lambda: self._say(TOO_LARGE))
            import_list.draw(self.earlier)

    async def _received(self, name: str, raw: bytes) -> None:
        by = await current_actor()
        by.require(Right.EDIT_CUSTOMERS)
        self.kind = self.source.kind
        sheet = Sheet(name, raw, self.kind)
        self._say("")
        with self.room:
            wait = working("Reading the list")
        try:
            seen = await io(_preview, sheet, by)
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
            self.questions = Questions(self._answered)
            self.basis = Basis()
            self.agreement = Agreement(self._answered)
            self.columns = box("full")
            with box("hb-actions"):
                box("grow")
                button("Choose another list", self.start, testid="other-file")
                self.go = button("Import", self._take, kind="primary", icon="check", testid="import-go")
        self._draw_columns(seen)
        self._draw(seen)

    def _draw_columns(self, seen: Preview) -> None:
        self.columns.clear()
        with self.columns:
            Columns(seen, self._mapped, self._encoded)

    def _draw(self, seen: Preview) -> None:
        """What would happen, with these columns and answers."""
        assert self.sheet is not None
        going = seen.will_add + seen.will_update
        self.go.set_enabled(not seen.problem and bool(going))
        self.questions.show(seen, self.sheet.options)
        adds_people = seen.kind == CUSTOMERS or bool(self.sheet.options.get("add_unknown"))
        self.basis.room.visible = adds_people
        self.agreement.show(seen)
        self.figures.classes(remove="is-stale")
        self.figures.clear()
        with self.figures:
            what_would_happen(seen)
            if not going and not seen.problem:
                alert("There is nothing to do", "Nothing in this list is new.", testid="nothing-to-do")
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
            await self._look_at_columns_again()

    async def _answered(self, name: str, value: Any) -> None:
        if self.sheet is None:
            return
        self.sheet.options[name] = value
        if name == "sheet":  # another sheet has other columns
            self.sheet.mapping = None
            await self._look_at_columns_again()
        else:
            await self._look_again()

    async def _look_at_columns_again(self) -> None:
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
            if mine == self.asked and not self.agreement.wrong(refusal.details, refusal.sentence):
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
        self.sheet.options[OPTION] = self.agreement.given
        self.go.props("loading")
        try:
            import_id = await io(_taken, self.sheet, self.basis.value, by)
        except Refusal as refusal:
            self._refused(refusal)
        except Exception as error:  # nothing was written; the list and what was chosen stay
            self._say(sentence_for(error))
        else:
            ui.navigate.to(f"{PATH}/{import_id}")
        finally:
            if not self.go.is_deleted:
                self.go.props(remove="loading")

    def _refused(self, refusal: Refusal) -> None:
        if refusal.details.get("field") == "basis":
            self.basis.field.wrong(refusal.sentence)
            ui.run_javascript(TO_THE_FAULT)
        elif self.agreement.wrong(refusal.details, refusal.sentence):
            ui.run_javascript(TO_THE_FAULT)
        else:
            self._say(refusal.sentence)

    def _step(self, place: int) -> None:
        self._say("")
        self.room.clear()
        self.steps.clear()
        with self.steps:
            steps(STEPS, place)
        if place:
            self.room.client.run_javascript(TO_THE_TOP % self.steps.html_id)

    def _say(self, sentence: str) -> None:
        self.wrong.clear()
        if sentence:
            with self.wrong:
                alert(sentence, tone="bad", testid="import-refused")


def _kinds_and_earlier(by: Actor) -> tuple[dict[str, str], list[dict[str, Any]]]:
    with reading() as session:
        kinds = record_kinds.labels(session)
    return kinds, import_list.look(by)


def _preview(sheet: Sheet, by: Actor) -> Preview:
    with reading() as session:
        return importing.preview(
            session,
            sheet.raw,
            sheet.name,
            kind=sheet.kind,
            mapping=sheet.mapping,
            encoding=sheet.encoding,
            options=sheet.options,
            by=by,
            now=now(),
        )


def _taken(sheet: Sheet, basis: str, by: Actor) -> int:
    entry = jobs.begin(
        sheet.raw,
        sheet.name,
        kind=sheet.kind,
        mapping=sheet.mapping,
        encoding=sheet.encoding,
        options=sheet.options,
        basis=basis,
        by=by,
    )
    return entry.id


PAGES: list[Any] = [
    Page(PATH, "Import customers", build, right=Right.EDIT_CUSTOMERS),
    Page(f"{PATH}/{{import_id}}", "Import", build_one, right=Right.EDIT_CUSTOMERS),
]
