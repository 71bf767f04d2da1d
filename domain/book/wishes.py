"""What somebody told the staff about one kind of message on one channel: taken down, with the reason where it is a yes."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from domain.book import consent, customers, preferences
from domain.book.message_types import MessageType
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid
from domain.shop import audit
from domain.shop.people import Actor, Right

CHANNELS: Final = ("email", "whatsapp")
LONGEST_REASON: Final = 200


def take_down(
    session: Session,
    customer_id: int,
    channel: str,
    message_type: MessageType,
    *,
    allowed: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> bool:
    """Whether anything is new. A yes needs to say how they asked; it is no way round a no to everything."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = customers.get(session, customer_id)
    _refuse_unknown(channel, message_type)
    why = one_line("reason", reason, LONGEST_REASON)
    if allowed and not why:
        raise invalid("reason", "Say how this person asked for it, for example: asked in the shop.")
    if allowed and customer.marketing_opt_out:
        sentence = "They want no marketing at all. If they changed their mind, take that back first."
        raise Refusal("opted_out", sentence, Kind.CONFLICT)
    if preferences.allows(session, customer_id, channel, message_type) is allowed:
        return False
    write = consent.grant if allowed else consent.withdraw
    write(session, customer_id, channel, message_type, how="staff", now=now, source=why, by=by)
    after = {"channel": channel, "type": str(message_type), "allowed": allowed, "why": why}
    audit.write(session, "customer.preference", by=by, now=now, subject_id=customer_id, after=after)
    return True


def _refuse_unknown(channel: str, message_type: MessageType) -> None:
    if channel not in CHANNELS:
        raise invalid("channel", "Choose one of: " + ", ".join(CHANNELS) + ".")
    if not message_type.needs_consent:
        raise invalid("message_type", "Messages about somebody’s own orders go to everybody.")
