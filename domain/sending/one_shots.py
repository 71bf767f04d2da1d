"""A one-shot that nobody needs any more. That it went out, to whom, and what came of it, stays in the list of sends."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.refusal import Kind, Refusal
from domain.sending import dispatches
from domain.shop import audit
from domain.shop.people import Actor, Right

OF_A_CAMPAIGN = "This send belongs to a campaign. Delete that one, and its sends go with it."
RUNS = "This is being sent just now. Stop it first."


def delete(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> None:
    """Soft: it can be put back until what it said goes for good. Once more changes nothing."""
    by.require(Right.EDIT_CAMPAIGNS)
    dispatch = dispatches.get(session, dispatch_id)
    dispatches.require_content(dispatch)
    if dispatch.campaign_id is not None:
        raise Refusal("of_a_campaign", OF_A_CAMPAIGN, Kind.CONFLICT)
    if dispatch.is_running or dispatch.finished_at is None:
        raise Refusal("is_sending", RUNS, Kind.CONFLICT)
    if dispatch.deleted_at is None:
        dispatch.deleted_at = now
        before = {"name": dispatch.name}
        audit.write(session, "one_shot.deleted", by=by, now=now, subject_id=dispatch_id, before=before)
