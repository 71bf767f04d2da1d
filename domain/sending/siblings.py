"""Writing what a campaign by email also says on WhatsApp, taking it out again, and how many it would go to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from domain.audience import audience as audiences
from domain.audience.audience import Audience, Count
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.refusal import Kind, Refusal
from domain.sending import beside, campaigns, sibling
from domain.sending.campaigns import Campaign, Status
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, Goes, Sibling, as_json, of
from domain.shop import audit
from domain.shop.people import Actor, Right

__all__ = ["Goes", "Prospects", "Sibling", "as_json", "keep", "of", "prospects", "remove", "write"]

CHANGED: Final = "campaign.also_changed"


@dataclass(frozen=True, slots=True)
class Prospects:
    """Whom the launch would write to on the other channel, by what is chosen. What is asked later stands in `asking`."""

    instead: Count
    together: Count

    def by(self, goes: Goes) -> Count:
        return self.together if goes is Goes.TOGETHER else self.instead


def write(
    session: Session,
    campaign_id: int,
    given: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Sibling:
    """`content`, `goes` and `after_days`, as a whole. Of a draft, or of a sent campaign before anybody was asked."""
    by.require(Right.EDIT_CAMPAIGNS)
    campaign = _open(session, campaign_id, version)
    cleaned = sibling.checked(given)
    there = of(session, campaign_id)
    if there is not None and as_json(there) == cleaned:
        return there
    before = as_json(there)
    written = there or Sibling(campaign_id=campaign_id, error="", created_at=now)
    for name, value in cleaned.items():
        setattr(written, name, value)
    written.updated_at = now
    session.add(written)
    _begin_waiting_anew(session, campaign, written)
    _touch(session, campaign, now)
    _note(session, campaign, before, cleaned, by, now)
    return written


def remove(
    session: Session, campaign_id: int, *, by: Actor, now: datetime, version: int | None = None
) -> None:
    """Nothing goes there any more. What went stays on record."""
    by.require(Right.EDIT_CAMPAIGNS)
    campaign = _open(session, campaign_id, version)
    there = of(session, campaign_id)
    if there is None:
        return
    before = as_json(there)
    session.delete(there)
    _touch(session, campaign, now)
    _note(session, campaign, before, None, by, now)


def keep(
    session: Session,
    campaign_id: int,
    given: Mapping[str, Any] | None,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """What a form holds: written, or taken out where it holds nothing. Where nothing is new, nothing happens."""
    if given is not None:
        write(session, campaign_id, given, by=by, now=now, version=version)
    elif of(session, campaign_id) is not None:
        remove(session, campaign_id, by=by, now=now, version=version)


def prospects(
    session: Session,
    audience: Audience,
    message_type: MessageType,
    *,
    now: datetime,
    launched_before: int | None = None,
    channel_name: str = CHANNEL,
) -> Prospects:
    """`launched_before`: the campaign whose earlier launches may have reached some of them already."""

    def counted(goes: Goes) -> Count:
        return audiences.count(
            session,
            audience,
            channel.named(channel_name).reach(),
            message_type,
            now=now,
            not_reached_by=launched_before,
            only=beside.whom(goes, channel_name),
        )

    return Prospects(counted(Goes.INSTEAD), counted(Goes.TOGETHER))


def _open(session: Session, campaign_id: int, version: int | None) -> Campaign:
    """Raises Refusal where it may not be changed any more."""
    campaign = campaigns.get(session, campaign_id)
    campaigns.require_version(campaign, version)
    if campaign.channel != MAIN_CHANNEL:
        raise Refusal(
            "no_sibling", "Only a campaign by email can also go out on WhatsApp.", Kind.REFUSED, field="also"
        )
    if campaign.status is not Status.SENT:
        campaigns.require_editable(campaign)
        return campaign
    there = of(session, campaign_id)
    if there is not None and there.asked_at is not None:
        raise Refusal("already_asked", "They were asked already. Nothing can be changed now.", Kind.CONFLICT)
    return campaign


def _begin_waiting_anew(session: Session, campaign: Campaign, there: Sibling) -> None:
    """Of a sent campaign a day that is set already moves; none is set here, so that nothing goes without being asked for."""
    if there.due_at is None:
        return
    there.due_at = None
    if campaign.sent_at is not None:
        there.begin_waiting(campaign.sent_at)


def _touch(session: Session, campaign: Campaign, now: datetime) -> None:
    """It is a change of the campaign: whoever has an older version open hears of it."""
    campaign.updated_at = now
    flag_modified(campaign, "updated_at")
    session.flush()


def _note(
    session: Session,
    campaign: Campaign,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    by: Actor,
    now: datetime,
) -> None:
    """As of the campaign itself, one entry for one person's stretch of work."""
    same = before is not None and after is not None
    since = now - campaigns.STRETCH
    if same and by.via == "page" and audit.was_done(session, [CHANGED], campaign.id, by=by, since=since):
        return
    told = {"before": _for_audit(before), "after": _for_audit(after)}
    audit.write(session, "campaign.also_changed", by=by, now=now, subject_id=campaign.id, **told)


def _for_audit(said: dict[str, Any] | None) -> dict[str, Any] | None:
    if said is None:
        return None
    template = said["content"].get("template") or {}
    name = template.get("name", "") if isinstance(template, dict) else ""
    return {**said, "content": name or f"{len(said['content']):,} parts", "goes": str(said["goes"])}
