"""What a campaign's page tells, fetched at once: the plan, its launches, who would get it now, how it reads."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data.database import now, reading
from domain.refusal import Refusal
from domain.sending import campaigns, preview, reports
from domain.sending.campaigns import Campaign, Status
from domain.sending.preview import Prospect, Sight
from domain.sending.reports import Report, Story
from domain.sending.sibling import MAIN_CHANNEL
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts import holds
from ui.parts.also_told import Also, Signs, also_of, also_said, phone_beside, signs
from ui.parts.campaign_report import Rolled, rolled
from ui.parts.phone_preview import OnPhone, on_a_phone, on_the_phone
from ui.parts.send_report import Look
from ui.parts.sent_message import Pairs, readable, send_facts


@dataclass(frozen=True)
class Seen:
    """Everything the page tells, fetched at once."""

    story: Story
    rolled: Rolled | None  # the launch it tells of, on every channel
    prospect: Prospect | None  # who would get it now
    obstacle: str  # why it can't be sent yet
    sight: Sight | None
    phone: OnPhone | None  # of one by WhatsApp, or what goes there beside an email
    also: Also
    reader: str
    zone: ZoneInfo
    at: datetime
    signs: Signs  # as it was then

    @property
    def campaign(self) -> Campaign:
        return self.story.campaign

    @property
    def look(self) -> Look | None:
        """Of the main send."""
        return self.rolled.looks[0] if self.rolled else None

    @property
    def is_unfinished(self) -> bool:
        return self.campaign.status is Status.DRAFT and bool(self.campaign.last_launch_error)


def audience_line(seen: Seen) -> str:
    told = seen.look.report.dispatch.audience_label if seen.look else ""
    if seen.campaign.status in (Status.SENDING, Status.SENT) and told:
        return told
    if seen.prospect:
        return f"{seen.story.audience}: {_would_get(seen.prospect)}"
    return seen.story.audience


def _would_get(prospect: Prospect) -> str:
    by_mail = words.people(prospect.usual.reachable)
    if prospect.also is None:
        return f"{by_mail} would get it now"
    return f"{by_mail} would get it by email now, {words.number(prospect.also.usual.reachable)} by WhatsApp"


def plan_facts(seen: Seen) -> Pairs:
    campaign = seen.campaign
    made = f"{campaign.created_by_name}, {words.when(campaign.created_at, seen.zone, seen.at)}"
    if seen.look:
        return [*send_story(seen.look.report, seen.zone, seen.at), ("Created by", made)]
    sight = seen.sight
    pairs = [
        ("Subject", readable(campaign.subject)),
        ("From", sight.sender if sight else ""),
        ("Reply to", campaign.reply_to),
        ("Type", words.MESSAGE_TYPE.get(campaign.message_type, "")),
        ("Audience", seen.story.audience),
        ("Also by WhatsApp", also_said(seen.also.goes, seen.also.after_days) if seen.also.goes else ""),
        ("Left out", seen.prospect.usual.why if seen.prospect else ""),
        ("Created by", made),
        ("Last edited", words.when(campaign.updated_at, seen.zone, seen.at)),
    ]
    return [(name, value) for name, value in pairs if value]


def send_story(report: Report, zone: ZoneInfo, moment: datetime) -> Pairs:
    """The facts of a send, with each time that it stood still."""
    pauses = [holds.told_pause(one, zone, moment) for one in report.pauses]
    return [*send_facts(report, zone, moment), *pauses]


def look(campaign_id: int) -> Seen:
    """All at one moment: a send that ends between two looks would be over for the report and never for the page."""
    moment = now()
    with reading() as session:
        story = reports.story(session, campaign_id)
        zone = read_shop(session).zone
        prospect, obstacle = _prospect(session, story.campaign, moment)
        whole = rolled(session, campaign_id, story.told.id, moment) if story.told else None
        also = also_of(session, story.campaign, whole, moment)
        is_mail = story.campaign.channel == MAIN_CHANNEL
        phone = phone_beside(session, also, whole) if is_mail else _phone(session, story)
        reader, sight = _sight(session, story) if is_mail else ("", None)
        told = signs(session, story.campaign)
    return Seen(story, whole, prospect, obstacle, sight, phone, also, reader, zone, moment, told)


def _prospect(session: Session, campaign: Campaign, moment: datetime) -> tuple[Prospect | None, str]:
    if campaign.status in (Status.SENDING, Status.SENT):
        return None, ""
    try:
        found = preview.of_campaign(session, campaign.id, even_nobody=True, now=moment)
    except Refusal as refusal:
        return None, refusal.sentence
    return found, "" if found.usual.reachable else "Nobody would get it now."


def _sight(session: Session, story: Story) -> tuple[str, Sight | None]:
    try:
        if story.told:
            return reports.letter(session, story.told)
        return "", preview.sight(session, campaigns.as_draft(session, story.campaign), None)
    except Refusal:
        return "", None


def _phone(session: Session, story: Story) -> OnPhone | None:
    try:
        return (
            on_the_phone(session, story.told) if story.told else on_a_phone(session, story.campaign.content)
        )
    except Refusal:
        return None
