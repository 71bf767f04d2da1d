"""A single message of a campaign to one address, to look at before anybody gets it. It is no part of any ledger."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.config import config
from data.mail_account import MailAccount
from domain.channels import channel, email
from domain.message.compose import Letter
from domain.message.merge import MergeError
from domain.refusal import Kind, Refusal
from domain.sending import campaigns
from domain.shop import audit, mail, people
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Right

TRIED: Final = "campaign.tried"
MOST, WITHIN = 10, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Trial:
    """Ready to go; whoever sends it needs no database."""

    account: MailAccount
    sender: str
    recipient: str
    body: bytes


def prepare(session: Session, campaign_id: int, recipient: str, *, by: Actor, now: datetime) -> Trial:
    """Raises Refusal, also for too many tries: this address was typed, and nobody there asked for it."""
    by.require(Right.SEND)
    campaign = campaigns.get(session, campaign_id)
    address = people.checked_email(recipient, "to")
    if campaign.channel != email.CHANNEL.name:
        raise Refusal("no_trial", "A test is possible for email so far.", channel=campaign.channel)
    draft = campaigns.as_draft(session, campaign)
    channel.named(campaign.channel).check(session, draft)
    _refuse_too_many(session, by, now)
    body = _written(email.letter(session, draft), draft.from_email, campaign.id, address, by, now)
    account = mail.account(session)
    audit.write(session, TRIED, by=by, now=now, subject_id=campaign.id, after={"to": address})
    return Trial(account, draft.from_email, address, body)


def _written(letter: Letter, sender: str, number: int, address: str, by: Actor, now: datetime) -> bytes:
    try:
        return letter.render(
            _reader(by, address),
            address=address,
            unsubscribe_url=f"{config().public_url}/u/test",
            message_id=email.message_id(sender, 0, number, int(now.timestamp() * 1000)),
            date=format_datetime(now),
        )
    except MergeError as error:
        raise Refusal(
            "bad_template", str(error), part=error.part, line=error.line, column=error.column
        ) from None


def _reader(by: Actor, address: str) -> dict[str, object]:
    """Whoever tries it stands in for a customer."""
    first, _, last = by.name.partition(" ")
    return {
        "firstName": first,
        "lastName": last,
        "fullName": by.name,
        "companyName": "",
        "email": address,
        "phone": "",
        "attrs": {},
    }


def _refuse_too_many(session: Session, by: Actor, now: datetime) -> None:
    lately = (AuditEntry.at > now - WITHIN) & (AuditEntry.actor_id == by.user_id)
    tries = session.scalar(select(func.count()).where(AuditEntry.action == TRIED, lately)) or 0
    if tries >= MOST:
        minutes = int(WITHIN.total_seconds() // 60)
        raise Refusal(
            "slow_down",
            f"That were {MOST} tests in {minutes} minutes. Wait a little before the next one.",
            Kind.SLOW_DOWN,
        )
