"""A rule written for one message, without being kept as a segment."""

from collections.abc import Callable
from typing import Any, Final

from domain.audience import rules
from domain.audience.rules import Rule
from domain.refusal import Refusal
from ui.parts import conditions, rule_editor
from ui.parts.basics import alert, box
from ui.parts.conditions import Condition
from ui.parts.rule_editor import RuleEditor

UNFINISHED: Final = "Fill in the conditions of the rule"


class RuleHere:
    """Drawn when it is first opened. `on_change()` is called after each change of `rule`."""

    def __init__(
        self, given: Rule | None, has: rule_editor.Stock, label: str, on_change: Callable[[], Any]
    ) -> None:
        self.given, self.has, self.label, self.on_change = given, has, label, on_change
        self.editor: RuleEditor | None = None
        self.is_drawn = False
        self.room = box("hb-stack full", testid="rule-room")

    def open(self) -> None:
        if self.is_drawn:
            return
        self.is_drawn = True
        with self.room:
            begin = _begin(self.given)
            if begin is None:
                alert(
                    self.label,
                    "This rule is more than simple conditions can show. It stays as it is until you choose another way.",
                    testid="audience-rule",
                )
            else:
                self.editor = RuleEditor(self.has, begin, self.on_change)

    @property
    def rule(self) -> Rule | None:
        """None while it has gaps."""
        tree = self.editor.tree if self.editor else None
        if self.editor is None:
            return self.given
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


def _begin(given: Rule | None) -> tuple[str, list[Condition]] | None:
    """A new rule starts with one condition to fill in; an empty one would mean everybody."""
    return ("all", [Condition("tag", "any", [])]) if given is None else conditions.read(given.as_json())
