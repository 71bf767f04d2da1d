"""What can be asked about a customer, for a screen that builds rules: each entry one kind of condition with its inputs.

An entry is a condition with gaps. `Entry.tree` fills them, `read` finds the entry and the values behind a condition,
or None where the list has no such sentence: a screen shows that one in words and leaves it alone.
Pure: what there is to choose from in a shop (its tags, its kinds) is named here and looked up by whoever draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

Tree: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]
Values: TypeAlias = dict[str, Any]  # by Input.key


class Ask(StrEnum):
    CHOICE = "choice"  # one of `choices` or of the shop's list `of`
    CHOICES = "choices"  # several of them, as a list
    DAYS = "days"  # a whole number of days
    SPAN = "span"  # {"days": 30} or {"months": 12}
    NUMBER = "number"  # a whole number
    MONEY = "money"  # a whole number of the smallest unit, such as pence
    TEXT = "text"
    VALUE = "value"  # of an own field: a text, or a number where it is compared by size
    OWN_FIELD = "own_field"  # one of the shop's own fields, as "attrs.key"


class Of(StrEnum):
    """The shop's lists; see `domain.audience.names.Names`."""

    STATUSES = "statuses"
    KINDS = "kinds"
    CATEGORIES = "categories"
    STAFF = "staff"
    GROUPS = "groups"
    TAGS = "tags"
    SEGMENTS = "segments"
    CAMPAIGNS = "campaigns"
    LANGUAGES = "languages"


@dataclass(frozen=True, slots=True)
class Input:
    """One gap. `usual` is what an optional one starts with when somebody adds it."""

    path: Path
    ask: Ask
    label: str
    choices: Mapping[Any, str] | None = None
    of: Of | None = None
    least: int = 0
    most: int = 36_500
    optional: bool = False
    usual: Any = None
    not_with: tuple[str, tuple[str, ...]] | None = (
        None  # the key and the values of another input that need none
    )

    @property
    def key(self) -> str:
        return ".".join(self.path)

    def is_asked(self, values: Values) -> bool:
        return self.not_with is None or values.get(self.not_with[0]) not in self.not_with[1]

    def takes(self, value: Any) -> bool:
        """Whether the value has the form that this gap is drawn for."""
        match self.ask:
            case Ask.CHOICE:
                return isinstance(value, str | int) and (self.choices is None or value in self.choices)
            case Ask.CHOICES:
                return isinstance(value, list)
            case Ask.DAYS | Ask.NUMBER | Ask.MONEY:
                return isinstance(value, int) and not isinstance(value, bool)
            case Ask.SPAN:
                return isinstance(value, dict) and len(value) == 1 and value.keys() <= {"days", "months"}
            case Ask.OWN_FIELD:
                return isinstance(value, str) and value.startswith("attrs.")
            case Ask.VALUE:
                return isinstance(value, str | int | float)
        return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: str
    group: str
    begin: Tree  # the condition as it starts
    inputs: tuple[Input, ...] = ()

    @property
    def values(self) -> Values:
        """What the gaps hold at the start."""
        found = _flat(self.begin, self._stops)
        return {one.key: found[one.path] for one in self.inputs if one.path in found}

    def tree(self, values: Values) -> Tree:
        """The condition. An optional value that is missing, None or empty stays out."""
        made = _flat(self.begin, self._stops)
        for one in self.inputs:
            made.pop(one.path, None)
            value = values.get(one.key)
            if one.is_asked(values) and not (one.optional and value in (None, "", [])):
                made[one.path] = value
        return _deep(made, self.begin)

    def missing(self, values: Values) -> list[Input]:
        """The gaps that still have to be filled."""
        asked = [one for one in self.inputs if one.is_asked(values) and not one.optional]
        return [one for one in asked if values.get(one.key) in (None, "", [])]

    def read(self, tree: Tree) -> Values | None:
        """The values that make this condition, or None if the entry can't make it."""
        found = _flat(tree, self._stops)
        values = {one.key: _listed(one, found[one.path]) for one in self.inputs if one.path in found}
        if not all(one.takes(values[one.key]) for one in self.inputs if one.key in values):
            return None
        if any(one.key in values and not one.is_asked(values) for one in self.inputs):
            return None
        return values if _flat(self.tree(values), self._stops) == _with_lists(found, self.inputs) else None

    @property
    def _stops(self) -> frozenset[Path]:
        return frozenset(one.path for one in self.inputs)


@dataclass(slots=True)
class Line:
    """One condition on the screen."""

    entry: Entry
    values: Values
    negated: bool = False

    @property
    def tree(self) -> Tree:
        made = self.entry.tree(self.values)
        return {"not": made} if self.negated else made


def read(tree: Tree, entries: tuple[Entry, ...]) -> Line | None:
    """The first entry that can make this condition; more particular ones stand before general ones."""
    negated = set(tree) == {"not"}
    inner = tree["not"] if negated else tree
    for entry in entries:
        values = entry.read(inner) if isinstance(inner, dict) else None
        if values is not None:
            return Line(entry, values, negated)
    return None


_NOTHING: Final[Path] = ()


def _flat(tree: Any, stops: frozenset[Path], at: Path = _NOTHING) -> dict[Path, Any]:
    """Every value by its path; a value that is a gap is not taken apart."""
    if not isinstance(tree, dict) or (at in stops and not any((*at, key) in stops for key in tree)):
        return {at: tree}
    if not tree and at:
        return {at: {}}
    return {path: value for key in tree for path, value in _flat(tree[key], stops, (*at, key)).items()}


def _deep(flat: dict[Path, Any], begin: Tree) -> Tree:
    """The way back. What holds the gaps stays, also when all of them are empty."""
    tree: Tree = {}
    for path, value in flat.items():
        room = tree
        for key in path[:-1]:
            room = room.setdefault(key, {})
        if value != {} or path[-1] not in room:
            room[path[-1]] = value
    return tree if tree else {key: {} for key in begin}


def _listed(one: Input, value: Any) -> Any:
    return [value] if one.ask is Ask.CHOICES and not isinstance(value, list) else value


def _with_lists(found: dict[Path, Any], inputs: tuple[Input, ...]) -> dict[Path, Any]:
    """One of several may be written bare."""
    by_path = {one.path: one for one in inputs}
    return {
        path: _listed(by_path[path], value) if path in by_path else value for path, value in found.items()
    }
