"""A part of a page that stands still until what it says has changed."""

from collections.abc import Callable, Hashable
from typing import Any

from ui.parts.basics import box


class Steady:
    """Drawn anew only where that shows something else: a button that is replaced swallows the press it just got.

    Say with `show` all that the drawing depends on.
    """

    def __init__(self, classes: str = "full") -> None:
        self.room = box(classes)
        self.said: Hashable = None

    def show(self, said: Hashable, draw: Callable[[], Any]) -> None:
        if said == self.said:
            return
        self.said = said
        self.room.clear()
        with self.room:
            draw()
