"""A rule written for one message, without being kept as a segment."""

from collections.abc import Callable
from typing import Any, Final

from domain.audience import rules
from domain.audience.phrases import BY_KEY
from domain.audience.rules import Rule
from domain.refusal import Refusal
from ui.parts import conditions
from ui.parts.basics import box
from ui.parts.conditions import Nest
from ui.parts.rule_editor import RuleEditor
from ui.parts.rule_stock import Stock

UNFINISHED: Final = "Fill in the conditions of the rule"


class RuleHere:
    """Drawn when it is first opened. `on_change()` is called after each change of `rule`."""

    def __init__(self, given: Rule | None, has: Stock, label: str, on_change: Callable[[], Any]) -> None:
        self.given, self.has, self.label, self.on_change = given, has, label, on_change
        self.editor: RuleEditor | None = None
        self.is_drawn = False
        self.room = box("hb-stack full", testid="rule-room")

    def open(self) -> None:
        if self.is_drawn:
            return
        self.is_drawn = True
        begin = Nest(parts=[conditions.begun(BY_KEY["tag"])])
        if self.given is not None:
            begin = conditions.read(self.given.as_json())
        with self.room:
            self.editor = RuleEditor(self.has, begin, self.on_change)

    @property
    def rule(self) -> Rule | None:
        """None while it has gaps. One without conditions would mean everybody, and nobody chose that here."""
        if self.editor is None:
            return self.given
        tree = self.editor.tree if self.editor.root.parts else None
        try:
            return rules.parse(tree) if tree is not None else None
        except Refusal:
            return None

    @property
    def missing(self) -> str:
        return "" if self.rule else UNFINISHED

    def check(self) -> None:
        """Say beside each condition what it lacks."""
        if self.editor:
            self.editor.check()
