"""Stands on a list: has a tag, is in a group of the shop, belongs to another segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, not_, select

from domain.audience.fields import bad_rule, whole, words
from domain.audience.leaf import NOUGHT, Reference, Thing, bare, called, either, only, owns, owns_any, switch
from domain.audience.look import Look
from domain.audience.names import Names
from domain.book.groups import GroupMember
from domain.book.person import CustomerTag, Tag

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TagLeaf:
    """Has any of these tags."""

    tags: tuple[str, ...]

    @property
    def weight(self) -> int:
        return len(self.tags)

    @property
    def refers(self) -> tuple[Reference, ...]:
        return tuple((Thing.TAG, name) for name in self.tags)

    def where(self, look: Look) -> ColumnElement[bool]:
        return has_any_tag(self.tags, look.of_many)

    def sentence(self, names: Names) -> str:
        return f"tagged {either(self.tags)}" if self.tags else "tagged with nothing"

    def as_json(self) -> dict[str, Any]:
        return {"tag": list(self.tags)}


@dataclass(frozen=True, slots=True)
class TaggedLeaf:
    """Has a tag at all."""

    tagged: bool
    weight: int = 1
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        found = owns(look, CustomerTag.customer_id)
        return found if self.tagged else not_(found)

    def sentence(self, names: Names) -> str:
        return "has a tag" if self.tagged else "has no tag"

    def as_json(self) -> dict[str, Any]:
        return {"tagged": self.tagged}


@dataclass(frozen=True, slots=True)
class GroupLeaf:
    """Is in any of these groups."""

    groups: tuple[int, ...]

    @property
    def weight(self) -> int:
        return len(self.groups)

    @property
    def refers(self) -> tuple[Reference, ...]:
        return tuple((Thing.GROUP, number) for number in self.groups)

    def where(self, look: Look) -> ColumnElement[bool]:
        return in_groups(self.groups, look.of_many)

    def sentence(self, names: Names) -> str:
        return f"is in the group {either(called(self.groups, names.groups))}"

    def as_json(self) -> dict[str, Any]:
        return {"in_group": bare(self.groups)}


@dataclass(frozen=True, slots=True)
class SegmentLeaf:
    """Is in another segment."""

    segment_id: int
    weight: int = 1
    refers: tuple[Reference, ...] = ()  # a segment that is gone is missed when its rule is looked up

    def where(self, look: Look) -> ColumnElement[bool]:
        return look.segments[self.segment_id]

    def sentence(self, names: Names) -> str:
        name = names.segments.get(self.segment_id)
        return f"in the segment \u201c{name}\u201d" if name else f"in segment {self.segment_id}"

    def as_json(self) -> dict[str, Any]:
        return {"segment": self.segment_id}


def has_any_tag(tags: Sequence[str], of_many: bool = True) -> ColumnElement[bool]:
    if not tags:
        return false()
    tag_id = (
        CustomerTag.tag_id if of_many else CustomerTag.tag_id + NOUGHT
    )  # of one, all tags are read at one go
    any_such = tag_id.in_(select(Tag.id).where(Tag.name.in_(tags)))
    ids = (select(Tag.id).where(Tag.name == name).scalar_subquery() for name in dict.fromkeys(tags))
    return owns_any(of_many, CustomerTag.customer_id, any_such, *(CustomerTag.tag_id == one for one in ids))


def in_groups(group_ids: Sequence[int], of_many: bool = True) -> ColumnElement[bool]:
    each = (GroupMember.group_id == one for one in dict.fromkeys(group_ids))
    return owns_any(of_many, GroupMember.customer_id, GroupMember.group_id.in_(group_ids), *each)


def read_tag(tree: dict[str, Any]) -> TagLeaf:
    only(tree, "tag")
    given = tree["tag"]
    return TagLeaf(words([given] if isinstance(given, str) else given, "tag"))


def read_tagged(tree: dict[str, Any]) -> TaggedLeaf:
    only(tree, "tagged")
    return TaggedLeaf(switch(tree["tagged"], "tagged"))


def read_group(tree: dict[str, Any]) -> GroupLeaf:
    only(tree, "in_group")
    given = tree["in_group"] if isinstance(tree["in_group"], list) else [tree["in_group"]]
    if not 1 <= len(given) <= 100:
        raise bad_rule("\u201cin_group\u201d needs from 1 to 100 groups.")
    return GroupLeaf(tuple(dict.fromkeys(whole(one, "in_group", 1, LARGEST_ID) for one in given)))


def read_segment(tree: dict[str, Any]) -> SegmentLeaf:
    only(tree, "segment")
    return SegmentLeaf(whole(tree["segment"], "segment", 1, LARGEST_ID))
