"""What the builder begins with: an empty campaign for somebody, or one as it was found."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from data.database import reading
from domain.audience.audience import Audience, Who
from domain.message import templates
from domain.sending import campaigns, content, sibling
from domain.sending.calendar import shown
from domain.sending.campaigns import Campaign, Status
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui.parts import whatsapp_form
from ui.parts.also_form import AlsoStart, also_start
from ui.parts.letter_form import Start, start

LIST = "/marketing/campaigns"
EMAIL = "email"
CHANNELS = {EMAIL: "Email", whatsapp_form.NAME: "WhatsApp"}


@dataclass(frozen=True)
class Begun:
    """A draft as its form needs it. `also`: what goes beside an email, None beside anything else."""

    form: Start | whatsapp_form.Start
    also: AlsoStart | None

    @property
    def channel(self) -> str:
        return whatsapp_form.NAME if self.also is None else EMAIL


@dataclass(frozen=True)
class Opened:
    """A campaign as it was found. `begin` is there only for a draft."""

    id: int
    name: str
    status: Status
    version: int
    when: str
    error: str
    begin: Begun | None


def wanted(segment: int | None, group: int | None, tag: str, customer: int | None) -> Audience:
    if segment:
        return Audience(Who.SEGMENT, segment_ids=(segment,))
    if group:
        return Audience(Who.GROUP, group_ids=(group,))
    if customer:
        return Audience(Who.MANUAL, customer_ids=(customer,))
    return Audience(Who.TAGS, tags=(tag,)) if tag else Audience()


def _channel_of(begin: Start | whatsapp_form.Start) -> str:
    return whatsapp_form.NAME if isinstance(begin, whatsapp_form.Start) else EMAIL


def begin_new(audience: Audience, template_id: int | None, channel: str, by: Actor) -> Begun:
    with reading() as session:
        values: dict[str, Any] = {"audience": audience.as_json()}
        if channel == whatsapp_form.NAME:
            return Begun(whatsapp_form.start(session, values, by), None)
        if template_id:
            chosen = templates.get(session, template_id, by=by)
            said = ("subject", "preheader", "html_body", "text_body")
            values |= {name: getattr(chosen, name) for name in said} | {"template_id": chosen.id}
        return Begun(start(session, values, by), also_start(session, None))


def open_campaign(campaign_id: int, by: Actor) -> Opened:
    with reading() as session:
        campaign = campaigns.get(session, campaign_id)
        begin = _begun(session, campaign, by) if campaign.is_editable else None
        when = shown(campaign.scheduled_at, read_shop(session).zone) if campaign.scheduled_at else ""
        error = campaign.last_launch_error
        return Opened(campaign.id, campaign.name, campaign.status, campaign.version, when, error, begin)


def _begun(session: Session, campaign: Campaign, by: Actor) -> Begun:
    values = {name: getattr(campaign, name) for name in content.EDITABLE}
    if campaign.channel == whatsapp_form.NAME:
        return Begun(whatsapp_form.start(session, values, by), None)
    given = sibling.as_json(sibling.of(session, campaign.id))
    return Begun(start(session, values, by), also_start(session, given))
