"""The leaves of a rule by the word they begin with. A new leaf is a class with a reader, and a line in LEAVES."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, not_, select

from domain.audience.agreement_leaf import (
    ConsentLeaf,
    PreferenceLeaf,
    ReachableLeaf,
    read_consent,
    read_preference,
    read_reachable,
)
from domain.audience.date_leaf import DateLeaf, read_date
from domain.audience.engagement_leaf import EngagementLeaf, read_engagement
from domain.audience.fields import FieldLeaf, bad_rule, read_field
from domain.audience.leaf import Leaf, Reference, either, only, switch
from domain.audience.list_leaf import (
    GroupLeaf,
    SegmentLeaf,
    TaggedLeaf,
    TagLeaf,
    has_any_tag,
    in_groups,
    read_group,
    read_segment,
    read_tag,
    read_tagged,
)
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.record_leaf import RecordLeaf, read_record
from domain.audience.spend_leaf import SpendLeaf, read_spend
from domain.book.person import Customer
from domain.book.statuses import Status

__all__ = [
    "LEAVES",
    "ActiveLeaf",
    "ConsentLeaf",
    "DateLeaf",
    "EngagementLeaf",
    "FieldLeaf",
    "GroupLeaf",
    "Leaf",
    "PreferenceLeaf",
    "ReachableLeaf",
    "RecordLeaf",
    "SegmentLeaf",
    "SpendLeaf",
    "TagLeaf",
    "TaggedLeaf",
    "either",
    "has_any_tag",
    "in_groups",
    "read_leaf",
]


@dataclass(frozen=True, slots=True)
class ActiveLeaf:
    """Has a status that the shop counts as active."""

    active: bool
    weight: int = 1
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        found = Customer.status.in_(select(Status.key).where(Status.is_active))
        return found if self.active else not_(found)

    def sentence(self, names: Names) -> str:
        return "is an active customer" if self.active else "is not an active customer"

    def as_json(self) -> dict[str, Any]:
        return {"status_active": self.active}


def read_leaf(tree: dict[str, Any]) -> Leaf:
    """Raises Refusal, by name, for what no leaf understands."""
    for key, read in LEAVES.items():
        if key in tree:
            return read(tree)
    unknown = next(iter(tree), None)
    raise bad_rule(
        "A condition is empty." if unknown is None else f"There is no condition called \u201c{unknown}\u201d."
    )


def _read_active(tree: dict[str, Any]) -> ActiveLeaf:
    only(tree, "status_active")
    return ActiveLeaf(switch(tree["status_active"], "status_active"))


def _read_field(tree: dict[str, Any]) -> FieldLeaf:
    only(tree, "field", "op", "value")
    return read_field(tree)


LEAVES: Final[dict[str, Callable[[dict[str, Any]], Leaf]]] = {
    "field": _read_field,
    "date": read_date,
    "tag": read_tag,
    "tagged": read_tagged,
    "in_group": read_group,
    "status_active": _read_active,
    "reachable": read_reachable,
    "preference": read_preference,
    "consent_recorded": read_consent,
    "segment": read_segment,
    "record": read_record,
    "top_spend": read_spend,
    "opened": read_engagement,
    "clicked": read_engagement,
    "received": read_engagement,
    "not_received": read_engagement,
}
