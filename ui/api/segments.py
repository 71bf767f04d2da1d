"""Segments: rules with a name."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.audience import audience as audiences
from domain.audience import rules, segments
from domain.audience.audience import Audience, Who
from domain.audience.names import read as read_names
from domain.audience.reach import EMAIL_REACH
from domain.audience.segments import Segment
from domain.book.message_types import MessageType
from domain.sending import campaigns, leaning
from domain.shop.people import Actor
from ui.api.door import CampaignEditor, SignedIn, Viewer
from ui.api.shapes import Asked, Id, Listed, Moment, Told, Version

router = APIRouter(prefix="/segments", tags=["Segments"], route_class=SignedIn)

Rule = Annotated[
    dict[str, Any], Field(description='A tree: {"all": [{"field": "status", "op": "eq", "value": "vip"}]}.')
]


class SegmentAsked(Asked):
    name: str
    rule: Rule
    note: str = ""


class SegmentChange(Asked):
    name: str | None = None
    rule: Rule | None = None
    note: str | None = None
    version: Version = None


class SegmentTold(Told):
    id: int
    name: str
    kind: Annotated[str, Field(description="system: came with Handbill, can only be copied; or custom.")]
    note: str
    rule: dict[str, Any]
    sentence: Annotated[str, Field(description="The rule in plain words.")]
    count: int | None
    counted_at: Moment | None
    created_at: Moment
    updated_at: Moment
    version: int


@router.get("")
def every(by: Viewer) -> Listed[SegmentTold]:
    """Counts are those of the last look; asking for one segment counts anew."""
    with reading() as session:
        items = [_told(session, one, one.count) for one in segments.every(session, by=by)]
    return Listed(items=items, total=len(items))


@router.post("", status_code=201)
def create(given: SegmentAsked, by: CampaignEditor) -> SegmentTold:
    with unit() as session:
        made = segments.create(session, **given.given(), by=by, now=now())
        return _counted(session, made.id, by)


@router.get("/{segment_id}")
def read(segment_id: Id, by: Viewer) -> SegmentTold:
    with reading() as session:
        found = segments.get(session, segment_id, by=by)
        return _told(session, found, _size(session, segment_id))


@router.patch("/{segment_id}")
def change(segment_id: Id, given: SegmentChange, by: CampaignEditor) -> SegmentTold:
    with unit() as session:
        fields = {name: value for name, value in given.given("version").items() if value is not None}
        segments.change(session, segment_id, fields, by=by, now=now(), version=given.version)
        return _counted(session, segment_id, by)


@router.delete("/{segment_id}", status_code=204)
def delete(segment_id: Id, by: CampaignEditor) -> None:
    with unit() as session:
        used_by = campaigns.using_segment(session, segment_id)
        segments.delete(session, segment_id, used_by=used_by, by=by, now=now())


class UseTold(Told):
    sort: Annotated[str, Field(description="draft, scheduled campaign, or segment.")]
    id: int
    name: str


@router.get("/{segment_id}/used-by")
def used_by(segment_id: Id, by: Viewer) -> Listed[UseTold]:
    """What leans on it; while anything does, it can't be deleted."""
    with reading() as session:
        segments.get(session, segment_id, by=by)
        items = [UseTold.of(one) for one in leaning.on_segment(session, segment_id)]
        others = segments.leaning_on(session, segment_id, by=by)
    items += [UseTold(sort="segment", id=one.id, name=one.name) for one in others]
    return Listed(items=items, total=len(items))


@router.post("/{segment_id}/duplicate", status_code=201)
def duplicate(segment_id: Id, by: CampaignEditor) -> SegmentTold:
    with unit() as session:
        made = segments.copy(session, segment_id, by=by, now=now())
        return _counted(session, made.id, by)


def _counted(session: Session, segment_id: int, by: Actor) -> SegmentTold:
    found = segments.refresh(session, segment_id, by=by, now=now())
    return _told(session, found, found.count)


def _size(session: Session, segment_id: int) -> int:
    """Counted anew, and not written down."""
    meant = Audience(Who.SEGMENT, segment_ids=(segment_id,))
    return audiences.count(session, meant, EMAIL_REACH, MessageType.OPERATIONAL, now=now()).matched


def _told(session: Session, segment: Segment, count: int | None) -> SegmentTold:
    return SegmentTold(
        id=segment.id,
        name=segment.name,
        kind="system" if segment.is_system else "custom",
        note=segment.note,
        rule=segment.rule,
        sentence=rules.parse(segment.rule).sentence(read_names(session)),
        count=count,
        counted_at=segment.counted_at,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
        version=segment.version,
    )
