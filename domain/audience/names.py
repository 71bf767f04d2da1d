"""What things are called in this shop, for the sentence of a rule and for the lists one chooses from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnClause, TableClause, column, select, table
from sqlalchemy.orm import Session

from domain.book.categories import Category
from domain.book.groups import Group
from domain.book.record import RecordKind
from domain.book.staff import StaffMember
from domain.book.statuses import Status

# Of wings above this one, only what is looked at.
CAMPAIGNS: Final = table("campaigns", column("id"), column("name"), column("deleted_at"))
SEGMENTS: Final = table("segments", column("id"), column("name"))


class Thing(StrEnum):
    """What a rule can name and somebody can delete meanwhile. Segments are looked up by `nesting`."""

    TAG = "tag"
    STATUS = "status"
    GROUP = "group"
    KIND = "kind of record"
    CATEGORY = "category"
    STAFF = "name"
    CAMPAIGN = "campaign"


Reference: TypeAlias = tuple[Thing, str | int]


@dataclass(frozen=True, slots=True)
class Names:
    """What is not in it is called by its key."""

    segments: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    campaigns: Mapping[int, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)


NONE: Final = Names()


def read(session: Session) -> Names:
    """Deleted segments and campaigns too: what was sent once still says to whom."""
    return Names(
        segments=_of(session, SEGMENTS, SEGMENTS.c.name),
        groups=dict(iter(session.execute(select(Group.id, Group.name).order_by(Group.name)))),
        campaigns=_of(session, CAMPAIGNS, CAMPAIGNS.c.name),
        statuses=_labels(session, Status),
        kinds=_labels(session, RecordKind),
        categories=_labels(session, Category),
        staff=_labels(session, StaffMember),
    )


def living_campaigns(session: Session) -> dict[int, str]:
    """Those one can choose."""
    found = select(CAMPAIGNS.c.id, CAMPAIGNS.c.name).where(CAMPAIGNS.c.deleted_at.is_(None))
    return dict(iter(session.execute(found.order_by(CAMPAIGNS.c.name))))


def _of(session: Session, of: TableClause, name: ColumnClause[Any]) -> dict[int, str]:
    return dict(iter(session.execute(select(of.c.id, name))))


def _labels(session: Session, of: Any) -> dict[str, str]:
    return dict(iter(session.execute(select(of.key, of.label).order_by(of.position, of.key))))
