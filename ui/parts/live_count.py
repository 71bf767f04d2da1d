"""How many a rule means just now, a few of them by name, and why one person is in or out."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from data.database import now, reading
from domain.audience import pieces
from domain.audience.catalogue import Tree
from domain.audience.glimpse import Glimpse, glimpse
from domain.audience.pieces import Belonging
from domain.refusal import Refusal
from domain.shop.people import Right
from ui.frame import current_actor
from ui.parts.basics import box, link, put, text
from ui.parts.feedback import SessionOver, io, sentence_for
from ui.parts.patience import patiently
from ui.parts.why_one import WhyOne
from ui.words import counted

UNFINISHED: Final = "Fill in the conditions to see who matches."
SETTLE: Final = 0.2  # seconds


class LiveCount:
    """The old figure stays, faded, while it is asked again and when that fails. Late answers are dropped.

    Where the database could not be read it is asked again by itself.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.seen: Glimpse | None = None
        with put(box("hb-count", testid="live-count"), aria_live="polite") as self.root:
            self.figure = text("–", "big", testid="live-figure")
            with box("grow"):
                self.title = text("Counting", "strong")
                self.names = box("hb-names")

    async def ask(self, tree: Tree | None) -> None:
        self.asked += 1
        mine = self.asked
        self.root.classes(add="is-stale")
        if tree is None:
            self.title.set_text(UNFINISHED)
            return
        if mine > 1:
            await asyncio.sleep(SETTLE)
        if mine == self.asked:
            await self._ask(mine, tree)

    async def _ask(self, mine: int, tree: Tree) -> None:
        try:
            seen = await patiently(
                lambda: _seen(tree), lambda why: self._failed(mine, why), lambda: self._is_last(mine)
            )
        except SessionOver:
            raise
        except Exception as error:
            self._failed(mine, sentence_for(error))
        else:
            self._show(mine, seen)

    def _is_last(self, mine: int) -> bool:
        return mine == self.asked and not self.root.is_deleted

    def _show(self, mine: int, seen: Glimpse | None) -> None:
        if seen is None or not self._is_last(mine):
            return
        self.root.classes(remove="is-stale")
        self.figure.set_text(f"{seen.matched:,}")
        self.title.set_text(f"{'person matches' if seen.matched == 1 else 'people match'} just now")
        if seen != self.seen:  # else somebody may be pressing a name just now
            self._name(seen)

    def _name(self, seen: Glimpse) -> None:
        self.seen = seen
        self.names.clear()
        with self.names:
            for key, name in seen.some:
                link(name, f"/customers/{key}", classes="hb-link quiet")
            if rest := seen.matched - len(seen.some):
                text(f"and {counted(rest, 'other')}", "muted", "span")

    def _failed(self, mine: int, sentence: str) -> None:
        """The old figure stays, with the reason why it may be wrong."""
        if self._is_last(mine):
            self.title.set_text(sentence)


class WhyHere(WhyOne):
    """By which condition somebody belongs, or which keeps them out."""

    def __init__(self, tree: Callable[[], Tree | None]) -> None:
        super().__init__()
        self.tree = tree

    async def _answer(self, customer_id: int) -> tuple[bool, str]:
        tree = self.tree()
        if tree is None:
            return False, UNFINISHED
        try:
            found = await io(_belonging, tree, customer_id)
        except Refusal as refusal:
            return False, refusal.sentence
        return found.inside, found.sentence


async def _seen(tree: Tree) -> Glimpse:
    (await current_actor()).require(Right.VIEW)
    return await io(_glimpse, tree)


def _glimpse(tree: Tree) -> Glimpse:
    with reading() as session:
        return glimpse(session, tree, now=now())


def _belonging(tree: Any, customer_id: int) -> Belonging:
    with reading() as session:
        return pieces.belonging(session, tree, customer_id, now=now())
