"""A launch on two channels: what goes beside the main one, to whom, and what must hold before either goes."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from domain.audience.audience import Only
from domain.book.reach import Reach
from domain.channels import channel
from domain.channels.channel import Draft
from domain.refusal import Kind, Refusal
from domain.sending import campaigns, sibling
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, Goes, Sibling

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
    draft: Draft

    @property
    def only(self) -> Only:
        """The main channel leaves out whom it reached itself; and apart from each other, also whom the other reached."""
        return Only(on=MAIN_CHANNEL) if self.goes is Goes.TOGETHER else Only()

    def only_beside(self, main: int) -> Only:
        return replace(whom(self.goes, self.channel), beside=main)

    def require_same_mode(self, main: Dispatch, other: Dispatch) -> None:
        """Half of it in practice would be a launch of which nobody knows what it was. Raises Refusal."""
        if main.practice is not other.practice:
            sentence = MAIL_IS_PRACTICE if main.practice else MAIL_IS_REAL
            raise Refusal("half_in_practice", sentence, Kind.REFUSED, field="also")


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
    return Beside(there.channel, there.goes, draft)


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


def whom(goes: Goes, channel_name: str = CHANNEL) -> Only:
    """At the launch. Of those who get it together, only what reached them by this very channel is looked at."""
    if goes is Goes.TOGETHER:
        return Only(on=channel_name)
    return Only(among=out_of_reach(channel.named(MAIN_CHANNEL).reach()))


def out_of_reach(main: Reach) -> ColumnElement[bool]:
    """Without an address there, or with one that does not work. Whoever complained there is left alone."""
    broken = and_(main.trouble.is_not(None), main.trouble != COMPLAINED)
    return or_(main.address.is_(None), broken)
