"""What a send would be before anybody presses Send: the letter as one person gets it, and who gets it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.audience import audience as audiences
from domain.audience.audience import EVERYBODY, Audience, Count, Only
from domain.audience.reach import WHATSAPP_REACH
from domain.book.merging import values_of
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.channels.channel import Draft
from domain.channels.email import letter
from domain.refusal import Kind, Refusal
from domain.sending import beside, campaigns, content, whatsapp_forecast
from domain.sending.beside import Also
from domain.sending.campaigns import Campaign
from domain.sending.launches import NOBODY, WHY_NOBODY
from domain.sending.whatsapp_forecast import Forecast
from domain.shop import mailbox, no_reply

NOBODY_YET: Final = "shop@example.invalid"  # a letter can be looked at before there is a sender
BLANK: Final = dict.fromkeys(content.LONGEST, "") | {
    "html_body": "",
    "text_body": "",
    "message_type": "marketing",
    "content": {},
}
ENTICING: Final = re.compile(
    r"\b(sale|discounts?|special offer|offers?|voucher|coupon|save \d|promo(tion|code)?|black friday)\b|\d ?% ?off",
    re.IGNORECASE,
)
PROMOTIONAL: Final = (
    "This reads like an offer. Operational messages also go to people who opted out of offers; "
    "choose Marketing unless it is about their own order or repair."
)


@dataclass(frozen=True, slots=True)
class Sight:
    """A letter as one person gets it. `doubts` are worth a look and stop nothing."""

    sender: str
    subject: str
    html: str
    text: str
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """A launch that has not happened. `remaining` is there when an earlier launch reached some of them."""

    subject: str
    message_type: MessageType
    audience: str
    everyone: Count
    remaining: Count | None
    first_names: tuple[str, ...]
    doubts: tuple[str, ...]
    template: tuple[str, str] | None = None  # of a message by WhatsApp: its name and language
    forecast: Forecast | None = None  # and what is known of such a send
    also: Also | None = None  # what goes beside it on another channel

    @property
    def usual(self) -> Count:
        """Whom a careful press of Send goes to."""
        return self.remaining or self.everyone

    @property
    def reached(self) -> int:
        return self.everyone.reachable - self.remaining.reachable if self.remaining else 0


def drafted(session: Session, fields: dict[str, Any]) -> Draft:
    """The content of a form as a draft, with the shop's usual sender where none is written. Raises Refusal by field."""
    written = {name: value for name, value in fields.items() if name in BLANK}
    return campaigns.as_draft(session, Campaign(**content.checked(BLANK | written)))


def sight(session: Session, draft: Draft, customer_id: int | None) -> Sight:
    """The letter for this customer, or for somebody of whom nothing is known. Raises Refusal for what can't be read."""
    compiled = letter(session, replace(draft, from_email=draft.from_email or NOBODY_YET))
    person = values_of(session, [customer_id]).get(customer_id, {}) if customer_id else {}
    shown = compiled.preview(person)
    doubts = tuple(field.sentence for field in compiled.unknown_fields)
    return Sight(sender_of(draft), shown.subject, shown.html, shown.text, doubts + _doubts(draft))


def sender_of(draft: Draft) -> str:
    """As the inbox shows it."""
    return f"{draft.from_name} <{draft.from_email}>" if draft.from_email else draft.from_name


def replies_to(draft: Draft) -> str:
    """Where an answer goes."""
    return draft.reply_to or draft.from_email


def of_campaign(session: Session, campaign_id: int, *, even_nobody: bool = False, now: datetime) -> Prospect:
    """Raises Refusal where it can't be sent, with the field to mend where there is one."""
    campaign = campaigns.get(session, campaign_id)
    draft = campaigns.as_draft(session, campaign)
    before = campaign.id if campaign.run_no else None
    audience = Audience.parse(campaign.audience)
    plan = beside.plan(session, campaign)
    if plan is None:
        return prospect(session, draft, audience, campaign.channel, before, even_nobody=even_nobody, now=now)
    found = prospect(
        session, draft, audience, campaign.channel, before, even_nobody=True, only=plan.only, now=now
    )
    also = beside.prospect(session, plan, audience, before, now=now)
    if not (even_nobody or found.everyone.reachable or also.everyone.reachable):
        raise _nobody()
    return replace(found, also=also)


def prospect(
    session: Session,
    draft: Draft,
    audience: Audience,
    channel_name: str = "email",
    launched_before: int | None = None,
    *,
    even_nobody: bool = False,
    only: Only = EVERYBODY,
    now: datetime,
) -> Prospect:
    """`launched_before` is the campaign whose earlier launches may have reached some of them already."""
    way = channel.named(channel_name)
    way.check(session, draft)
    asked = (session, audience, way.reach(), draft.message_type)
    everyone = audiences.count(*asked, now=now)
    if not everyone.reachable and not even_nobody:
        raise _nobody()
    remaining = (
        audiences.count(*asked, now=now, not_reached_by=launched_before, only=only)
        if launched_before
        else None
    )
    if remaining and remaining.reachable == everyone.reachable:
        remaining = None
    before = launched_before if remaining else None
    names = audiences.first_names(*asked, now=now, not_reached_by=before, only=only if before else EVERYBODY)
    label = audiences.describe(session, audience)
    unread = no_reply.warning(replies_to(draft), mailbox.address(session)) if channel_name == "email" else ""
    doubts = (*_doubts(draft), *filter(None, [unread]))
    told = None
    if channel_name == WHATSAPP_REACH.channel:
        told = whatsapp_forecast.forecast(session, draft, audience, now=now, not_reached_by=before)
        doubts += told.doubts
    return Prospect(
        draft.subject,
        draft.message_type,
        label,
        everyone,
        remaining,
        tuple(names),
        doubts,
        _template(draft),
        told,
    )


def _template(draft: Draft) -> tuple[str, str] | None:
    named = draft.content.get("template")
    return (str(named.get("name", "")), str(named.get("language", ""))) if isinstance(named, dict) else None


def _nobody() -> Refusal:
    return Refusal("no_recipients", NOBODY, Kind.REFUSED, field="audience", causes=WHY_NOBODY)


def _doubts(draft: Draft) -> tuple[str, ...]:
    words = f"{draft.subject} {draft.html_body} {draft.text_body}"
    return (PROMOTIONAL,) if not draft.message_type.needs_consent and ENTICING.search(words) else ()
