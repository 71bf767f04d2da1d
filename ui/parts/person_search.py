"""Find one customer by a few letters of the name, the address or the phone number."""

from collections.abc import Callable
from typing import Any

from data.database import reading
from domain.book import search
from domain.book.person import Customer
from domain.shop.people import Right
from ui.frame import current_actor
from ui.parts.basics import avatar, box, put, text
from ui.parts.feedback import handled, io
from ui.parts.inputs import search_field

Found = tuple[int, str, str]  # id, name, address
MOST = 8

# Arrows walk from the field through the list and back; Escape closes it.
INTO_LIST = (
    "(e) => { e.preventDefault(); e.target.closest('.hb-find').querySelector('.hb-found button')?.focus() }"
)
ALONG = """(e) => {
  const next = {ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling'}[e.key];
  if (!next) return;
  e.preventDefault();
  (e.currentTarget[next] ?? e.currentTarget.closest('.hb-find').querySelector('input')).focus();
}"""


class PersonSearch:
    """`on_pick(id, name)` is called for the chosen one; the field is then empty again."""

    def __init__(
        self, placeholder: str, on_pick: Callable[[int, str], Any], *, testid: str = "person-search"
    ) -> None:
        self.on_pick, self.testid = on_pick, testid
        self.asked = 0
        self.found: list[Found] = []
        with box("hb-find") as self.root:
            self.field = search_field(placeholder, self._look, testid=testid).classes(remove="search")
            self.list = put(box("hb-found", testid=f"{testid}-found"), role="listbox", aria_label=placeholder)
        self.list.visible = False
        self.field.on("keydown.down", js_handler=INTO_LIST)
        self.field.on("keydown.enter", handled(self._first), [])
        self.root.on("keydown.esc", handled(self.close), [])

    def close(self) -> None:
        self.list.visible = False

    async def _look(self, typed: str) -> None:
        self.asked += 1
        mine = self.asked
        if not typed:
            self.close()
            return
        (await current_actor()).require(Right.VIEW)
        found = await io(_found, typed)
        if mine == self.asked and not self.list.is_deleted:
            self._show(found)

    def _show(self, found: list[Found]) -> None:
        self.found = found
        self.list.clear()
        with self.list:
            for one in found:
                self._line(one)
            if not found:
                text("Nobody in the customer book fits.", "none")
        self.list.visible = True

    def _line(self, one: Found) -> None:
        with put(box("", "button", testid=f"{self.testid}-{one[0]}"), type="button", role="option") as line:
            avatar(one[1])
            with box("grow"):
                text(one[1], "strong clip")
                text(one[2] or "no email address", "muted small clip")
        line.on("click", handled(lambda: self._pick(one)), [])
        line.on("keydown", js_handler=ALONG)

    def _first(self) -> Any:
        return self._pick(self.found[0]) if self.list.visible and self.found else None

    async def _pick(self, one: Found) -> None:
        self.asked += 1
        self.close()
        self.field.set_value("")
        done = self.on_pick(one[0], one[1])
        if hasattr(done, "__await__"):
            await done


def _found(typed: str) -> list[Found]:
    with reading() as session:
        return [shown(one) for one in search.suggest(session, typed, MOST)]


def shown(customer: Customer) -> Found:
    return customer.id, customer.shown_name, customer.email or ""
