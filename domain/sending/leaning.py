"""The campaigns that lean on a segment, with the way to each: they would miss it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience.who import names_segment
from domain.sending.campaigns import Campaign, Status

SORTS = {Status.DRAFT: "draft", Status.SCHEDULED: "scheduled campaign"}


@dataclass(frozen=True, slots=True)
class Leaning:
    id: int
    name: str
    sort: str  # draft, or scheduled campaign


def on_segment(session: Session, segment_id: int) -> list[Leaning]:
    """Those that have not been launched yet; also where they only leave the segment out."""
    wanted = select(Campaign.id, Campaign.name, Campaign.status, Campaign.audience)
    waiting = wanted.where(Campaign.status.in_(SORTS), Campaign.deleted_at.is_(None)).order_by(Campaign.name)
    return [
        Leaning(one.id, one.name, SORTS[one.status])
        for one in session.execute(waiting)
        if names_segment(one.audience, segment_id)
    ]
