"""The leaves of a rule: one plain statement about one customer, such as "has the tag gold".

A leaf is always true or false, never SQL's third answer: otherwise `not` would lose the people with an empty field.
A new leaf is a class with a reader, and a line in LEAVES.
"""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select, true

from domain.audience.fields import Field, FieldLeaf, bad_rule, read_field, whole, word, words
from domain.audience.look import Look
from domain.audience.reach import REACHES
from domain.book.consent import MessageType, why_left_out
from domain.book.customers import Customer, CustomerDate, CustomerTag, Tag
from domain.book.statuses import Status

__all__ = ["LEAVES", "DateLeaf", "Field", "FieldLeaf", "Leaf", "SegmentLeaf", "TagLeaf", "read_leaf"]

DATES: Final = {
    "birthday": "birthday",
    "wedding": "wedding day",
    "engagement": "engagement",
    "name_day": "name day",
    "custom": "special day",
}
LATER: Final = (
    "record",
    "count",
    "group",
    "in_group",
    "opened",
    "clicked",
    "received",
    "not_received",
    "preference",
)
WHOLE_YEAR = 365


class Leaf(Protocol):
    @property
    def weight(self) -> int:
        """How many values it carries into the statement."""

    def where(self, look: Look) -> ColumnElement[bool]: ...

    def sentence(self, names: Mapping[int, str]) -> str: ...

    def as_json(self) -> dict[str, Any]: ...


def read_leaf(tree: dict[str, Any]) -> Leaf:
    """Raises Refusal, by name, for what no leaf understands."""
    for key, read in LEAVES.items():
        if key in tree:
            return read(tree)
    later = next((key for key in LATER if key in tree), None)
    if later:
        raise bad_rule(f"Conditions about \u201c{later}\u201d are not available yet.")
    unknown = next(iter(tree), None)
    raise bad_rule(
        "A condition is empty." if unknown is None else f"There is no condition called \u201c{unknown}\u201d."
    )


@dataclass(frozen=True, slots=True)
class DateLeaf:
    """A day of the customer's year that comes round within some days, today included."""

    kind: str
    within_days: int
    ignore_year: bool
    weight: int = 1

    def where(self, look: Look) -> ColumnElement[bool]:
        days = self._coming(look.today) if self.ignore_year else self._exactly(look.today)
        return exists().where(CustomerDate.customer_id == Customer.id, CustomerDate.kind == self.kind, days)

    def sentence(self, names: Mapping[int, str]) -> str:
        label = DATES[self.kind]
        return (
            f"{label} is today" if self.within_days == 0 else f"{label} in the next {days(self.within_days)}"
        )

    def as_json(self) -> dict[str, Any]:
        return {"date": self.kind, "within_days": self.within_days, "ignore_year": self.ignore_year}

    def _coming(self, today: date) -> ColumnElement[bool]:
        if self.within_days >= WHOLE_YEAR:
            return true()
        spans = _spans(today, today + timedelta(days=self.within_days))
        return or_(
            *[and_(CustomerDate.month == month, CustomerDate.day.between(lo, hi)) for month, lo, hi in spans]
        )

    def _exactly(self, today: date) -> ColumnElement[bool]:
        until = today + timedelta(days=self.within_days)
        day = CustomerDate.year * 10_000 + CustomerDate.month * 100 + CustomerDate.day
        return day.between(_as_number(today), _as_number(until))


@dataclass(frozen=True, slots=True)
class TagLeaf:
    """Has any of these tags."""

    tags: tuple[str, ...]

    @property
    def weight(self) -> int:
        return len(self.tags)

    def where(self, look: Look) -> ColumnElement[bool]:
        return has_any_tag(self.tags)

    def sentence(self, names: Mapping[int, str]) -> str:
        return f"tagged {either(self.tags)}" if self.tags else "tagged with nothing"

    def as_json(self) -> dict[str, Any]:
        return {"tag": list(self.tags)}


@dataclass(frozen=True, slots=True)
class ActiveLeaf:
    """Has a status that the shop counts as active."""

    active: bool
    weight: int = 1

    def where(self, look: Look) -> ColumnElement[bool]:
        found = Customer.status.in_(select(Status.key).where(Status.is_active))
        return found if self.active else not_(found)

    def sentence(self, names: Mapping[int, str]) -> str:
        return "is an active customer" if self.active else "is not an active customer"

    def as_json(self) -> dict[str, Any]:
        return {"status_active": self.active}


