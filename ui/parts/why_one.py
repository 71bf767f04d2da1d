"""Type a customer's name and read whether they are in, or the first reason why not."""

from abc import ABC, abstractmethod

from domain.shop.people import Right
from ui.frame import current_actor
from ui.parts.basics import box, button, icon, put, text
from ui.parts.person_search import PersonSearch


class WhyOne(ABC):
    """A question that opens under what it is about. Which question it is, `_answer` says."""

    def __init__(self) -> None:
        self.who: tuple[int, str] | None = None
        with box("hb-row wrap") as self.row:
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
        """What the question is about has changed."""
        if self.who and self.room.visible:
            await self._pick(*self.who)

    @abstractmethod
    async def _answer(self, customer_id: int) -> tuple[bool, str]:
        """Whether they are in, and the sentence that says why."""

    def _open(self) -> None:
        self.room.visible = not self.room.visible
        if self.room.visible:
            self.search.focus()

    async def _pick(self, customer_id: int, name: str) -> None:
        (await current_actor()).require(Right.VIEW)
        self.who = (customer_id, name)
        inside, sentence = await self._answer(customer_id)
        if self.who == (customer_id, name) and not self.verdict.is_deleted:
            self._say(name, inside, sentence)

    def _say(self, name: str, inside: bool, sentence: str) -> None:
        self.verdict.clear()
        self.verdict.visible = True
        with self.verdict:
            icon("check" if inside else "minus", "good" if inside else "muted")
            with box("grow"):
                text(name, "strong")
                text(sentence)
