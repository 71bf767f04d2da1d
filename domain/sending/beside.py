"""A launch on two channels: what goes beside the main one, to whom, and what must hold before either goes."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from domain.audience import audience as audiences
from domain.audience.audience import Audience, Count, Only
from domain.book.reach import Reach
from domain.channels import channel
from domain.channels.channel import Draft
from domain.refusal import Kind, Refusal
from domain.sending import campaigns, sibling, whatsapp_forecast
from domain.sending.campaigns import Campaign
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, Goes, Sibling
from domain.sending.whatsapp_forecast import Forecast

COMPLAINED: Final = "complained"  # a word of `customers.email_trouble`
MAIL_IS_REAL: Final = (
    "WhatsApp is not connected: what goes there would only reach the practice phones, while the mail goes to people. "
    "Connect WhatsApp first, or take that message out."
)
MAIL_IS_PRACTICE: Final = (
    "Mail is in practice mode, while WhatsApp is connected and would go to people. "
    "Connect the mail account first, or take the message by WhatsApp out."
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on the other channel in the same act. `only`: of the main channel's earlier launches."""

    channel: str
    goes: Goes
    after_days: int
    draft: Draft

    @property
    def only(self) -> Only:
        """The main channel leaves out whom it reached itself; and apart from each other, also whom the other reached."""
        return Only(on=MAIN_CHANNEL) if self.goes is Goes.TOGETHER else Only()

    def only_beside(self, main: int) -> Only:
        return replace(whom(self.goes, self.channel), beside=main)


@dataclass(frozen=True, slots=True)
class Also:
    """What a launch would do there now. `remaining` is there when an earlier launch reached some of them."""

    channel: str
    goes: Goes
    after_days: int  # matters only where it goes after
    everyone: Count
    remaining: Count | None
    first_names: tuple[str, ...]
    forecast: Forecast

    @property
    def usual(self) -> Count:
        """Whom a careful press of Send goes to."""
        return self.remaining or self.everyone

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.forecast.doubts


def plan(session: Session, campaign: Campaign) -> Beside | None:
    """None where it says nothing elsewhere. Raises Refusal with the field "also" where that can't be sent."""
    there = sibling.of(session, campaign.id)
    if there is None:
        return None
    if campaign.channel != MAIN_CHANNEL:
        raise Refusal(
            "no_sibling", "Only a campaign by email can also go out on WhatsApp.", Kind.REFUSED, field="also"
        )
    draft = as_draft(session, campaign, there)
    require_sayable(session, there.channel, draft)
    _require_same_mode(session, there.channel)
    return Beside(there.channel, there.goes, there.after_days, draft)


def prospect(
    session: Session, plan: Beside, audience: Audience, launched_before: int | None, *, now: datetime
) -> Also:
    """`launched_before` is the campaign whose earlier launches may have reached some of them already."""
    asked = (session, audience, channel.named(plan.channel).reach(), plan.draft.message_type)
    only = whom(plan.goes, plan.channel)
    everyone, remaining = audiences.count(*asked, now=now, only=only), None
    if launched_before:
        remaining = audiences.count(*asked, now=now, not_reached_by=launched_before, only=only)
        remaining = None if remaining.reachable == everyone.reachable else remaining
    before = launched_before if remaining else None
    names = audiences.first_names(*asked, now=now, not_reached_by=before, only=only)
    told = whatsapp_forecast.forecast(
        session, plan.draft, audience, now=now, not_reached_by=before, only=only
    )
    return Also(plan.channel, plan.goes, plan.after_days, everyone, remaining, tuple(names), told)


def as_draft(session: Session, campaign: Campaign, there: Sibling) -> Draft:
    """Its content as a message of its own."""
    main = campaigns.as_draft(session, campaign)
    return replace(main, subject="", preheader="", html_body="", text_body="", content=there.content or {})


def require_sayable(session: Session, channel_name: str, draft: Draft) -> None:
    """Raises the channel's own Refusal, as one about what goes beside: which of its fields stands in `also_field`."""
    way = channel.named(channel_name)
    try:
        way.check(session, draft)
    except Refusal as refusal:
        details = {**refusal.details, "field": "also", "also_field": refusal.details.get("field", "")}
        sentence = f"By {way.label}: {refusal.sentence}"
        raise Refusal(refusal.code, sentence, refusal.kind, **details) from None


def _require_same_mode(session: Session, other: str) -> None:
    """Half of it in practice would be a launch of which nobody knows what it was."""
    is_real, is_real_there = (channel.named(one).is_connected(session) for one in (MAIN_CHANNEL, other))
    if is_real is not is_real_there:
        sentence = MAIL_IS_REAL if is_real else MAIL_IS_PRACTICE
        raise Refusal("half_in_practice", sentence, Kind.REFUSED, field="also")


def whom(goes: Goes, channel_name: str = CHANNEL) -> Only:
    """At the launch. Of those who get it together, only what reached them by this very channel is looked at."""
    if goes is Goes.TOGETHER:
        return Only(on=channel_name)
    return Only(among=out_of_reach(channel.named(MAIN_CHANNEL).reach()))


def out_of_reach(main: Reach) -> ColumnElement[bool]:
    """Without an address there, or with one that does not work. Whoever complained there is left alone."""
    broken = and_(main.trouble.is_not(None), main.trouble != COMPLAINED)
    return or_(main.address.is_(None), broken)
