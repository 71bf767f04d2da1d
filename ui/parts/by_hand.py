"""People chosen one by one, or by a pasted list of addresses."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nicegui import ui

from data.database import reading
from domain.audience.pasted import MOST_LETTERS, Recognised, recognise
from domain.audience.who import MOST_BY_HAND
from domain.refusal import Refusal
from domain.shop.people import Actor
from ui import words
from ui.frame import current_actor
from ui.parts.basics import box, button, icon, put, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io
from ui.parts.inputs import text_area
from ui.parts.person_search import PersonSearch

MOST_CHIPS: Final = 40
MOST_SAID: Final = 12  # addresses that are named; of the others only the number is told
PLACEHOLDER: Final = "ana@example.com\nBen Cole <ben@example.com>"


class ByHand:
    """`people` are the ids with their names, in the order of choosing; `on_change()` is called after each change."""

    def __init__(self, people: Mapping[int, str], on_change: Callable[[], Any]) -> None:
        self.people, self.on_change = dict(people), on_change
        self.drawn: dict[int, ui.element] = {}
        with box("hb-stack tight"):
            self.search = PersonSearch(
                "A customer's name, email or phone",
                self._add,
                on_back=self._take_out_last,
                stays=True,
                testid="add-person",
            )
            self.chips = put(box("hb-chips", testid="people"), role="group", aria_label="Chosen people")
            self.rest = text("", "muted small")
            self.heard = put(text("", "hb-help", testid="people-said"), role="status")
            with box("hb-row wrap"):
                self._small("Paste a list of addresses", self._open, "copy", "paste")
                self.none = self._small("Take everybody out", self._clear, "x", "people-clear")
            self.paste = Paste(self._add_many)
        self._paint()

    def _small(self, label: str, on_click: Callable[..., Any], icon_name: str, testid: str) -> ui.button:
        return button(label, on_click, kind="ghost", icon=icon_name, small=True, testid=testid)

    def _open(self) -> None:
        self.paste.open(not self.paste.root.visible)

    def _paint(self) -> None:
        """The first few by name. Who is drawn already stays as they are: somebody may be pressing there."""
        first = list(self.people)[:MOST_CHIPS]
        for gone in set(self.drawn) - set(first):
            self.drawn.pop(gone).delete()
        with self.chips:
            self.drawn |= {one: self._chip(one) for one in first if one not in self.drawn}
        rest = len(self.people) - len(first)
        self.rest.set_text(f"and {words.number(rest)} more")
        self.rest.visible = bool(rest)
        self.none.visible = len(self.people) > 1

    def _chip(self, customer_id: int) -> ui.element:
        name = self.people[customer_id]
        with put(box("hb-chip", "button", testid=f"person-{customer_id}"), type="button") as chip:
            text(name, "clip", "span")
            icon("x")
        put(chip, aria_label=f"Take out {name}")
        chip.on("click", handled(lambda: self._take_out(customer_id)), [])
        return chip

    async def _add(self, customer_id: int, name: str) -> None:
        if customer_id in self.people:
            self._say(f"{name} is chosen already.")
            return
        self.people[customer_id] = name
        self._say(f"{name} added.")
        await self._changed()

    async def _add_many(self, found: Iterable[tuple[int, str]]) -> None:
        new = {one: name for one, name in found if one not in self.people}
        if len(self.people) + len(new) > MOST_BY_HAND:
            raise Refusal(
                "too_many", f"Choose at most {MOST_BY_HAND:,} people by hand. Make a group of them."
            )
        self.people |= new
        self._say(f"{words.people(len(new))} added." if new else "All of them are chosen already.")
        await self._changed()

    async def _take_out(self, customer_id: int) -> None:
        if customer_id not in self.people:  # pressed twice
            return
        name = self.people.pop(customer_id)
        self._say(f"{name} taken out.")
        self.search.focus()
        await self._changed()

    async def _take_out_last(self) -> None:
        if self.people:
            await self._take_out(next(reversed(self.people)))

    async def _clear(self) -> None:
        if await confirm(
            f"Take out all {words.people(len(self.people))}?",
            "They stay in the customer book; only this choice is emptied.",
            confirm_label="Take everybody out",
        ):
            self.people.clear()
            self._say("Everybody taken out.")
            await self._changed()

    async def _changed(self) -> None:
        self._paint()
        await _done(self.on_change())

    def _say(self, done: str) -> None:
        chosen = f" {words.people(len(self.people))} chosen." if self.people else ""
        self.heard.set_text(done + chosen)


class Paste:
    """A list from a letter, a sheet or another program: who of it is in the book, before anybody is added."""

    def __init__(self, on_add: Callable[[Iterable[tuple[int, str]]], Any]) -> None:
        self.on_add = on_add
        self.asked = 0
        self.found: Recognised | None = None
        with box("hb-stack tight full", testid="paste-room") as self.root:
            self.area = text_area(
                "",
                label="Addresses to look up",
                placeholder=PLACEHOLDER,
                on_change=self._look,
                height=96,
                debounce=400,
                testid="paste-text",
            )
            with put(box("hb-stack tight", testid="paste-found"), role="status") as self.result:
                self.known = text("", "small strong", testid="paste-known")
                self.unknown = text("", "small muted", testid="paste-unknown")
                self.unread = text("", "small muted", testid="paste-unread")
            with box("hb-row"):
                self.go = button("Add", self._add, icon="plus", small=True, testid="paste-add")
                button("Cancel", lambda: self.open(False), kind="ghost", small=True, testid="paste-cancel")
        self.open(False)

    def open(self, is_open: bool) -> None:
        self.asked += 1
        self.area.set_value("")
        self._show(None)
        self.root.visible = is_open
        if is_open:
            self.area.run_method("focus")

    async def _look(self, event: Any) -> None:
        self.asked += 1
        mine = self.asked
        pasted = event.value or ""
        if not pasted.strip():
            self._show(None)
            return
        try:
            found = await io(_recognised, pasted[: MOST_LETTERS + 1], await current_actor())
        except Refusal as refusal:
            self._show(None)
            self.known.set_text(refusal.sentence)
            self.result.visible = self.known.visible = True
            return
        if mine == self.asked and not self.root.is_deleted:
            self._show(found)

    def _show(self, found: Recognised | None) -> None:
        self.found = found
        self.result.visible = found is not None
        self.go.visible = bool(found and found.people)
        if found is None:
            return
        self.known.set_text(_known(found))
        _say(self.unknown, "Not in your customer book: ", found.unknown)
        _say(self.unread, "Not an address: ", found.unread)
        self.go.set_text(f"Add the {words.number(len(found.people))} known")

    async def _add(self) -> None:
        if self.found:
            await _done(self.on_add(self.found.people))
            self.open(False)


def _known(found: Recognised) -> str:
    whole = found.known + len(found.unknown)
    if not found.known:
        return "None of these is in your customer book."
    if not found.unknown:
        return (
            "1 address, in your customer book."
            if whole == 1
            else f"All {whole:,} addresses are in your customer book."
        )
    return (
        f"{found.known:,} of {whole:,} addresses {'is' if found.known == 1 else 'are'} in your customer book."
    )


def _say(label: Any, before: str, named: tuple[str, ...]) -> None:
    label.visible = bool(named)
    more = f" and {words.number(len(named) - MOST_SAID)} more" if len(named) > MOST_SAID else ""
    label.set_text(before + ", ".join(_short(one) for one in named[:MOST_SAID]) + more)


def _short(one: str) -> str:
    return one if len(one) <= 60 else f"{one[:59]}…"


async def _done(result: Any) -> None:
    if hasattr(result, "__await__"):
        await result


def _recognised(pasted: str, by: Actor) -> Recognised:
    with reading() as session:
        return recognise(session, pasted, by=by)
