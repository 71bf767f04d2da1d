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

# The keyboard stays in the field: arrows mark a line, Enter takes it. What is not about the list goes to the server.
KEYS = """(e) => {
  const find = e.target.closest('.hb-find');
  const lines = [...find.querySelectorAll('.hb-found:not(.hidden) [role=option]')];
  const at = lines.findIndex((line) => line.classList.contains('is-on'));
  const mark = (next) => lines.forEach((line, place) => {
    line.classList.toggle('is-on', place === next);
    line.setAttribute('aria-selected', place === next);
    if (place === next) {
      line.scrollIntoView({block: 'nearest'});
      e.target.setAttribute('aria-activedescendant', line.id);
    }
  });
  const step = {ArrowDown: 1, ArrowUp: -1}[e.key];
  if (step && lines.length) {
    e.preventDefault();
    mark((at + step + lines.length) % lines.length);
  } else if (e.key === 'Enter') {
    e.preventDefault();
    if (at >= 0 && find.dataset.for === e.target.value.trim()) lines[at].click();
    else emit('Enter', e.target.value);
  } else if (e.key === 'Escape' && lines.length) {
    e.stopPropagation();
    emit('Escape', '');
  } else if (e.key === 'Backspace' && e.target.value === '') {
    emit('Backspace', '');
  }
}"""
# A press in the list leaves the cursor in the field; leaving the field closes the list.
HOLD = "(e) => e.preventDefault()"


class PersonSearch:
    """`on_pick(id, name)` is called for the chosen one; the field is then empty again.

    `on_back()` hears Backspace in the empty field. `stays` keeps the cursor there, for choosing several.
    """

    def __init__(
        self,
        placeholder: str,
        on_pick: Callable[[int, str], Any],
        *,
        on_back: Callable[[], Any] | None = None,
        stays: bool = False,
        testid: str = "person-search",
    ) -> None:
        self.on_pick, self.on_back, self.stays, self.testid = on_pick, on_back, stays, testid
        self.asked = 0
        self.eager = ""
        with box("hb-find") as self.root:
            self.field = search_field(placeholder, self._look, testid=testid).classes(remove="search")
            self.list = put(box("hb-found", testid=f"{testid}-found"), role="listbox", aria_label=placeholder)
            self.heard = put(text("", "hb-hidden", testid=f"{testid}-heard"), role="status")
        put(self.field, role="combobox", aria_autocomplete="list", aria_controls=self.list.html_id)
        self._close()
        self.list.on("mousedown", js_handler=HOLD)
        self.field.on("keydown", handled(self._key), js_handler=KEYS)
        self.field.on("blur", handled(self._close), [])

    def focus(self) -> None:
        self.field.run_method("focus")

    async def _key(self, event: Any) -> None:
        key, typed = event.args
        if key == "Escape":
            self._close()
        elif key == "Backspace" and self.on_back:
            await _done(self.on_back())
        elif key == "Enter":
            await self._take(typed.strip())

    async def _take(self, typed: str) -> None:
        """Enter before these letters are answered: the only one who fits is taken, of several nobody who was not seen."""
        self.eager = typed
        if (self.field.value or "").strip() == typed:  # otherwise the letters are still on their way here
            await self._look(typed)

    async def _look(self, typed: str) -> None:
        self.asked += 1
        mine = self.asked
        if not typed:
            self._close()
            return
        (await current_actor()).require(Right.VIEW)
        found = await io(_found, typed)
        if mine != self.asked or self.list.is_deleted:
            return
        if self.eager == typed and len(found) == 1:
            await self._pick(found[0])
        else:
            self._show(typed, found)

    def _show(self, typed: str, found: list[Found]) -> None:
        self.list.clear()
        with self.list:
            for place, one in enumerate(found[:MOST]):
                self._line(one, marked=place == 0)
            if not found:
                text("Nobody in the customer book fits.", "none")
            if len(found) > MOST:
                text("More people fit. Type more of the name.", "none", testid=f"{self.testid}-more")
        self.heard.set_text(_said(found))
        put(self.root, data_for=typed)
        self._open(True)

    def _line(self, one: Found, *, marked: bool) -> None:
        line = box("is-on" if marked else "", "button", testid=f"{self.testid}-{one[0]}")
        put(line, type="button", role="option", tabindex="-1")
        put(line, aria_selected="true" if marked else "false")
        with line:
            avatar(one[1])
            with box("grow"):
                text(one[1], "strong clip")
                text(one[2] or "no email address", "muted small clip")
        line.on("click", handled(lambda: self._pick(one)), [])

    def _open(self, is_open: bool) -> None:
        self.list.visible = is_open
        put(self.field, aria_expanded="true" if is_open else "false")

    def _close(self) -> None:
        self.asked += 1
        self.eager = ""
        put(self.root, data_for="")
        self.heard.set_text("")
        self._open(False)

    async def _pick(self, one: Found) -> None:
        self._close()
        self.field.set_value("")
        if self.stays:
            self.focus()
        await _done(self.on_pick(one[0], one[1]))


async def _done(result: Any) -> None:
    if hasattr(result, "__await__"):
        await result


def _said(found: list[Found]) -> str:
    """Read aloud when the list opens."""
    if not found:
        return "Nobody in the customer book fits."
    many = f"More than {MOST} people fit" if len(found) > MOST else f"{len(found)} found"
    return f"{many}. {found[0][1]} is first. Arrow keys choose, Enter takes."


def _found(typed: str) -> list[Found]:
    with reading() as session:
        return [shown(one) for one in search.suggest(session, typed, MOST + 1)]


def shown(customer: Customer) -> Found:
    return customer.id, customer.shown_name, customer.email or ""
