"""Whom a message is for: a frozen value in one of seven forms, as the recipient picker, the API and the rows keep it.

Each form may leave people out again: those of some segments, tags or groups.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from domain.audience import dialect, rules
from domain.audience.fields import words
from domain.audience.rules import Rule
from domain.refusal import Refusal

MOST_BY_HAND, MOST_NAMED = 200_000, 200
LARGEST_ID = 2**63 - 1


class Who(StrEnum):
    ALL = "all"
    SEGMENT = "segment"
    TAGS = "tags"
    GROUP = "group"
    MANUAL = "manual"
    STATUS = "status"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Except:
    """Whoever is in any of these gets nothing, however well they fit otherwise."""

    segments: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.tags or self.groups)

    @staticmethod
    def parse(given: Any) -> "Except":
        if not isinstance(given, dict):
            raise _bad("\u201cexclude\u201d needs segments, tags or groups.")
        unknown = next((key for key in given if key not in _EXCEPT), None)
        if unknown is not None:
            raise _bad(f"\u201cexclude\u201d knows segments, tags and groups, not \u201c{unknown}\u201d.")
        return Except(
            _ids(given.get("segments", []), "segments"),
            _words(given.get("tags", []), "tags"),
            _ids(given.get("groups", []), "groups"),
        )

    def as_json(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in _EXCEPT if getattr(self, name)}


@dataclass(frozen=True, slots=True)
class Audience:
    kind: Who = Who.ALL
    segment_ids: tuple[int, ...] = ()  # in any of them
    tags: tuple[str, ...] = ()  # has any of them
    group_ids: tuple[int, ...] = ()  # in any of them
    customer_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    rule: Rule | None = None
    exclude: Except = field(default_factory=Except)

    @staticmethod
    def parse(given: Any) -> "Audience":
        """Read the forms of the REST contract. Raises Refusal "bad_audience" or "bad_rule" by name."""
        if not isinstance(given, dict):
            raise _bad("An audience needs a type, such as all or tags.")
        meant = _read(given)
        return (
            meant if given.get("exclude") is None else replace(meant, exclude=Except.parse(given["exclude"]))
        )

    def as_json(self) -> dict[str, Any]:
        without = {"exclude": self.exclude.as_json()} if self.exclude else {}
        return {"type": str(self.kind), **self._chosen(), **without}

    @property
    def segments_named(self) -> frozenset[int]:
        """Every segment that must be there for this to mean anything."""
        by_rule = self.rule.mentions if self.rule else frozenset()
        return by_rule.union(self.segment_ids, self.exclude.segments)

    @property
    def groups_named(self) -> frozenset[int]:
        return frozenset((*self.group_ids, *self.exclude.groups))

    def _chosen(self) -> dict[str, Any]:
        match self.kind:
            case Who.SEGMENT if len(self.segment_ids) == 1:
                return {"segmentId": self.segment_ids[0]}
            case Who.SEGMENT:
                return {"segmentIds": list(self.segment_ids)}
            case Who.TAGS:
                return {"tags": list(self.tags)}
            case Who.GROUP:
                return {"groupIds": list(self.group_ids)}
            case Who.MANUAL:
                return {"customerIds": list(self.customer_ids)}
            case Who.STATUS:
                return {"statuses": list(self.statuses)}
            case Who.RULE:
                return {"rule": (self.rule or rules.EVERYBODY).as_json()}
        return {}


def names_segment(audience: dict[str, Any], segment_id: int) -> bool:
    """Of an audience as a row keeps it. One that is not understood any more names nothing."""
    try:
        return segment_id in Audience.parse(audience).segments_named
    except Refusal:
        return False


def names_group(audience: dict[str, Any], group_id: int) -> bool:
    """The same for a group."""
    try:
        return group_id in Audience.parse(audience).groups_named
    except Refusal:
        return False


def _read(given: dict[str, Any]) -> Audience:
    kind = given.get("type")
    if kind == "dynamic":
        return Audience(Who.RULE, rule=rules.parse(dialect.tree_of(given.get("filter"))))
    if kind not in list(Who):
        raise _bad(f"There is no audience of the type \u201c{kind}\u201d. Known are: {', '.join(Who)}.")
    return _READ[Who(kind)](given)


def _read_segment(given: dict[str, Any]) -> Audience:
    """One by `segmentId`, or several by `segmentIds`."""
    if "segmentIds" in given:
        return Audience(Who.SEGMENT, segment_ids=_ids(given["segmentIds"], "segmentIds"))
    return Audience(Who.SEGMENT, segment_ids=(_id(given.get("segmentId"), "segmentId"),))


def _read_group(given: dict[str, Any]) -> Audience:
    return Audience(Who.GROUP, group_ids=_ids(given.get("groupIds"), "groupIds"))


def _read_by_hand(given: dict[str, Any]) -> Audience:
    return Audience(Who.MANUAL, customer_ids=_ids(given.get("customerIds"), "customerIds", MOST_BY_HAND))


def _bad(sentence: str) -> Refusal:
    return Refusal("bad_audience", sentence)


def _ids(given: Any, what: str, most: int = MOST_NAMED) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > most:
        raise _bad(f"\u201c{what}\u201d must be a list of at most {most:,} numbers.")
    return tuple(dict.fromkeys(_id(one, what) for one in given))


def _id(given: Any, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= LARGEST_ID:
        raise _bad(f"\u201c{what}\u201d must be a number.")
    return given


def _words(given: Any, what: str) -> tuple[str, ...]:
    try:
        return words(given, what)
    except Refusal as refusal:
        raise _bad(refusal.sentence) from None


_EXCEPT: Final = ("segments", "tags", "groups")
_READ: Final[dict[Who, Callable[[dict[str, Any]], Audience]]] = {
    Who.ALL: lambda given: Audience(),
    Who.SEGMENT: _read_segment,
    Who.TAGS: lambda given: Audience(Who.TAGS, tags=_words(given.get("tags"), "tags")),
    Who.GROUP: _read_group,
    Who.MANUAL: _read_by_hand,
    Who.STATUS: lambda given: Audience(Who.STATUS, statuses=_words(given.get("statuses"), "statuses")),
    Who.RULE: lambda given: Audience(Who.RULE, rule=rules.parse(given.get("rule"))),
}
