"""What differs from person to person in a letter: the fillings, and the slots that remember what they came to."""

import html
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeAlias, TypeVar

from domain.message import wire
from domain.message.language import Escape
from domain.message.merge import Hole, Parsed
from domain.message.tracking import TOKENS


class Preheader:
    """A line of plain words inside HTML: its own letters are escaped as well as its values."""

    name = "preheader"
    is_direct = False

    def __init__(self, parsed: Parsed) -> None:
        self._pieces = pieces(parsed)
        self._holes = [one for one in self._pieces if not isinstance(one, str)]
        found = [hole.paths for hole in self._holes]
        self.paths = None if None in found else tuple(path for paths in found for path in paths or ())

    def key(self, values: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        found: list[str | None] = []
        for hole in self._holes:
            if (key := hole.key(values)) is None:
                return None
            found += key
        return tuple(found)

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        words = (one if isinstance(one, str) else one.render(values, "none") for one in self._pieces)
        return html.escape(wire.one_line("".join(words)))


class Turning:
    """A part whose pieces depend on each other: worked out whole for each person."""

    paths = None
    is_direct = False

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self.name = parsed.source

    def key(self, values: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        return None

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        return self._parsed.render(values, escape=escape)


Filling: TypeAlias = Hole | Turning | Preheader
Piece: TypeAlias = str | Filling


def pieces(parsed: Parsed) -> list[str | Hole | Turning]:
    return list(parsed.nodes) if parsed.is_divisible else [Turning(parsed)]


Made = TypeVar("Made")


class Slot(Generic[Made]):
    """A filling and what it last came to, by the texts it depends on."""

    __slots__ = ("_finish", "_is_personal", "_known", "escape", "filling")

    def __init__(self, filling: Filling, escape: Escape, finish: Callable[[str], Made]) -> None:
        self.filling = filling
        self.escape = escape
        self._finish = finish
        self._known: dict[tuple[str | None, ...], Made] = {}
        self._is_personal = any(path[0] in PERSONAL for path in filling.paths or ())

    def fill(self, values: Mapping[str, Any]) -> Made:
        key = None if self._is_personal else self.filling.key(values)
        if key is None:
            return self._finish(self.filling.render(values, self.escape))
        if (known := self._known.get(key)) is None:
            known = self._finish(self.filling.render(values, self.escape))
            self._remember(key, known)
        return known

    def _remember(self, key: tuple[str | None, ...], made: Made) -> None:
        if sum(map(len, filter(None, key))) > LONGEST_KNOWN:
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = made


# Never the same twice, so not worth remembering.
PERSONAL: Final = frozenset({"email", "phone", "unsubscribeUrl", TOKENS})
# What a slot remembers, so that memory stays flat for any number of people: values, and the characters of one.
MOST_KNOWN: Final = 4_000
LONGEST_KNOWN: Final = 200


class FieldSlot:
    """A slot in a body for one field alone: most slots, so the one way that is built for speed."""

    __slots__ = ("_known", "_path", "_whole", "escape", "filling")

    def __init__(self, hole: Hole, escape: Escape) -> None:
        self.filling = hole
        self.escape = escape
        self._whole = Slot(hole, escape, wire.piece)
        self._path = (hole.paths or ((),))[0]
        self._known: dict[str, bytes] | None = None if self._path[0] in PERSONAL else {}

    def fill(self, values: Mapping[str, Any]) -> bytes:
        value: Any = values
        for step in self._path:
            if type(value) is not dict or (value := value.get(step)) is None:
                return self._whole.fill(values)
        if type(value) is not str:
            return self._whole.fill(values)
        if self._known is None:
            return self._made(value)
        if (known := self._known.get(value)) is None:
            known = self._made(value)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            if len(value) <= LONGEST_KNOWN:
                self._known[value] = known
        return known

    def _made(self, value: str) -> bytes:
        if wire.is_bare(value):
            return value.encode("ascii")
        text = self.filling.said(value)
        return wire.piece(html.escape(text) if self.escape == "html" else text)


def body_slot(filling: Filling, escape: Escape) -> "Slot[bytes] | FieldSlot":
    if isinstance(filling, Hole) and filling.is_direct and len(filling.paths or ()) == 1:
        return FieldSlot(filling, escape)
    return Slot(filling, escape, wire.piece)
