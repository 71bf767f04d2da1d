"""A list of the shop's own words: in order, with how often each is used; added, renamed, made one, moved, removed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from domain.book.tag_keeping import WOULD_MERGE
from domain.refusal import Refusal
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, card, icon_button, link, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, checkbox, select, text_area, text_input
from ui.parts.record_look import look
from ui.parts.word_users import is_spoken_of

AT_ONCE: Final = 100


@dataclass(frozen=True)
class Word:
    """`values` are what its dialog begins with, by the names of the list's `asks`."""

    key: str
    label: str
    note: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    stays: bool = False  # it can't be removed, and `note` says why
    look: tuple[str, str] | None = None  # drawing and colour, for what has one
    path: str = ""  # where those are who have it


@dataclass(frozen=True)
class Ask:
    """One more question about a word. With `options` it is a choice; `kind` may be line, lines or tick.

    `build` makes a control of its own, which has a `value`, from the value it begins with. `only` is another question and
    its answer without which this one is not asked.
    """

    name: str
    label: str
    help_text: str = ""
    kind: str = "line"
    options: Callable[[], dict[str, str]] | None = None
    build: Callable[[Any], Any] | None = None
    only: tuple[str, str] | None = None


@dataclass(frozen=True)
class Verbs:
    """What the list calls; each opens and closes its own unit of work. `save` gets no key for a new word, and `merge` in
    what is given where two are to become one. A list without `order` is in the order of the alphabet, and grows elsewhere.
    """

    every: Callable[[], list[Word]]
    save: Callable[[str | None, dict[str, Any], Actor], None]
    order: Callable[[list[str], Actor], None] | None
    delete: Callable[[str, str | None, Actor], Any]


