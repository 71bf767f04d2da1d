"""Whom a message is for: a frozen value in one of six forms, as the recipient picker, the API and the rows keep it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from domain.audience import dialect, rules
from domain.audience.fields import words
from domain.audience.rules import Rule
from domain.refusal import Refusal

MOST_BY_HAND = 200_000
LARGEST_ID = 2**63 - 1


class Who(StrEnum):
    ALL = "all"
    SEGMENT = "segment"
    TAGS = "tags"
    MANUAL = "manual"
    STATUS = "status"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Audience:
    kind: Who = Who.ALL
    segment_id: int | None = None
    tags: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    rule: Rule | None = None

    @staticmethod
    def parse(given: Any) -> "Audience":
        """Read the forms of the REST contract. Raises Refusal "bad_audience" or "bad_rule" by name."""
        if not isinstance(given, dict):
            raise _bad("An audience needs a type, such as all or tags.")
        kind = given.get("type")
        if kind == "dynamic":
            return Audience(Who.RULE, rule=rules.parse(dialect.tree_of(given.get("filter"))))
        if kind not in list(Who):
            raise _bad(f"There is no audience of the type \u201c{kind}\u201d. Known are: {', '.join(Who)}.")
        return _READ[Who(kind)](given)

    def as_json(self) -> dict[str, Any]:
        match self.kind:
            case Who.SEGMENT:
                return {"type": "segment", "segmentId": self.segment_id}
            case Who.TAGS:
                return {"type": "tags", "tags": list(self.tags)}
            case Who.MANUAL:
                return {"type": "manual", "customerIds": list(self.customer_ids)}
            case Who.STATUS:
                return {"type": "status", "statuses": list(self.statuses)}
            case Who.RULE:
                return {"type": "rule", "rule": (self.rule or rules.EVERYBODY).as_json()}
        return {"type": "all"}


def _bad(sentence: str) -> Refusal:
    return Refusal("bad_audience", sentence)


def _ids(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > MOST_BY_HAND:
        raise _bad(f"\u201ccustomerIds\u201d must be a list of at most {MOST_BY_HAND:,} numbers.")
    return tuple(dict.fromkeys(_id(one, "customerIds") for one in given))


def _id(given: Any, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= LARGEST_ID:
        raise _bad(f"\u201c{what}\u201d must be a number.")
    return given


def _words(given: Any, what: str) -> tuple[str, ...]:
    try:
        return words(given, what)
    except Refusal as refusal:
        raise _bad(refusal.sentence) from None


_READ: Final[dict[Who, Callable[[dict[str, Any]], Audience]]] = {
    Who.ALL: lambda given: Audience(),
    Who.SEGMENT: lambda given: Audience(Who.SEGMENT, segment_id=_id(given.get("segmentId"), "segmentId")),
    Who.TAGS: lambda given: Audience(Who.TAGS, tags=_words(given.get("tags"), "tags")),
    Who.MANUAL: lambda given: Audience(Who.MANUAL, customer_ids=_ids(given.get("customerIds"))),
    Who.STATUS: lambda given: Audience(Who.STATUS, statuses=_words(given.get("statuses"), "statuses")),
    Who.RULE: lambda given: Audience(Who.RULE, rule=rules.parse(given.get("rule"))),
}
