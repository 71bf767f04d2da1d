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
from ui.parts.basics import box, button, icon, link, put, text
from ui.parts.feedback import io, sentence_for
from ui.parts.person_search import PersonSearch
from ui.words import counted

UNFINISHED: Final = "Fill in the conditions to see who matches."
SETTLE: Final = 0.2  # seconds


class LiveCount:
    """The old figure stays, faded, while it is asked again and when that fails. Late answers are dropped."""

    def __init__(self) -> None:
        self.asked = 0
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
        (await current_actor()).require(Right.VIEW)
        try:
            seen = await io(_glimpse, tree)
        except Refusal as refusal:
            self._failed(mine, refusal.sentence)
        except Exception as error:
            self._failed(mine, sentence_for(error))
        else:
            self._show(mine, seen)

    def _show(self, mine: int, seen: Glimpse) -> None:
        if mine != self.asked or self.root.is_deleted:
            return
        self.root.classes(remove="is-stale")
        self.figure.set_text(f"{seen.matched:,}")
        self.title.set_text(f"{'person matches' if seen.matched == 1 else 'people match'} just now")
        self.names.clear()
        with self.names:
            for key, name in seen.some:
                link(name, f"/customers/{key}", classes="hb-link quiet")
            if rest := seen.matched - len(seen.some):
                text(f"and {counted(rest, 'other')}", "muted", "span")

    def _failed(self, mine: int, sentence: str) -> None:
        """The old figure stays, with the reason why it may be wrong."""
        if mine == self.asked and not self.root.is_deleted:
            self.title.set_text(sentence)


class WhyHere:
    """Type a customer's name and read by which condition they belong, or which keeps them out."""

    def __init__(self, tree: Callable[[], Tree | None]) -> None:
        self.tree = tree
        self.who: tuple[int, str] | None = None
        with box("hb-row"):
            button(
                "Why is somebody in or out?",
                self._open,
                kind="ghost",
                icon="question",
                small=True,
                testid="why",
            )
        with box("hb-stack tight full") as self.room:
            self.search = PersonSearch("A customer's name, email or phone", self._pick, testid="why-search")
            self.verdict = put(box("hb-verdict", testid="verdict"), role="status")
        self.room.visible = self.verdict.visible = False

    async def again(self) -> None:
        """The rule has changed."""
        if self.who and self.room.visible:
            await self._pick(*self.who)

    def _open(self) -> None:
        self.room.visible = not self.room.visible
        if self.room.visible:
            self.search.focus()

    async def _pick(self, customer_id: int, name: str) -> None:
        (await current_actor()).require(Right.VIEW)
        self.who = (customer_id, name)
        tree = self.tree()
        if tree is None:
            self._say(name, Belonging(False, UNFINISHED))
            return
        try:
            found = await io(_belonging, tree, customer_id)
        except Refusal as refusal:
            found = Belonging(False, refusal.sentence)
        if self.who == (customer_id, name) and not self.verdict.is_deleted:
            self._say(name, found)

    def _say(self, name: str, found: Belonging) -> None:
        self.verdict.clear()
        self.verdict.visible = True
        with self.verdict:
            icon("check" if found.inside else "minus", "good" if found.inside else "muted")
            with box("grow"):
                text(name, "strong")
                text(found.sentence)


def _glimpse(tree: Tree) -> Glimpse:
    with reading() as session:
        return glimpse(session, tree, now=now())


def _belonging(tree: Any, customer_id: int) -> Belonging:
    with reading() as session:
        return pieces.belonging(session, tree, customer_id, now=now())
