"""How a dispatch ends: by itself, called back, stopped, or failed; and where that leaves its campaign."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data import failpoint
from domain.audience.audience import Audience
from domain.ledger import deliveries
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.launches import content_hash
from domain.shop import notices
from domain.shop.people import Actor


def conclude(session: Session, dispatch_id: int, *, now: datetime) -> Dispatch | None:
    """Close a dispatch that is over, and bring its campaign to where it belongs."""
    dispatch = dispatches.close(session, dispatch_id, now=now)
    if dispatch is not None:
        failpoint.reach("finish")
        _settle_campaign(session, dispatch, now)
    return dispatch


def undo(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    dispatch = dispatches.undo(session, dispatch_id, by=by, now=now)
    _settle_campaign(session, dispatch, now)
    return dispatch


def stop(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> Dispatch:
    dispatch = dispatches.get(session, dispatch_id)
    if dispatch.state is DispatchState.WAITING and dispatch.starts_at > now:
        return undo(session, dispatch_id, by=by, now=now)
    dispatches.stop(session, dispatch_id, by=by, now=now)
    conclude(session, dispatch_id, now=now)
    return dispatch


def fail(session: Session, dispatch_id: int, sentence: str, *, now: datetime) -> None:
    dispatches.fail(session, dispatch_id, sentence, now=now)
    failpoint.reach("fallback")
    conclude(session, dispatch_id, now=now)


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
    if campaign.status is not Status.SENDING or campaign.run_no != dispatch.run_no:
        return _settle_second_try(session, campaign, dispatch, now)
    campaign.updated_at = now
    campaign.outcome = dispatch.outcome
    if dispatch.state is DispatchState.SENT:
        campaign.status, campaign.sent_at = Status.SENT, now
        return
    campaign.status, campaign.scheduled_at = Status.DRAFT, None
    campaign.scheduled_wall = campaign.scheduled_zone = ""
    if dispatch.state is DispatchState.UNDONE:
        return
    campaign.last_launch_error = _reached_sentence(session, dispatch)
    if dispatch.state is DispatchState.FAILED:
        link = f"/marketing/campaigns/{campaign.id}"
        sentence = f"“{campaign.name}” stopped. {campaign.last_launch_error}"
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
        campaign.status, campaign.sent_at, campaign.outcome = Status.SENT, now, dispatch.outcome
        campaign.last_launch_error, campaign.updated_at = "", now
        return
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