@dataclass(frozen=True, slots=True)
class ReachableLeaf:
    """May be written to: asks the same question as the launch."""

    channel: str
    message_type: MessageType
    weight: int = 1

    def where(self, look: Look) -> ColumnElement[bool]:
        return why_left_out(REACHES[self.channel], self.message_type, of_many=True).is_(None)

    def sentence(self, names: Mapping[int, str]) -> str:
        what = "" if self.message_type is MessageType.OPERATIONAL else f" {self.message_type}"
        return f"may be sent{what} messages by {self.channel}"

    def as_json(self) -> dict[str, Any]:
        return {"reachable": {"channel": self.channel, "message_type": str(self.message_type)}}


@dataclass(frozen=True, slots=True)
class SegmentLeaf:
    """Is in another segment."""

    segment_id: int
    weight: int = 1

    def where(self, look: Look) -> ColumnElement[bool]:
        return look.segments[self.segment_id]

    def sentence(self, names: Mapping[int, str]) -> str:
        name = names.get(self.segment_id)
        return f"in the segment \u201c{name}\u201d" if name else f"in segment {self.segment_id}"

    def as_json(self) -> dict[str, Any]:
        return {"segment": self.segment_id}


def has_any_tag(tags: tuple[str, ...]) -> ColumnElement[bool]:
    if not tags:
        return false()
    holders = (
        select(CustomerTag.customer_id).join(Tag, Tag.id == CustomerTag.tag_id).where(Tag.name.in_(tags))
    )
    return Customer.id.in_(holders)


def either(names: "tuple[str, ...] | list[str]") -> str:
    """gold, watches or pearls"""
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def _spans(first: date, last: date) -> list[tuple[int, int, int]]:
    """The days from first to last as (month, from, to). Who was born on 29 February celebrates on the 28th otherwise."""
    months: dict[tuple[int, int], list[int]] = {}
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        months.setdefault((day.year, day.month), []).append(day.day)
    return [
        (month, found[0], _with_leap_day(year, month, found[-1])) for (year, month), found in months.items()
    ]


def _with_leap_day(year: int, month: int, last: int) -> int:
    return 29 if (month, last) == (2, 28) and not calendar.isleap(year) else last


def _as_number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _read_date(tree: dict[str, Any]) -> DateLeaf:
    only(tree, "date", "within_days", "ignore_year")
    kind, ignore_year = tree["date"], tree.get("ignore_year", True)
    if not isinstance(kind, str) or kind not in DATES:
        raise bad_rule(f"There is no date called \u201c{kind}\u201d. Known are: {', '.join(DATES)}.")
    if not isinstance(ignore_year, bool):
        raise bad_rule("\u201cignore_year\u201d must be true or false.")
    return DateLeaf(kind, whole(tree.get("within_days"), "within_days", 0, 366), ignore_year)


def _read_tag(tree: dict[str, Any]) -> TagLeaf:
    only(tree, "tag")
    given = tree["tag"]
    return TagLeaf(words([given] if isinstance(given, str) else given, "tag"))


def _read_active(tree: dict[str, Any]) -> ActiveLeaf:
    only(tree, "status_active")
    if not isinstance(tree["status_active"], bool):
        raise bad_rule("\u201cstatus_active\u201d must be true or false.")
    return ActiveLeaf(tree["status_active"])


def _read_reachable(tree: dict[str, Any]) -> ReachableLeaf:
    only(tree, "reachable")
    given = tree["reachable"]
    if not isinstance(given, dict):
        raise bad_rule("\u201creachable\u201d needs a channel and a message_type.")
    only(given, "channel", "message_type")
    channel, message_type = (word(given.get("channel"), "channel"), given.get("message_type", "marketing"))
    if channel not in REACHES:
        raise bad_rule(f"There is no channel called \u201c{channel}\u201d.")
    if message_type not in list(MessageType):
        raise bad_rule(f"There is no message type called \u201c{message_type}\u201d.")
    return ReachableLeaf(channel, MessageType(message_type))


def _read_segment(tree: dict[str, Any]) -> SegmentLeaf:
    only(tree, "segment")
    return SegmentLeaf(whole(tree["segment"], "segment", 1, 2**63 - 1))


def _read_field(tree: dict[str, Any]) -> FieldLeaf:
    only(tree, "field", "op", "value")
    return read_field(tree)


def only(tree: dict[str, Any], *known: str) -> None:
    unknown = next((key for key in tree if key not in known), None)
    if unknown is not None:
        raise bad_rule(f"A condition about \u201c{known[0]}\u201d can't have \u201c{unknown}\u201d.")


LEAVES: Final[dict[str, Callable[[dict[str, Any]], Leaf]]] = {
    "field": _read_field,
    "date": _read_date,
    "tag": _read_tag,
    "status_active": _read_active,
    "reachable": _read_reachable,
    "segment": _read_segment,
}
