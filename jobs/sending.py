"""Pressing Send, and everything else a person may ask of a send. Each opens one unit of work, and wakes a worker after it."""

from datetime import timedelta

from data import failpoint
from data.config import config
from data.database import now, reading, unit
from domain.audience.audience import Audience
from domain.channels.channel import Draft
from domain.refusal import Refusal
from domain.sending import (
    asking,
    dispatches,
    doubts,
    endings,
    launches,
    parts,
    resending,
    schedules,
    standstill,
)
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.launches import Press
from domain.sending.resending import Retried, Which
from domain.shop.installation import FENCED
from domain.shop.people import CLOCK, Actor
from jobs.queue import queue


def send_now(campaign_id: int, press: Press, by: Actor) -> Dispatch:
    with unit() as session:
        dispatch = launches.launch(session, campaign_id, press, by=by, now=now())
    failpoint.reach("launched")
    return awake(dispatch)


def send_one_shot(
    draft: Draft,
    audience: Audience,
    press: Press,
    by: Actor,
    *,
    channel_name: str = "email",
) -> Dispatch:
    with unit() as session:
        dispatch = launches.launch_one_shot(
            session, draft, audience, press, channel_name=channel_name, by=by, now=now()
        )
    return awake(dispatch)


def undo(dispatch_id: int, by: Actor) -> Dispatch:
    with unit() as session:
        return endings.undo(session, dispatch_id, by=by, now=now())


def stop(dispatch_id: int, by: Actor) -> Dispatch:
    with unit() as session:
        return endings.stop(session, dispatch_id, by=by, now=now())


def pause(dispatch_id: int, by: Actor) -> Dispatch:
    """From this commit on the ledger gives no hand-over; each worker notices by itself, in whatever process."""
    with unit() as session:
        return standstill.pause(session, dispatch_id, by=by, now=now())


def resume(dispatch_id: int, by: Actor) -> Dispatch:
    with unit() as session:
        dispatch = standstill.resume(session, dispatch_id, by=by, now=now())
    return awake(dispatch)


def pause_campaign(campaign_id: int, by: Actor) -> None:
    """Everything of it that goes just now, on every channel."""
    with unit() as session:
        parts.pause(session, campaign_id, by=by, now=now())


def resume_campaign(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        going = parts.resume(session, campaign_id, by=by, now=now())
    for dispatch in going:
        awake(dispatch)


def stop_campaign(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        parts.stop(session, campaign_id, by=by, now=now())


def ask_now(campaign_id: int, press: Press, by: Actor) -> Dispatch:
    """The other channel, for whom a sent campaign did not reach by email, or who has not looked at it."""
    with unit() as session:
        dispatch = asking.ask_now(session, campaign_id, press, by=by, now=now())
    return awake(dispatch)


def ask_due(sibling_id: int) -> None:
    """The clock asks. What a person would have been told is left as a notice."""
    try:
        with unit() as session:
            dispatch = asking.ask(session, sibling_id, now=now())
    except Refusal as refusal:
        if refusal.code != FENCED:
            with unit() as session:
                asking.note_trouble(session, sibling_id, refusal.sentence, now=now())
        return
    if dispatch is not None:
        awake(dispatch)


def resend(delivery_id: int, by: Actor, *, even_if_twice: bool = False) -> Dispatch:
    """One message once more. `even_if_twice` is the choice that a "not sure" one needs."""
    with unit() as session:
        dispatch = resending.resend(session, delivery_id, by=by, now=now(), even_if_twice=even_if_twice)
    return awake(dispatch)


def retry(dispatch_id: int, which: Which, by: Actor) -> Retried:
    """Everybody who failed, was called off, or is "not sure": as many of them as can be tried."""
    with unit() as session:
        retried = resending.retry(session, dispatch_id, which, by=by, now=now())
    awake(retried.dispatch)
    return retried


def count_as_sent(delivery_id: int, by: Actor) -> Dispatch:
    with unit() as session:
        return doubts.count_as_sent(session, delivery_id, by=by, now=now())


def count_all_as_sent(dispatch_id: int, by: Actor) -> int:
    with unit() as session:
        return doubts.count_all_as_sent(session, dispatch_id, by=by, now=now())


def send_scheduled(campaign_id: int) -> None:
    """The clock presses Send. What a person would have been told is left as a notice."""
    try:
        send_now(campaign_id, Press(), CLOCK)
    except Refusal as refusal:
        with unit() as session:
            if refusal.code == "no_recipients":
                launches.record_nobody(session, campaign_id, by=CLOCK, now=now())
            elif refusal.code not in ("already_sending", FENCED):
                schedules.note_failed_launch(session, campaign_id, refusal.sentence, by=CLOCK, now=now())


def undo_window() -> timedelta:
    """How long a person can call a press back."""
    return timedelta(seconds=config().undo_seconds)


def awake(dispatch: Dispatch) -> Dispatch:
    """And what goes beside it on another channel."""
    if dispatch.state is DispatchState.SENDING:
        for number in _going_with(dispatch):
            queue().wake(number)
    return dispatch


def _going_with(dispatch: Dispatch) -> list[int]:
    if dispatch.campaign_id is None:
        return [dispatch.id]
    with reading() as session:
        running = dispatches.running_of(session, dispatch.campaign_id)
    return [one.id for one in running if one.state is DispatchState.SENDING]
