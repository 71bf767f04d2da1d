"""One condition as a sentence with gaps: turned round by "not", narrowed by more gaps, with the number of those it fits."""

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from domain.audience.catalogue import Input, Line
from ui.parts import conditions
from ui.parts.basics import box, button, icon, icon_button, put, text
from ui.parts.condition_gaps import Gap, focus_on
from ui.parts.conditions import Kept, Nest, Part
from ui.parts.feedback import handled
from ui.parts.rule_stock import Stock
from ui.words import people

OFFERED: Final = {  # where the words of the gap say too little by themselves
    "served by": "who served them",
    "in category": "which category",
    "held": "in the shop, online or remote",
    "leaving out": "leave out online, remote or in the shop",
    "marked": "what it is marked as",
    "for at least": "for an amount or more",
    "for at most": "for an amount or less",
    "at least this often": "how often",
    "of the campaign": "one campaign only",
    "when": "over, running or coming up",
    "called": "what the day is called",
}


class Not:
    """A switch: the condition, or its opposite."""

    def __init__(self, part: Line | Nest, on_change: Callable[[], Any], testid: str) -> None:
        self.part, self.on_change = part, on_change
        with put(box("hb-chip not", "button", testid=f"{testid}-not"), type="button") as self.root:
            text("Not", tag="span")
        put(self.root, title="Everyone to whom this does not apply")
        self.root.on("click", handled(self._turn), [])
        self._paint()

    def _turn(self) -> Any:
        self.part.negated = not self.part.negated
        self._paint()
        return self.on_change()

    def _paint(self) -> None:
        on = self.part.negated
        self.root.classes(add="is-on") if on else self.root.classes(remove="is-on")
        put(self.root, aria_pressed="true" if on else "false")


class Tally:
    """How many a condition fits by itself. The old figure stays, faded, while it is asked again or when that fails."""

    def __init__(self, testid: str) -> None:
        self.words = text("", "hb-tally", "span", testid=f"{testid}-count")

    def fade(self) -> None:
        self.words.classes(add="is-stale")

    def excuse(self, why: str) -> None:
        put(self.words, title=why)

    def show(self, matched: int) -> None:
        put(self.words, title="")
        self.words.classes(remove="is-stale").set_text(people(matched))


class Complaint:
    """What is wrong with a condition, beside it."""

    def __init__(self, root: ui.element, testid: str) -> None:
        self.root = root
        with put(box("hb-wrong"), role="alert") as self.box:
            icon("alert")
            self.words = text("", testid=f"{testid}-wrong")
        self.box.visible = False

    def say(self, sentence: str) -> None:
        self.words.set_text(sentence)
        self.box.visible = bool(sentence)
        self.root.classes(add="is-wrong") if sentence else self.root.classes(remove="is-wrong")


class LineBox:
    """`on_change()` after each change, `on_remove(self)` when it is to go."""

    def __init__(
        self,
        has: Stock,
        part: Line | Kept,
        on_change: Callable[[], Any],
        on_remove: Callable[["LineBox"], Any],
        testid: str,
    ) -> None:
        self.stock, self.on_change, self.testid = has, on_change, testid
        self.part: Part = part
        self.gaps: dict[str, Gap] = {}
        self.narrow: ui.button | None
        with put(box("hb-condition", testid=testid), role="group") as self.root:
            with box("say"):
                self._sentence(part)
            self.tally = Tally(testid)
            self.remove = icon_button(
                "x", "Take this condition out", lambda: on_remove(self), testid=f"{testid}-remove"
            )
            self.complaint = Complaint(self.root, testid)
        self.after = self.narrow if self.narrow and self.narrow.visible else self.remove

    def focus(self) -> None:
        """Its first gap, or what may be added to it, or the way to take it back."""
        first = next((gap.field for gap in self.gaps.values() if gap.root.visible), self.after)
        focus_on(first)

    def lead(self) -> None:
        """To the first gap that lacks something."""
        empty = (gap for gap in self.gaps.values() if gap.root.visible and gap.is_wrong)
        wrong = next(empty, None)
        focus_on(wrong.field) if wrong else self.focus()

    def check(self) -> bool:
        self.complaint.say(conditions.missing(self.part))
        return not conditions.missing(self.part)

    def _sentence(self, part: Line | Kept) -> None:
        if isinstance(part, Kept):
            put(self.root, aria_label=self.stock.sentence(part.tree))
            text(f"{self.stock.sentence(part.tree)}.", "strong", testid=f"{self.testid}-words")
            text("Written by another program. It stays as it is.", "muted small")
            self.narrow = None
            return
        put(self.root, aria_label=part.entry.label)
        Not(part, self._changed, self.testid)
        text(part.entry.label, "strong", "span", testid=f"{self.testid}-label")
        self.room = box("gaps")
        with self.room:
            for one in part.entry.inputs:
                if not one.optional or one.key in part.values:
                    self._gap(part, one)
        self._narrower(part)

    def _gap(self, line: Line, one: Input) -> Gap:
        gone = (lambda gap: self._widen(line, gap)) if one.optional else None
        self.gaps[one.key] = Gap(self.stock, line, one, self._changed, on_remove=gone, testid=self.testid)
        return self.gaps[one.key]

    def _narrower(self, line: Line) -> None:
        """What may be added to this one condition; asked of the same record as everything else in it."""
        self.narrow = None
        if not any(one.optional and self.stock.has(one) for one in line.entry.inputs):
            return
        self.narrow = button(
            "Narrow it", kind="ghost", icon="plus", small=True, testid=f"{self.testid}-narrow"
        )
        with self.narrow, ui.menu().props("auto-close no-refocus") as self.choices:
            pass
        self._offer(line)

    def _offer(self, line: Line) -> None:
        self.choices.clear()
        offered = [one for one in conditions.may_add(line) if self.stock.has(one)]
        with self.choices:
            for one in offered:
                item = ui.menu_item(
                    OFFERED.get(one.label, one.label), on_click=handled(lambda gap=one: self._add(line, gap))
                )
                put(item, role="menuitem", testid=f"{self.testid}-add-{one.key}")
        if self.narrow:
            self.narrow.visible = bool(offered)

    def _add(self, line: Line, one: Input) -> Any:
        usual = one.usual if one.usual is not None else [] if one.ask == "choices" else None
        line.values[one.key] = list(usual) if isinstance(usual, list) else usual
        with self.room:
            focus_on(self._gap(line, one).field)
        self._offer(line)
        return self._changed()

    def _widen(self, line: Line, gap: Gap) -> Any:
        line.values.pop(gap.one.key, None)
        del self.gaps[gap.one.key]
        gap.root.delete()
        self._offer(line)
        return self._changed()

    def _changed(self) -> Any:
        for gap in self.gaps.values():
            gap.show()
        self.complaint.say("")
        return self.on_change()
