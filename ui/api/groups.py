"""Groups: lists of customers that stay as they are until somebody changes them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import groups
from domain.book.groups import Group
from domain.sending import uses
from ui.api.door import CustomerEditor, SignedIn, Viewer
from ui.api.shapes import AnId, Asked, Cursor, Id, Limit, Listed, Moment, Told, read_number

router = APIRouter(prefix="/groups", tags=["Groups"], route_class=SignedIn)

Ids = Annotated[
    list[AnId], Field(max_length=10_000, description="Customers; those who do not exist are passed over.")
]


class GroupAsked(Asked):
    name: str
    note: str = ""


class GroupChange(Asked):
    name: str | None = None
    note: str | None = None


class MembersAsked(Asked):
    customer_ids: Ids


class GroupTold(Told):
    id: int
    name: str
    note: str
    count: int
    created_at: Moment


class MemberTold(Told):
    id: int
    first_name: str
    last_name: str
    company_name: str
    email: str


class Changed(Told):
    changed: Annotated[int, Field(description="How many were not so before.")]
    count: int


@router.get("")
def every(by: Viewer) -> Listed[GroupTold]:
    with reading() as session:
        counts = groups.counts(session)
        items = [_told(one, counts.get(one.id, 0)) for one in groups.every(session)]
    return Listed(items=items, total=len(items))


@router.post("", status_code=201)
def create(given: GroupAsked, by: CustomerEditor) -> GroupTold:
    with unit() as session:
        return _told(groups.create(session, given.name, note=given.note, by=by, now=now()), 0)


@router.get("/{group_id}")
def read(group_id: Id, by: Viewer) -> GroupTold:
    with reading() as session:
        return _counted(session, group_id)


@router.patch("/{group_id}")
def change(group_id: Id, given: GroupChange, by: CustomerEditor) -> GroupTold:
    with unit() as session:
        groups.change(session, group_id, name=given.name, note=given.note, by=by, now=now())
        return _counted(session, group_id)


@router.delete("/{group_id}", status_code=204)
def delete(group_id: Id, by: CustomerEditor) -> None:
    """The list goes, its people stay. Refused while a campaign or a segment speaks of it."""
    with unit() as session:
        groups.delete(session, group_id, used_by=uses.of_group(session, group_id), by=by, now=now())


@router.get("/{group_id}/members")
def members(group_id: Id, by: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Listed[MemberTold]:
    with reading() as session:
        groups.get(session, group_id)
        after = read_number(cursor) or 0
        found = groups.members(session, group_id, after=after, limit=limit + 1)
        total = groups.how_many(session, group_id)
    more = str(found[limit - 1].id) if len(found) > limit else None
    items = [
        MemberTold(
            id=one.id,
            first_name=one.first_name,
            last_name=one.last_name,
            company_name=one.company,
            email=one.email,
        )
        for one in found[:limit]
    ]
    return Listed(items=items, next_cursor=more, total=total)


@router.post("/{group_id}/members")
def add_members(group_id: Id, given: MembersAsked, by: CustomerEditor) -> Changed:
    with unit() as session:
        changed = groups.add_members(session, group_id, given.customer_ids, by=by, now=now())
        return Changed(changed=changed, count=groups.how_many(session, group_id))


@router.post("/{group_id}/members/remove")
def remove_members(group_id: Id, given: MembersAsked, by: CustomerEditor) -> Changed:
    with unit() as session:
        changed = groups.remove_members(session, group_id, given.customer_ids, by=by, now=now())
        return Changed(changed=changed, count=groups.how_many(session, group_id))


def _counted(session: Session, group_id: int) -> GroupTold:
    return _told(groups.get(session, group_id), groups.how_many(session, group_id))


def _told(group: Group, count: int) -> GroupTold:
    return GroupTold(id=group.id, name=group.name, note=group.note, count=count, created_at=group.created_at)
