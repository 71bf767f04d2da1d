"""Who belongs, said in sentences: conditions and sets of them, joined by all or any, each with its number."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from nicegui import ui

from data.database import now, reading
from domain.audience import pieces
from domain.audience.catalogue import Entry, Tree
from domain.shop.people import Right
from ui.frame import current_actor
from ui.parts import conditions
from ui.parts.basics import box, button, icon_button, put, text
from ui.parts.condition_gaps import focus_on
from ui.parts.condition_line import Complaint, LineBox, Not, Tally
from ui.parts.condition_menu import ConditionMenu
from ui.parts.conditions import DEEPEST, Nest, Part
from ui.parts.feedback import SessionOver, io, sentence_for
from ui.parts.inputs import Segmented
from ui.parts.patience import patiently
from ui.parts.rule_stock import Stock

WORDS: Final = {"all": "All of these", "any": "Any of these"}
SETTLE: Final = 0.4  # seconds: the whole is counted first


class RuleEditor:
    """`on_change()` is called after each change; `tree` is the rule in its final form, or None while it has gaps."""

    def __init__(self, has: Stock, begin: Nest, on_change: Callable[[], Any]) -> None:
        self.stock, self.root, self.on_change = has, begin, on_change
        self.numbers, self.asked, self.made = Numbers(), 0, 0
        self.menu = ConditionMenu(has.entries)
        with box("hb-asking full"):
            self.room = NestBox(self, begin, 0)
        ui.timer(0.1, self.count, once=True, immediate=False)

    @property
    def tree(self) -> Tree | None:
        return None if conditions.has_gaps(self.root) else conditions.written(self.root)

    def check(self) -> bool:
        """Say beside each condition what it lacks. True if nothing does."""
        whole = [one.check() for one in self.room.every()]
        return all(whole)

    def lead_to_gap(self) -> None:
        """The keyboard, and with it the page, to the first condition that is not whole."""
        first = next((one for one in self.room.every() if conditions.missing(one.part)), None)
        if first:
            first.lead()

    async def changed(self) -> None:
        done = self.on_change()
        if hasattr(done, "__await__"):
            await done
        await self.count()

    async def count(self) -> None:
        """Each condition by itself, one after the other; a later change makes this one stop."""
        self.asked += 1
        mine = self.asked
        await asyncio.sleep(SETTLE)
        for one in list(self.room.every()):
            if mine != self.asked:
                return
            if not one.root.is_deleted and not conditions.missing(one.part) and not _hollow(one.part):
                await self._count(mine, one)

    async def _count(self, mine: int, one: "LineBox | NestBox") -> None:
        """A figure that could not be had again stays, faded; it is asked again where only the database was busy."""
        one.tally.fade()
        try:
            found = await patiently(
                lambda: self._number(one.part), one.tally.excuse, lambda: self._is_last(mine, one)
            )
        except SessionOver:
            raise
        except Exception as error:
            self._tell(mine, one, None, sentence_for(error))
        else:
            self._tell(mine, one, found)

    async def _number(self, part: Part) -> int:
        (await current_actor()).require(Right.VIEW)
        return await self.numbers.of(conditions.written(part), self.stock.of)

    def _is_last(self, mine: int, one: "LineBox | NestBox") -> bool:
        return mine == self.asked and not one.root.is_deleted

    def _tell(self, mine: int, one: "LineBox | NestBox", found: int | None, why: str = "") -> None:
        """Late answers are dropped."""
        if not self._is_last(mine, one):
            return
        one.complaint.say(why)
        if found is not None:
            one.tally.show(found)

    def next_testid(self) -> str:
        self.made += 1
        return f"condition-{self.made - 1}"


class NestBox:
    """A set of conditions; the outermost one has no frame and can't be taken out."""

    def __init__(
        self,
        editor: RuleEditor,
        nest: Nest,
        depth: int,
        on_remove: Callable[["NestBox"], Any] | None = None,
    ) -> None:
        self.editor, self.nest, self.depth = editor, nest, depth
        self.part: Part = nest
        self.boxes: list[LineBox | NestBox] = []
        self.testid = "rule" if depth == 0 else editor.next_testid()
        join = "join" if depth == 0 else f"{self.testid}-join"
        with box("hb-nest" if depth else "hb-nest outermost", testid=self.testid) as self.root:
            put(self.root, role="group", aria_label="A set of conditions" if depth else "The conditions")
            with box("hb-row wrap"):
                if depth:
                    Not(nest, self._changed, self.testid)
                text("Everyone who meets" if depth == 0 else "meets", "hb-label")
                Segmented(WORDS, nest.word, self._joined, "How the conditions are joined", testid=join)
                box("grow")
                self.tally = Tally(self.testid)
                self.tally.words.visible = depth > 0
                if on_remove:
                    icon_button(
                        "x",
                        "Take this set out",
                        lambda: on_remove(self),
                        testid=f"{self.testid}-remove",
                    )
            self.room = box("hb-conditions", testid="conditions" if depth == 0 else f"{self.testid}-parts")
            with self.room:
                for part in nest.parts:
                    self._draw(part)
            self.none = text("Without a condition everyone in the book belongs here.", "muted small")
            self._buttons()
            self.complaint = Complaint(self.root, self.testid)
        self._paint()

    def every(self) -> "Iterator[LineBox | NestBox]":
        for one in self.boxes:
            yield one
            if isinstance(one, NestBox):
                yield from one.every()

    def check(self) -> bool:
        self.complaint.say(conditions.missing(self.nest))
        return not conditions.missing(self.nest)

    def focus(self) -> None:
        focus_on(self.more)

    def lead(self) -> None:
        self.focus()

    def _buttons(self) -> None:
        inside = "" if self.depth == 0 else f"-{self.testid}"
        with box("hb-row wrap"):
            self.more = button(
                "Add a condition", self._ask, icon="plus", small=True, testid=f"add-condition{inside}"
            )
            if self.depth < DEEPEST:
                button(
                    "Add a set of conditions",
                    self._add_set,
                    kind="ghost",
                    icon="plus",
                    small=True,
                    testid=f"add-set{inside}",
                )

    def _ask(self) -> None:
        if not self._is_full():
            self.editor.menu.open(self._add)

    async def _add(self, entry: Entry) -> None:
        await self._put(conditions.begun(entry))

    async def _add_set(self) -> None:
        if not self._is_full():
            await self._put(Nest("any" if self.nest.word == "all" else "all"))

    async def _put(self, part: Part) -> None:
        self.nest.parts.append(part)
        with self.room:
            self._draw(part).focus()
        await self._changed()

    def _is_full(self) -> bool:
        full = conditions.is_full(self.editor.root)
        self.complaint.say(conditions.TOO_MANY if full else "")
        return full

    def _draw(self, part: Part) -> "LineBox | NestBox":
        made: LineBox | NestBox
        if isinstance(part, Nest):
            made = NestBox(self.editor, part, self.depth + 1, self._remove)
        else:
            made = LineBox(
                self.editor.stock, part, self.editor.changed, self._remove, self.editor.next_testid()
            )
        self.boxes.append(made)
        return made

    async def _remove(self, one: "LineBox | NestBox") -> None:
        place = self.boxes.index(one)
        del self.boxes[place]
        del self.nest.parts[place]
        one.root.delete()
        self.boxes[min(place, len(self.boxes) - 1)].focus() if self.boxes else self.focus()
        await self._changed()

    def _joined(self, word: str) -> Any:
        self.nest.word = word
        return self._changed()

    async def _changed(self) -> None:
        self._paint()
        self.complaint.say("")
        await self.editor.changed()

    def _paint(self) -> None:
        self.none.visible = self.depth == 0 and not self.nest.parts


class Numbers:
    """What was counted for this page: a condition that did not change is not counted again within a minute."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[int, float]] = {}

    async def of(self, tree: Tree, segment_id: int | None) -> int:
        key = json.dumps(tree, sort_keys=True)
        at = asyncio.get_running_loop().time()
        if key not in self.kept or at - self.kept[key][1] > 60:
            self.kept[key] = (await io(_count, tree, segment_id), at)
        return self.kept[key][0]


def _hollow(part: Part) -> bool:
    return isinstance(part, Nest) and conditions.has_gaps(part)


def _count(tree: Tree, segment_id: int | None) -> int:
    with reading() as session:
        return pieces.count(session, tree, of=segment_id, now=now())
