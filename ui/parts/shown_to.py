"""As whom a message is looked at: one of the first customers in the book, or whoever is found by name."""

from collections.abc import Callable
from typing import Any

from data.database import reading
from domain.book import search
from domain.shop.people import Right
from ui.frame import current_actor
from ui.parts.basics import box, button, text
from ui.parts.feedback import io
from ui.parts.person_search import PersonSearch, shown

Somebody = tuple[int, str] | None


class ShownTo:
    """`on_pick()` hears that it is somebody else. Call `await begin()` once when drawn."""

    def __init__(self, on_pick: Callable[[], Any]) -> None:
        self.on_pick = on_pick
        self.person: Somebody = None
        with box("hb-preview-who"):
            with box("hb-row apart full"):
                self.who = text("", "small clip", testid="preview-who")
                button("Change", self._choose, kind="ghost", small=True, testid="preview-choose")
            self.search = PersonSearch(
                "A customer's name, email or phone", self._pick, testid="preview-search"
            )
        self.search.root.visible = False

    @property
    def id(self) -> int | None:
        return self.person[0] if self.person else None

    async def begin(self) -> None:
        self.person = await io(_first)
        self._paint()

    def _choose(self) -> None:
        self.search.root.visible = not self.search.root.visible
        if self.search.root.visible:
            self.search.focus()

    async def _pick(self, customer_id: int, name: str) -> None:
        (await current_actor()).require(Right.VIEW)
        self.person = (customer_id, name)
        self.search.root.visible = False
        self._paint()
        await self.on_pick()

    def _paint(self) -> None:
        self.who.set_text(
            f"As {self.person[1]} gets it" if self.person else "As somebody you know nothing about gets it"
        )


def _first() -> Somebody:
    """Of the first in the book one of whom a message can say the name; a look at an empty gap tells little."""
    with reading() as session:
        some = search.suggest(session, "")
        found = [shown(one) for one in sorted(some, key=lambda one: not one.first_name)]
    return found[0][:2] if found else None
