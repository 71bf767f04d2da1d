"""After a restore: is this the shop or a copy of it, and what becomes of the sends that the copy was in the middle of.

Whoever got a message after the copy was taken does not stand in its books. So nothing of it goes on by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.sidecar import Note
from domain.ledger import steps
from domain.refusal import Kind, Refusal
from domain.sending import asking, schedules, workers
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import RUNNING, Dispatch, DispatchState, Hold
from domain.shop import audit, installation
from domain.shop.installation import Installation
from domain.shop.people import CLOCK, Actor, Right

BEFORE_RESTORE = "That was before this shop was restored from a copy, so it may have gone out already. It was not sent from here."
DURING_UPDATE = "Handbill was being updated at that time, so it was not sent."


@dataclass(frozen=True, slots=True)
class Confirmed:
    paused: int  # sends that wait for somebody to let them go on
    asked: int  # campaigns whose time has passed: drafts again


def look(session: Session, note: Note | None, file: str, *, now: datetime) -> Installation:
    """At every start and every beat: put up the fence where this may be a copy with anything that would go by itself.

    Before a worker signs on, so that the last beat is still that of the copy.
    """
    here = installation.read(session)
    if here is not None and here.fenced_at is not None:
        return here
    why = installation.doubt(here, note, file)
    if here is not None and not why:
        return here
    if why and _anything_goes_by_itself(session):
        return _put_up_fence(session, why, now)
    if why:
        audit.write(session, "installation.adopted", by=CLOCK, now=now, after={"why": why})
    return installation.settle(session)


def confirm(session: Session, *, by: Actor, now: datetime) -> Confirmed:
    """ "This is the shop now": the fence goes, every send of the copy stays paused until somebody lets it go on."""
    by.require(Right.MANAGE_SHOP)
    here = installation.read(session)
    if here is None or here.fenced_at is None:
        raise Refusal("not_fenced", "There is nothing to confirm: this is the shop.", Kind.CONFLICT)
    copied_at = here.copied_at
    confirmed = Confirmed(_pause_all(session, now), hold_overdue(session, BEFORE_RESTORE, now=now))
    installation.settle(session)
    audit.write(
        session,
        "installation.confirmed",
        by=by,
        now=now,
        before={"copied_at": copied_at.isoformat() if copied_at else None},
        after={"paused": confirmed.paused, "asked": confirmed.asked},
    )
    return confirmed


def hold_overdue(session: Session, why: str, *, now: datetime) -> int:
    """Every schedule whose time has passed asks instead of sending, however little late it is."""
    overdue = schedules.due(session, now)
    for campaign_id in overdue:
        schedules.ask_instead(session, campaign_id, why, now=now)
    return len(overdue) + asking.hold_overdue(session, why, now=now)


def _anything_goes_by_itself(session: Session) -> bool:
    scheduled = (Campaign.status == Status.SCHEDULED) & Campaign.deleted_at.is_(None)
    return bool(
        session.scalar(select(func.count()).where(Dispatch.state.in_(RUNNING)))
        or session.scalar(select(func.count()).where(scheduled))
        or asking.any_waiting(session)
    )


def _put_up_fence(session: Session, why: str, now: datetime) -> Installation:
    copied_at = workers.last_beat(session)
    audit.write(session, "installation.fenced", by=CLOCK, now=now, after={"why": why})
    return installation.put_up_fence(session, copied_at, now=now)


def _pause_all(session: Session, now: datetime) -> int:
    """Rows that a worker of the original held: those handed over are not sure, the others wait again."""
    for holder in steps.holders(session):
        steps.rescue(session, holder, now=now)
    running = list(session.scalars(select(Dispatch).where(Dispatch.state.in_(RUNNING))))
    for dispatch in running:
        dispatch.state = DispatchState.PAUSED
        dispatch.held_for, dispatch.held_by, dispatch.held_until = Hold.RESTORED, "", None
        about = {"why": str(Hold.RESTORED)}
        audit.write(session, "dispatch.paused", by=CLOCK, now=now, subject_id=dispatch.id, after=about)
    session.flush()
    return len(running)
