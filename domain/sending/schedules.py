"""A campaign's day and hour: setting it, taking it back, and what becomes of one that was missed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.channels import channel
from domain.refusal import Kind, Refusal
from domain.sending import beside
from domain.sending.calendar import GRACE, Appointment, shown
from domain.sending.campaigns import (
    Campaign,
    Status,
    as_draft,
    back_to_draft,
    get,
    require_editable,
    require_version,
)
from domain.shop import audit, notices
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop


def schedule(
    session: Session,
    campaign_id: int,
    when: Appointment,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Campaign:
    by.require(Right.SEND)
    campaign = get(session, campaign_id)
    require_editable(campaign)
    require_version(campaign, version)
    channel.named(campaign.channel).check(session, as_draft(session, campaign))
    beside.plan(session, campaign)
    campaign.status = Status.SCHEDULED
    campaign.scheduled_at, campaign.scheduled_wall, campaign.scheduled_zone = (
        when.instant,
        when.wall,
        when.zone,
    )
    campaign.last_launch_error = ""
    campaign.updated_at = now
    session.flush()
    after = {"at": when.instant.isoformat(), "zone": when.zone}
    audit.write(
        session,
        "campaign.scheduled",
        by=by,
        now=now,
        subject_id=campaign.id,
        after=after,
    )
    return campaign


def unschedule(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> Campaign:
    by.require(Right.SEND)
    campaign = get(session, campaign_id)
    if campaign.status is not Status.SCHEDULED:
        raise Refusal("not_scheduled", "This campaign is not scheduled.", Kind.CONFLICT)
    back_to_draft(campaign, "", now)
    audit.write(session, "campaign.unscheduled", by=by, now=now, subject_id=campaign.id)
    return campaign


def due(session: Session, now: datetime) -> list[int]:
    is_due = (
        (Campaign.status == Status.SCHEDULED) & (Campaign.scheduled_at <= now) & Campaign.deleted_at.is_(None)
    )
    return list(session.scalars(select(Campaign.id).where(is_due).order_by(Campaign.scheduled_at)))


def miss(session: Session, campaign_id: int, *, now: datetime) -> bool:
    """A schedule that is later than the grace asks instead of sending. True for the one who noted it."""
    campaign = get(session, campaign_id)
    if campaign.status is not Status.SCHEDULED or campaign.scheduled_at is None:
        return False
    if now - campaign.scheduled_at <= GRACE:
        return False
    why = (
        "Handbill was not running then. "
        f"That is more than {int(GRACE.total_seconds() // 3600)} hours ago, so it was not sent."
    )
    ask_instead(session, campaign_id, why, now=now)
    return True


def ask_instead(session: Session, campaign_id: int, why: str, *, now: datetime) -> None:
    """A schedule that is not to fire by itself: the campaign is a draft again, and the shop is asked."""
    campaign = get(session, campaign_id)
    if campaign.status is not Status.SCHEDULED or campaign.scheduled_at is None:
        return
    due = shown(campaign.scheduled_at, read_shop(session).zone)
    reason = f"It was due on {due}. {why} Send it now, or choose a new time."
    back_to_draft(campaign, reason, now)
    notices.leave(
        session,
        f"“{campaign.name}” was not sent. {reason}",
        now=now,
        link=f"/marketing/campaigns/{campaign.id}",
    )


def note_failed_launch(
    session: Session, campaign_id: int, sentence: str, *, by: Actor, now: datetime
) -> None:
    """A launch that nobody watched was refused: the campaign is a draft again, and the owner learns why."""
    campaign = get(session, campaign_id)
    if campaign.status is Status.SCHEDULED:
        back_to_draft(campaign, sentence, now)
        campaign.last_launch_at, campaign.last_launch_by = now, by.name
        link = f"/marketing/campaigns/{campaign.id}"
        notices.leave(
            session,
            f"“{campaign.name}” was not sent. {sentence}",
            now=now,
            tone="bad",
            link=link,
        )