class WordList:
    def __init__(
        self,
        title: str,
        help_text: str,
        noun: str,
        verbs: Verbs,
        *,
        asks: tuple[Ask, ...] = (),
        replaces: bool = False,
        thing: str,
        loses: str = "",
        testid: str,
    ) -> None:
        """`replaces`: records that have a word which goes can be given another one. `thing`: what rules call it.

        `loses`: what becomes of those who have a word that goes.
        """
        self.noun, self.verbs, self.asks, self.testid = noun, verbs, asks, testid
        self.thing = thing
        self.replaces = replaces
        self.loses = loses or f"It is no longer a {noun} to choose."
        self.shown = AT_ONCE
        self.words: list[Word] = []
        with card(title, help_text, testid=testid):
            self.room = box("hb-words full")
            if verbs.order:
                with box("hb-row"):
                    button(f"Add a {noun}", self._add, icon="plus", testid=f"{testid}-add")

    async def fetch(self) -> None:
        found = await io(self.verbs.every)
        if self.room.is_deleted:
            return
        self.words = found
        self._draw()

    def _draw(self) -> None:
        self.room.clear()
        with self.room:
            for place, word in enumerate(self.words[: self.shown]):
                self._line(place, word)
            if not self.words:
                text("Nothing here yet.", "muted")
            if (more := len(self.words) - self.shown) > 0:
                button(f"Show {more:,} more", self._show_all, small=True, testid=f"{self.testid}-more")

    def _show_all(self) -> None:
        self.shown = len(self.words)
        self._draw()

    def _line(self, place: int, word: Word) -> None:
        with box("hb-word", testid=f"{self.testid}-word"):
            if word.look:
                look(*word.look)
            with box("grow"):
                if word.path:
                    link(word.label, word.path, classes="hb-link strong")
                else:
                    text(word.label, "strong")
                if word.note:
                    text(word.note, "muted small")
            with box("hb-row"):
                icon_button("edit", f"Change {word.label}", lambda: self._change(word))
                if self.verbs.order:
                    self._ways_to_move(place, word)
                if word.stays:
                    box("gap")
                else:
                    icon_button("trash", f"Remove {word.label}", lambda: self._remove(word))

    def _ways_to_move(self, place: int, word: Word) -> None:
        up = icon_button("up", f"Move {word.label} up", lambda: self._move(place, -1))
        down = icon_button("down", f"Move {word.label} down", lambda: self._move(place, 1))
        up.set_enabled(place > 0)
        down.set_enabled(place < len(self.words) - 1)

    async def _add(self) -> None:
        if await self._asked(f"Add a {self.noun}", None):
            await self.fetch()

    async def _change(self, word: Word) -> None:
        if await self._asked(f"Change {word.label}", word):
            await self.fetch()

    async def _move(self, place: int, by: int) -> None:
        keys = [word.key for word in self.words]
        keys.insert(place + by, keys.pop(place))
        if self.verbs.order:
            await io(self.verbs.order, keys, await current_actor())
        await self.fetch()

    async def _remove(self, word: Word) -> None:
        if await is_spoken_of(word.label, self.thing, word.key):
            return
        yes = await confirm(
            f"Remove {word.label}?",
            self.loses,
            confirm_label="Remove",
            kind="danger",
        )
        if not yes:
            return
        try:
            await io(self.verbs.delete, word.key, None, await current_actor())
        except Refusal as refusal:
            if not (self.replaces and "records" in refusal.details):
                raise
            if not await self._replaced(word, refusal):
                return
        toast(f"{word.label} was removed.")
        await self.fetch()

    async def _replaced(self, word: Word, refusal: Refusal) -> bool:
        """Records have it: which one do they get instead?"""
        others = {one.key: one.label for one in self.words if one.key != word.key}
        with sheet(f"Instead of {word.label}") as dialog:
            text(refusal.sentence, "body", "p")
            chosen = select(others, label="Instead", testid=f"{self.testid}-instead")
            with box("actions"):
                button("Cancel", lambda: dialog.submit(None))
                button(
                    "Remove",
                    lambda: dialog.submit(chosen.value),
                    kind="primary",
                    testid=f"{self.testid}-replace",
                )
        other = await ask(dialog)
        if other:
            await io(self.verbs.delete, word.key, other, await current_actor())
        return bool(other)

    async def _asked(self, title: str, word: Word | None) -> bool:
        with sheet(title) as dialog:
            fields = {"label": Field("Name", testid=f"{self.testid}-label-field")}
            with fields["label"].body:
                label = text_input(word.label if word else "", label="Name", testid=f"{self.testid}-label")
            label.props("autofocus")
            inputs = {"label": label}
            for one in self.asks:
                fields[one.name] = Field("" if one.kind == "tick" else one.label, one.help_text)
                with fields[one.name].body:
                    inputs[one.name] = await self._input(one, (word.values if word else {}).get(one.name))
            for one in self.asks:
                if one.only:
                    _only_with(fields[one.name], inputs[one.only[0]], one.only[1])
            form = Form(fields | {"name": fields["label"]})

            async def go() -> None:
                by = await current_actor()
                form.clear()
                with refusals_to(form.wrong):
                    values = {name: made.value for name, made in inputs.items()}
                    await self._save(word.key if word else None, values, by)
                    dialog.submit(True)

            label.on("keydown.enter", go, [])
            with box("actions"):
                button("Cancel", lambda: dialog.submit(False))
                button("Save", go, kind="primary", testid=f"{self.testid}-save")
        return bool(await ask(dialog))

    async def _save(self, key: str | None, values: dict[str, Any], by: Actor) -> None:
        """Another word is called like this already: are the two to become one?"""
        try:
            await io(self.verbs.save, key, values, by)
        except Refusal as refusal:
            if refusal.code != WOULD_MERGE or not await self._are_one(key, refusal):
                raise
            await io(self.verbs.save, key, values | {"merge": True}, by)

    async def _are_one(self, key: str | None, refusal: Refusal) -> bool:
        title = f"Make {key} and {refusal.details['into']} one {self.noun}?"
        return await confirm(title, refusal.sentence, confirm_label="Make them one", kind="danger")

    async def _input(self, one: Ask, value: Any) -> Any:
        testid = f"{self.testid}-{one.name}"
        if one.build:
            return one.build(value)
        if one.options:
            options = await io(one.options)
            return select(
                options, value if value in options else next(iter(options)), label=one.label, testid=testid
            )
        if one.kind == "tick":
            return checkbox(one.label, bool(value), testid=testid)
        build = text_area if one.kind == "lines" else text_input
        return build(str(value or ""), label=one.label, testid=testid)


def _only_with(field_: Field, other: Any, answer: str) -> None:
    field_.root.bind_visibility_from(other, "value", lambda value: value == answer)
