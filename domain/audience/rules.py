"""A rule: who belongs, as a tree of `all`, `any`, `not` and leaves. One rule is one condition over `customers`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from domain.audience import denial
from domain.audience.fields import bad_rule
from domain.audience.leaf import Reference
from domain.audience.leaves import Leaf, SegmentLeaf, read_leaf
from domain.audience.look import Look
from domain.audience.names import NONE, Names

DEEPEST, MOST_PARTS, MOST_VALUES = 12, 200, 2_000
TOO_LONG: Final = (
    f"This rule is too long. It can have at most {MOST_PARTS} conditions and {MOST_VALUES:,} values."
)
GROUPS: Final = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Group:
    """`not` has exactly one part."""

    word: str
    parts: "tuple[Node, ...]"


Node: TypeAlias = Group | Leaf


@dataclass(frozen=True, slots=True)
class Rule:
    root: Node

    def where(
        self,
        now: datetime,
        zone: ZoneInfo,
        segments: Mapping[int, ColumnElement[bool]] | None = None,
        *,
        of_many: bool = True,
        practising: bool = True,
    ) -> ColumnElement[bool]:
        """The condition. `segments` answers the segments that the rule names (see `mentions`).

        Not `of_many` asks about one customer, with the same answer and without gathering everybody.
        """
        return _where(self.root, Look(now, zone, segments or {}, of_many, practising))

    def sentence(self, names: Names | Mapping[int, str] = NONE) -> str:
        """In the shop's own words; where only the names of segments are at hand, they alone."""
        known = names if isinstance(names, Names) else Names(segments=names)
        return _sentence(self.root, known, outermost=True)

    def as_json(self) -> dict[str, Any]:
        return _as_json(self.root)

    @property
    def demands(self) -> "list[Rule]":
        """The conditions that must hold together, each alone: for saying which of them keeps somebody out."""
        together = isinstance(self.root, Group) and self.root.word == "all"
        return (
            [Rule(part) for part in self.root.parts] if together and isinstance(self.root, Group) else [self]
        )

    @property
    def mentions(self) -> frozenset[int]:
        """Ids of the segments it names itself."""
        return frozenset(self.mentioned)

    @property
    def mentioned(self) -> list[int]:
        """The same, each as often as it is named."""
        return [leaf.segment_id for leaf in _leaves(self.root) if isinstance(leaf, SegmentLeaf)]

    @property
    def refers(self) -> frozenset[Reference]:
        """The tags, lists, kinds and so on that must be there."""
        return frozenset(reference for leaf in _leaves(self.root) for reference in leaf.refers)

    @property
    def parts(self) -> int:
        """How many groups and conditions it has, without the segments it names."""
        return sum(1 for _ in _nodes(self.root))

    @property
    def weight(self) -> int:
        """How many values it brings into the statement."""
        return sum(leaf.weight for leaf in _leaves(self.root))


EVERYBODY: Final = Rule(Group("all", ()))


def parse(tree: Any) -> Rule:
    """Read a rule from JSON. Raises Refusal "bad_rule" that names what is not understood."""
    rule = Rule(_read(tree, depth=1))
    if rule.parts > MOST_PARTS + DEEPEST or rule.weight > MOST_VALUES:
        raise bad_rule(TOO_LONG)
    return rule


def _read(tree: Any, depth: int) -> Node:
    if depth > DEEPEST:
        raise bad_rule(f"This rule is nested too deeply. At most {DEEPEST} levels are possible.")
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        raise bad_rule("A rule is made of groups (all, any, not) and conditions.")
    group = next((word for word in GROUPS if word in tree), None)
    if group is None:
        return read_leaf(tree)
    if len(tree) > 1:
        raise bad_rule(f"A group \u201c{group}\u201d can't have anything beside it.")
    return Group(group, _parts(group, tree[group], depth))


def _parts(word: str, given: Any, depth: int) -> tuple[Node, ...]:
    if word == "not":
        return (_read(given, depth + 1),)
    if not isinstance(given, list):
        raise bad_rule(f"\u201c{word}\u201d needs a list of conditions.")
    if len(given) > MOST_PARTS:
        raise bad_rule(TOO_LONG)
    return tuple(_read(part, depth + 1) for part in given)


def _where(node: Node, look: Look) -> ColumnElement[bool]:
    if not isinstance(node, Group):
        return node.where(look)
    parts = [_where(part, look) for part in node.parts]
    if node.word == "not":
        return not_(parts[0])
    return and_(true(), *parts) if node.word == "all" else or_(false(), *parts)


def _sentence(node: Node, names: Names, *, outermost: bool = False) -> str:
    if not isinstance(node, Group):
        return node.sentence(names)
    if not node.parts:
        return "everyone" if node.word == "all" else "nobody"
    if node.word == "not":
        return _denied(node.parts[0], names)
    said = [_sentence(part, names, outermost=len(node.parts) == 1) for part in node.parts]
    joined = (" and " if node.word == "all" else " or ").join(said)
    return joined if outermost or len(said) == 1 else f"({joined})"


def _denied(node: Node, names: Names) -> str:
    if not isinstance(node, Group):
        return denial.denied(node, names)
    if not node.parts:
        return "nobody" if node.word == "all" else "everyone"
    if node.word == "not":
        return _sentence(node.parts[0], names)
    if len(node.parts) == 1:
        return _denied(node.parts[0], names)
    said = [_sentence(part, names) for part in node.parts]
    return denial.not_all_of(said) if node.word == "all" else denial.none_of(said)


def _as_json(node: Node) -> dict[str, Any]:
    if not isinstance(node, Group):
        return node.as_json()
    parts = [_as_json(part) for part in node.parts]
    return {node.word: parts[0] if node.word == "not" else parts}


def _leaves(node: Node) -> Iterator[Leaf]:
    return (found for found in _nodes(node) if not isinstance(found, Group))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Group):
        for part in node.parts:
            yield from _nodes(part)
