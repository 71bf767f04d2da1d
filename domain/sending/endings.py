"""How a dispatch ends: by itself, called back, stopped, or failed; and where that leaves its campaign."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data import failpoint
from data.database import changed
from domain.audience.audience import Audience
from domain.channels import channel
from domain.ledger import deliveries, steps
from domain.ledger.deliveries import Books
from domain.refusal import Kind, Refusal
from domain.sending import campaigns, dispatches, sibling, standstill
from domain.sending.campaigns import Campaign, Status
from domain.sending.content import content_hash
from domain.sending.dispatches import OVER, RUNNING, Dispatch, DispatchState, Outcome, Part
from domain.shop import audit, notices
from domain.shop.people import Actor, Right

TOO_LATE = "It is too late to undo: the first messages are on their way. You can stop the rest."


def conclude(session: Session, dispatch_id: int, *, now: datetime) -> Dispatch | None:
    """Close a dispatch that is over, and bring its campaign to where it belongs. None where there is nothing to close."""
    dispatch = dispatches.get(session, dispatch_id)
    if not _close(session, dispatch, now):
        return None
    failpoint.reach("finish")
    _settle_campaign(session, dispatch, now)
    return dispatch


def undo(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    """Call a launch back while its window is open: one press, however many sends it was. Nothing has left."""
    by.require(Right.SEND)
    dispatch = dispatches.get(session, dispatch_id)
    pressed = [one for one in _pressed_with(session, dispatch) if one.finished_at is None]
    if not pressed or any(one.state is not DispatchState.WAITING or one.starts_at <= now for one in pressed):
        raise Refusal("too_late", TOO_LATE, Kind.CONFLICT)
    for one in pressed:
        _end(session, one, DispatchState.UNDONE, "", now)
        one.outcome, one.finished_at = Outcome.CANCELLED, now
        audit.write(session, "dispatch.undone", by=by, now=now, subject_id=one.id)
    session.flush()
    if dispatch.part is Part.ASKED:
        _may_ask_again(session, dispatch)
    _settle_campaign(session, dispatch, now)
    return dispatch


def _may_ask_again(session: Session, dispatch: Dispatch) -> None:
    """When somebody says so; no day is set."""
    there = sibling.of(session, dispatch.campaign_id or 0)
    if there is not None:
        there.asked_at = None


def _pressed_with(session: Session, dispatch: Dispatch) -> list[Dispatch]:
    """The sends of the same press, itself among them. What was asked later was another press."""
    if dispatch.campaign_id is None or dispatch.part is Part.ASKED:
        return [dispatch]
    return [one for one in _run_of(session, dispatch) if one.part is not Part.ASKED]


def _run_of(session: Session, dispatch: Dispatch) -> list[Dispatch]:
    assert dispatch.campaign_id is not None
    return dispatches.of_run(session, dispatch.campaign_id, dispatch.run_no)


def stop(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    """No further message is handed over; those that are already on their way are still counted."""
    by.require(Right.SEND)
    dispatch = dispatches.get(session, dispatch_id)
    if dispatch.state is DispatchState.WAITING and dispatch.starts_at > now:
        return undo(session, dispatch_id, by=by, now=now)
    _end(session, dispatch, DispatchState.STOPPED, f"Stopped by {by.name}.", now)
    audit.write(session, "dispatch.stopped", by=by, now=now, subject_id=dispatch.id)
    conclude(session, dispatch_id, now=now)
    return dispatch


def fail(session: Session, dispatch_id: int, sentence: str, *, now: datetime) -> None:
    """Trouble that no recipient is to blame for: the rest is called off and the reason kept."""
    dispatch = dispatches.get(session, dispatch_id)
    if dispatch.is_running:
        _end(session, dispatch, DispatchState.FAILED, sentence, now)
    failpoint.reach("fallback")
    conclude(session, dispatch_id, now=now)


def _end(session: Session, dispatch: Dispatch, state: DispatchState, sentence: str, now: datetime) -> None:
    running = (Dispatch.id == dispatch.id) & Dispatch.state.in_(RUNNING)
    if not changed(session, update(Dispatch).where(running).values(state=state, error=sentence)):
        raise Refusal("already_over", OVER, Kind.CONFLICT)
    session.refresh(dispatch)
    standstill.end(session, dispatch, now)
    steps.cancel_open(session, dispatch.id, now=now)


def _close(session: Session, dispatch: Dispatch, now: datetime) -> bool:
    """Write the last line under a dispatch that has no open row left. False where it is not over yet, or closed before."""
    if dispatch.finished_at is not None or dispatch.state is DispatchState.WAITING:
        return False
    books = deliveries.books(session, dispatch.id)
    if books.queued:
        return False
    if dispatch.state is not DispatchState.FAILED:
        _end_by_itself(dispatch, books)
    standstill.end(session, dispatch, now)
    dispatch.outcome, dispatch.finished_at = _outcome(dispatch, books), now
    session.flush()
    return True


def _end_by_itself(dispatch: Dispatch, books: Books) -> None:
    """Where somebody was called off it is not complete: stopped part-way, also after a second try of others."""
    if books.cancelled:
        dispatch.state = DispatchState.STOPPED
    else:
        dispatch.state, dispatch.error = DispatchState.SENT, ""


def _outcome(dispatch: Dispatch, books: Books) -> Outcome:
    if dispatch.state is DispatchState.SENT:
        return Outcome.COMPLETE if books.recipients else Outcome.NOBODY
    return Outcome.PARTIAL if books.sent or books.not_sure else Outcome.CANCELLED


def _settle_campaign(session: Session, dispatch: Dispatch, now: datetime) -> None:
    if dispatch.campaign_id is None:
        if dispatch.state is DispatchState.FAILED:
            notices.leave(
                session,
                f"“{dispatch.name}” was not sent to everyone. {dispatch.error}",
                now=now,
                tone="bad",
                link=f"/marketing/sends/{dispatch.id}",
            )
        return
    campaign = session.get(Campaign, dispatch.campaign_id)
    if campaign is None:
        return
    is_launch = campaign.status is Status.SENDING and campaign.run_no == dispatch.run_no
    if dispatch.state is DispatchState.FAILED and (is_launch or dispatch.part is not Part.MAIN):
        _tell_of_trouble(session, campaign, dispatch, now)
    if not is_launch:
        if dispatch.part is Part.MAIN:
            _settle_second_try(session, campaign, dispatch, now)
        return
    run = _run_of(session, dispatch)
    if all(one.finished_at is not None for one in run):
        _settle_launch(session, campaign, next(one for one in run if one.part is Part.MAIN), now)


def _settle_launch(session: Session, campaign: Campaign, main: Dispatch, now: datetime) -> None:
    """By the main channel, once all that was launched is over: what went beside it has its own word on its own page."""
    campaign.updated_at = now
    campaign.outcome = main.outcome
    if main.state is DispatchState.SENT:
        return _is_sent(session, campaign, main, now)
    campaign.status, campaign.scheduled_at = Status.DRAFT, None
    campaign.scheduled_wall = campaign.scheduled_zone = ""
    if main.state is DispatchState.UNDONE:
        return
    campaign.last_launch_error = _reached_sentence(session, main)


def _is_sent(session: Session, campaign: Campaign, main: Dispatch, now: datetime) -> None:
    campaign.status, campaign.sent_at = Status.SENT, now
    there = sibling.of(session, campaign.id)
    if there is not None:
        there.begin_waiting(main.finished_at or now)


def _tell_of_trouble(session: Session, campaign: Campaign, dispatch: Dispatch, now: datetime) -> None:
    """At once, though the launch may go on for long on another channel."""
    if dispatch.part is Part.MAIN:
        sentence = f"“{campaign.name}” stopped. {_reached_sentence(session, dispatch)}"
        link = f"/marketing/campaigns/{campaign.id}"
    else:
        way = channel.named(dispatch.channel).label
        sentence = f"“{campaign.name}” stopped on {way}. {_reached_sentence(session, dispatch)}"
        link = f"/marketing/sends/{dispatch.id}"
    notices.leave(session, sentence, now=now, tone="bad", link=link)


def _settle_second_try(session: Session, campaign: Campaign, dispatch: Dispatch, now: datetime) -> None:
    """A send that was opened again moves its campaign in one case only: a draft that was left because of this very
    send, and that nobody changed since, is sent once nobody of it is left. As a draft it would offer to be sent to
    nobody. A sent campaign stays sent.
    """
    if dispatch.state is DispatchState.FAILED:
        link = f"/marketing/sends/{dispatch.id}"
        sentence = f"The second try of “{campaign.name}” stopped. {dispatch.error}"
        notices.leave(session, sentence, now=now, tone="bad", link=link)
    waits = campaign.status is Status.DRAFT and campaign.last_launch_error
    if not waits or campaign.run_no != dispatch.run_no:
        return
    if dispatch.state is DispatchState.SENT and _is_as_launched(session, campaign, dispatch):
        campaign.outcome, campaign.last_launch_error, campaign.updated_at = dispatch.outcome, "", now
        return _is_sent(session, campaign, dispatch, now)
    _say_how_far(session, campaign, dispatch)


def _is_as_launched(session: Session, campaign: Campaign, dispatch: Dispatch) -> bool:
    same_people = Audience.parse(campaign.audience).as_json() == dispatch.audience
    return same_people and content_hash(campaigns.as_draft(session, campaign)) == dispatch.content_hash


def _say_how_far(session: Session, campaign: Campaign, dispatch: Dispatch) -> None:
    """Beside the version: whoever is editing the draft is not disturbed by it."""
    sentence = _reached_sentence(session, dispatch)
    told = update(Campaign).where(Campaign.id == campaign.id).values(last_launch_error=sentence)
    session.execute(told.execution_options(synchronize_session=False))


def _reached_sentence(session: Session, dispatch: Dispatch) -> str:
    books = deliveries.books(session, dispatch.id)
    to_reach = books.recipients - books.skipped
    return f"{dispatch.error} {books.sent + books.not_sure:,} of {to_reach:,} reached.".strip()
