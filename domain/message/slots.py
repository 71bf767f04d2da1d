"""What differs from person to person in a letter: the fillings, and the slots that remember what they came to."""

import html
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeAlias, TypeVar

from domain.message import wire
from domain.message.merge import Escape, Hole, Parsed


class Preheader:
    """A line of plain words inside HTML: its own letters are escaped as well as its values."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self.name = "preheader"
        self._holes = [one for one in parsed.nodes if isinstance(one, Hole)] if parsed.is_flat else None

    def key(self, values: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        keys = None if self._holes is None else [hole.key(values) for hole in self._holes]
        return None if keys is None else _joined(keys)

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        pieces = self._parsed.nodes if self._holes is not None else (Turning(self._parsed),)
        words = "".join(one if isinstance(one, str) else one.render(values, "none") for one in pieces)
        return html.escape(wire.one_line(words))


def _joined(keys: list[tuple[str | None, ...] | None]) -> tuple[str | None, ...] | None:
    found: list[str | None] = []
    for key in keys:
        if key is None:
            return None
        found += key
    return tuple(found)


class Turning:
    """A part with control flow."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self.name = parsed.source

    def key(self, values: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        return None

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        return self._parsed.render(values, escape=escape)


Filling: TypeAlias = Hole | Turning | Preheader
Piece: TypeAlias = str | Filling

Made = TypeVar("Made")


class Slot(Generic[Made]):
    """A filling and what it last came to, by the texts it depends on."""

    __slots__ = ("_finish", "_is_personal", "_known", "escape", "filling")

    def __init__(self, filling: Filling, escape: Escape, finish: Callable[[str], Made]) -> None:
        self.filling = filling
        self.escape = escape
        self._finish = finish
        self._known: dict[tuple[str | None, ...], Made] = {}
        paths = filling.paths if isinstance(filling, Hole) else None
        self._is_personal = any(path[0] in PERSONAL for path in paths or ())

    def fill(self, values: Mapping[str, Any]) -> Made:
        key = None if self._is_personal else self.filling.key(values)
        if key is None:
            return self._finish(self.filling.render(values, self.escape))
        if (known := self._known.get(key)) is None:
            known = self._finish(self.filling.render(values, self.escape))
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known


PERSONAL: Final = frozenset(
    {"email", "phone", "unsubscribeUrl"}
)  # never the same twice: not worth remembering
MOST_KNOWN: Final = 4_000  # values a slot remembers, so that memory stays flat for any number of people
