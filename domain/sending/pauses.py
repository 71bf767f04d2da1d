"""When a send stood still, why, and for how long: read from the diary, where each press and each wait stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.sending.dispatches import Dispatch, Hold
from domain.shop.audit import AuditEntry

BEGINS: Final = ("dispatch.paused", "dispatch.held")
ENDS: Final = ("dispatch.resumed", "dispatch.went_on", "dispatch.stopped")
LIMITS: Final = (Hold.HOUR, Hold.DAY, Hold.REACH)
NO_TIME: Final = timedelta(minutes=1)  # a night that a worker looked into by mistake is one night


@dataclass(frozen=True, slots=True)
class Pause:
    """`times`: a limit that slides lets a few go every other minute, which is told as one wait."""

    by: str
    since: datetime
    until: datetime | None  # none: it stands still now
    why: Hold = Hold.PERSON
    times: int = 1


def pauses_of(session: Session, dispatch: Dispatch) -> tuple[Pause, ...]:
    """In their order, the first one first."""
    found: list[Pause] = []
    for entry in _entries(session, dispatch):
        if found and found[-1].until is None:
            found[-1] = replace(found[-1], until=entry.at)
        if entry.action in BEGINS:
            _add(found, Pause(entry.actor_name, entry.at, None, _why(entry)))
    if found and found[-1].until is None and not dispatch.held_for:
        found[-1] = replace(found[-1], until=dispatch.finished_at)
    return tuple(found)


def _add(found: list[Pause], pause: Pause) -> None:
    if found and _is_the_same(found[-1], pause):
        found[-1] = replace(found[-1], until=pause.until, times=found[-1].times + 1)
    else:
        found.append(pause)


def _is_the_same(last: Pause, pause: Pause) -> bool:
    if last.until is None or last.why is not pause.why or pause.why is Hold.PERSON:
        return False
    return pause.why in LIMITS or pause.since - last.until < NO_TIME


def _why(entry: AuditEntry) -> Hold:
    return Hold((entry.after or {}).get("why", Hold.PERSON))


def _entries(session: Session, dispatch: Dispatch) -> list[AuditEntry]:
    """Looked for from the launch on: the diary is in the order of time and has no other index."""
    since = AuditEntry.at >= dispatch.created_at
    about = AuditEntry.action.in_([*BEGINS, *ENDS]) & (AuditEntry.subject_id == dispatch.id)
    return list(session.scalars(select(AuditEntry).where(since, about).order_by(AuditEntry.id)))
