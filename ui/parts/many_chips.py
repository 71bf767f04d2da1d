"""Chips that stay usable with two hundred words: the most used at first, the others by a few letters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ui.parts.basics import box, button, put, text
from ui.parts.inputs import Chips, search_field
from ui.words import counted

AT_FIRST: Final = 24


class ManyChips:
    """As `Chips`; what is chosen is always in sight."""

    def __init__(
        self,
        options: Mapping[str, tuple[str, int | None]],
        chosen: Sequence[str],
        on_change: Callable[[list[str]], Any],
        label: str,
        *,
        noun: str,
        testid: str,
    ) -> None:
        self.options, self.noun, self.on_change = dict(options), noun, on_change
        self.typed, self.is_whole = "", len(options) <= AT_FIRST
        self.usual = _most_used(options)
        with box("hb-stack tight full"):
            if not self.is_whole:
                search_field(f"Find a {noun}", self._find, testid=f"{testid}-find")
            self.chips = Chips(options, chosen, self._chosen, label, testid=testid)
            self.none = put(text("", "hb-help", testid=f"{testid}-none"), role="status")
            with box("hb-row"):
                self.more = button(
                    f"Show all {counted(len(options), noun)}",
                    self._all,
                    kind="ghost",
                    small=True,
                    testid=f"{testid}-all",
                )
        self._paint()

    def _chosen(self, keys: list[str]) -> Any:
        self._paint()
        return self.on_change(keys)

    def _find(self, typed: str) -> None:
        self.typed = typed.casefold()
        self._paint()

    def _all(self) -> None:
        self.is_whole = True
        self._paint()

    def _paint(self) -> None:
        fitting = [key for key in self.options if self._fits(key)]
        for key, chip in self.chips.buttons.items():
            chip.visible = key in self.chips.chosen or key in fitting
        self.none.set_text(f"No {self.noun} has these letters." if self.typed and not fitting else "")
        self.none.visible = bool(self.none.text)
        self.more.visible = not self.is_whole and not self.typed

    def _fits(self, key: str) -> bool:
        if self.typed:
            return self.typed in self.options[key][0].casefold()
        return self.is_whole or key in self.usual


def _most_used(options: Mapping[str, tuple[str, int | None]]) -> set[str]:
    return set(sorted(options, key=lambda key: -(options[key][1] or 0))[:AT_FIRST])
