"""When a send was paused, by whom, and for how long: read from the diary, where each press stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop.audit import AuditEntry

PAUSED, RESUMED, STOPPED = "dispatch.paused", "dispatch.resumed", "dispatch.stopped"


@dataclass(frozen=True, slots=True)
class Pause:
    by: str
    since: datetime
    until: datetime | None  # none: it is paused now


def pauses_of(session: Session, dispatch: Dispatch) -> tuple[Pause, ...]:
    """In their order, the first one first."""
    found: list[Pause] = []
    for entry in _presses(session, dispatch):
        if entry.action == PAUSED:
            found.append(Pause(entry.actor_name, entry.at, None))
        elif found and found[-1].until is None:
            found[-1] = Pause(found[-1].by, found[-1].since, entry.at)
    if found and found[-1].until is None and dispatch.state is not DispatchState.PAUSED:
        found[-1] = Pause(found[-1].by, found[-1].since, dispatch.finished_at)
    return tuple(found)


def _presses(session: Session, dispatch: Dispatch) -> list[AuditEntry]:
    """Looked for from the launch on: the diary is in the order of time and has no other index."""
    since = AuditEntry.at >= dispatch.created_at
    about = AuditEntry.action.in_([PAUSED, RESUMED, STOPPED]) & (AuditEntry.subject_id == dispatch.id)
    return list(session.scalars(select(AuditEntry).where(since, about).order_by(AuditEntry.id)))
