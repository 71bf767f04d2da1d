"""A one-shot that was worth keeping becomes a campaign."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.refusal import Kind, Refusal
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import DispatchState
from domain.shop.people import Actor, Right

SAME = (
    "message_type",
    "from_name",
    "from_email",
    "reply_to",
    "subject",
    "preheader",
    "html_body",
    "text_body",
    "content",
    "channel",
    "audience",
)


def promote(session: Session, dispatch_id: int, name: str, *, by: Actor, now: datetime) -> Campaign:
    """ "Save as campaign": a one-shot becomes a draft with the same content, and keeps its history (D17)."""
    by.require(Right.EDIT_CAMPAIGNS)
    dispatch = dispatches.get(session, dispatch_id)
    if dispatch.campaign_id is not None:
        raise Refusal("is_a_campaign", "This send already belongs to a campaign.", Kind.CONFLICT)
    dispatches.require_kept(dispatch)
    fields = {field: getattr(dispatch, field) for field in SAME}
    campaign = campaigns.create(session, {**fields, "name": name or dispatch.subject}, by=by, now=now)
    campaign.run_no = 1
    dispatch.campaign_id, dispatch.run_no, dispatch.name = campaign.id, 1, campaign.name
    if dispatch.state is DispatchState.SENT:
        campaign.status, campaign.sent_at, campaign.outcome = (
            Status.SENT,
            dispatch.finished_at,
            dispatch.outcome,
        )
    elif dispatch.is_running:
        campaign.status = Status.SENDING
    return campaign
