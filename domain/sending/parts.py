"""What is asked of a campaign is asked of everything of it that goes just now: one launch may be several sends."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from domain.refusal import Kind, Refusal
from domain.sending import campaigns, dispatches, endings, standstill
from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop.people import Actor, Right

Verb = Callable[[int], Dispatch]


def pause(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> list[Dispatch]:
    by.require(Right.SEND)
    verb = partial(standstill.pause, session, by=by, now=now)
    return _each(session, campaign_id, DispatchState.SENDING, verb)


def resume(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> list[Dispatch]:
    by.require(Right.SEND)
    verb = partial(standstill.resume, session, by=by, now=now)
    return _each(session, campaign_id, DispatchState.PAUSED, verb)


def stop(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> list[Dispatch]:
    """Within the undo window that is calling it back, which takes all of it at once."""
    by.require(Right.SEND)
    going = _going(session, campaign_id)
    for one in going:
        if one is going[0] or one.is_running:  # calling one back has called back the other
            endings.stop(session, one.id, by=by, now=now)
    return going


def _each(session: Session, campaign_id: int, state: DispatchState, verb: Verb) -> list[Dispatch]:
    """Those that stand so; where none does, the first one says why not."""
    going = _going(session, campaign_id)
    return [verb(one.id) for one in [one for one in going if one.state is state] or going[:1]]


def _going(session: Session, campaign_id: int) -> list[Dispatch]:
    """Where nothing goes, the last launch, which then says that it is over. Raises Refusal where there was none."""
    campaigns.get(session, campaign_id)
    found = dispatches.running_of(session, campaign_id) or dispatches.of_campaign(session, campaign_id)[:1]
    if not found:
        raise Refusal("not_sending", "This campaign is not being sent.", Kind.CONFLICT)
    return found
