"""A send stands still: paused by a person until somebody lets it go on, or held by itself until a moment."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.database import changed
from domain.refusal import Kind, Refusal
from domain.sending.dispatches import (
    BARRED,
    BY_ITSELF,
    OVER,
    Dispatch,
    DispatchState,
    Hold,
    get,
    is_untouched,
)
from domain.shop import audit, installation, notices
from domain.shop.people import CLOCK, Actor, Right


def pause(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    """Nothing more is handed over until somebody lets it go on; what is on its way still gets its answer."""
    by.require(Right.SEND)
    dispatch = get(session, dispatch_id)
    if not _turn(session, dispatch, DispatchState.SENDING, DispatchState.PAUSED, Hold.PERSON, by.name):
        raise Refusal("not_sending", _why_not_paused(dispatch), Kind.CONFLICT)
    audit.write(session, "dispatch.paused", by=by, now=now, subject_id=dispatch_id)
    return dispatch


def resume(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    by.require(Right.SEND)
    installation.require_open(session)
    dispatch = get(session, dispatch_id)
    if not _go_on(session, dispatch, by, now):
        raise Refusal("not_paused", _why_not_resumed(dispatch), Kind.CONFLICT)
    return dispatch


def bar(session: Session, dispatch_id: int, why: Hold, sentence: str, *, now: datetime) -> None:
    """Nobody can get it now. It stands still until somebody lets it go on; the owner is told."""
    dispatch = get(session, dispatch_id)
    if not _turn(session, dispatch, DispatchState.SENDING, DispatchState.PAUSED, why, ""):
        return
    dispatch.error = sentence
    audit.write(
        session, "dispatch.paused", by=CLOCK, now=now, subject_id=dispatch_id, after={"why": str(why)}
    )
    told = f"“{dispatch.name}” stands still. {sentence}"
    notices.leave(session, told, now=now, tone="bad", link=_page(dispatch_id))


def lift(session: Session, channel: str, *, by: Actor, now: datetime) -> list[int]:
    """The channel's account works again: whatever stood still for it goes on. Which sends those are."""
    kept = (Dispatch.state == DispatchState.PAUSED) & (Dispatch.held_for == Hold.ACCOUNT)
    waiting = list(session.scalars(select(Dispatch).where(kept, Dispatch.channel == channel)))
    for dispatch in waiting:
        _go_on(session, dispatch, by, now)
    return [dispatch.id for dispatch in waiting]


def hold(session: Session, dispatch_id: int, why: Hold, until: datetime, *, now: datetime) -> None:
    """It goes on by itself at that time; no worker looks at it before. Each worker that looks too early says so again."""
    dispatch = get(session, dispatch_id)
    if dispatch.state is not DispatchState.SENDING:
        return
    if dispatch.held_for is not why:
        about = {"why": str(why), "until": until.isoformat()}
        audit.write(session, "dispatch.held", by=CLOCK, now=now, subject_id=dispatch_id, after=about)
    dispatch.held_for, dispatch.held_until = why, until
    if is_untouched(session, dispatch):
        dispatch.started_at = None
    session.flush()


def let_go_on(session: Session, dispatch_id: int, *, now: datetime) -> None:
    """Its time has come: whatever held it holds it no more."""
    dispatch = get(session, dispatch_id)
    if dispatch.state is DispatchState.SENDING:
        end(session, dispatch, now)


def end(session: Session, dispatch: Dispatch, now: datetime) -> None:
    """Nothing holds it any more, because it goes on or because it is over."""
    if dispatch.held_for in BY_ITSELF:
        about = {"why": str(dispatch.held_for)}
        audit.write(session, "dispatch.went_on", by=CLOCK, now=now, subject_id=dispatch.id, after=about)
    dispatch.held_until, dispatch.held_for, dispatch.held_by = None, Hold.NONE, ""


def _go_on(session: Session, dispatch: Dispatch, by: Actor, now: datetime) -> bool:
    was_barred = dispatch.held_for in BARRED
    if not _turn(session, dispatch, DispatchState.PAUSED, DispatchState.SENDING, Hold.NONE, ""):
        return False
    if was_barred:
        dispatch.error = ""
        notices.settle(session, _page(dispatch.id), now=now)
    audit.write(session, "dispatch.resumed", by=by, now=now, subject_id=dispatch.id)
    return True


def _page(dispatch_id: int) -> str:
    return f"/marketing/sends/{dispatch_id}"


def _turn(
    session: Session, dispatch: Dispatch, from_: DispatchState, to: DispatchState, why: Hold, who: str
) -> bool:
    turned = changed(
        session,
        update(Dispatch)
        .where(Dispatch.id == dispatch.id, Dispatch.state == from_)
        .values(state=to, held_for=why, held_by=who, held_until=None),
    )
    session.refresh(dispatch)
    return turned > 0


def _why_not_paused(dispatch: Dispatch) -> str:
    if dispatch.state is DispatchState.PAUSED:
        return "This send is paused already."
    if dispatch.state is DispatchState.WAITING:
        return "This send has not begun yet: it can still be undone."
    return OVER


def _why_not_resumed(dispatch: Dispatch) -> str:
    return "This send is not paused." if dispatch.is_running else OVER
