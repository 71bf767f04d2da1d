"""The campaigns that lean on a segment, with the way to each: they would miss it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
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
    return [
        Leaning(one.id, one.name, SORTS[one.status])
        for one in _waiting(session)
        if names_segment(one.audience, segment_id)
    ]


def numbers(session: Session, segment_ids: Iterable[int]) -> dict[int, int]:
    """How many of them lean on each."""
    waiting = _waiting(session)
    return {key: sum(names_segment(one.audience, key) for one in waiting) for key in segment_ids}


def _waiting(session: Session) -> Sequence[Row[Any]]:
    found = select(Campaign.id, Campaign.name, Campaign.status, Campaign.audience)
    alive = found.where(Campaign.status.in_(SORTS), Campaign.deleted_at.is_(None))
    return session.execute(alive.order_by(Campaign.name)).all()
