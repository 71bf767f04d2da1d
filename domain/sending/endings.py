"""How a dispatch ends: by itself, called back, stopped, or failed; and where that leaves its campaign."""

from datetime import datetime

from sqlalchemy.orm import Session

from data import failpoint
from domain.ledger import deliveries
from domain.sending import dispatches
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch, DispatchState
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
    if campaign is None or campaign.status is not Status.SENDING or campaign.run_no != dispatch.run_no:
        return
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


def _reached_sentence(session: Session, dispatch: Dispatch) -> str:
    books = deliveries.books(session, dispatch.id)
    to_reach = books.recipients - books.skipped
    return f"{dispatch.error} {books.sent + books.not_sure:,} of {to_reach:,} reached.".strip()
