"""Why is this person in or out? (N5)"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.audience import enough
from domain.audience.judging import DISPATCHES, Judged, judge
from domain.audience.reach import NAMES
from domain.audience.unmet import holds, miss
from domain.audience.who import Audience
from domain.book import proof
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.proof import Consent
from domain.book.reach import Reach
from domain.book.suppressions import Suppression
from domain.ledger.deliveries import OPEN, REACHED, Delivery
from domain.refusal import missing
from domain.shop.shop import read as read_shop

HOW: Final = {
    "link": "by the link in a message",
    "one_click": "with the unsubscribe button of the mail program",
    "import": "in an imported file",
    "form": "on a form",
    "api": "through another program",
    "sample": "in the sample shop",
    "provider": "at the mail provider",
    "complaint": "by reporting a message as unwanted",
}
TROUBLE: Final = {
    "bounced": "Messages to {address} came back undelivered.",
    "complained": "Reported an earlier message as unwanted.",
    "unreachable": "For weeks, everything sent to {address} came back undelivered.",
    "not_there": "{address} is not on WhatsApp, or can’t be reached there.",
    "invalid": "{address} is not an address that can be written to.",
}
KEPT_OUT: Final = {
    "unsubscribed": "Somebody with this address asked on {day} not to be written to.",
    "bounced": "Messages to this address came back undelivered on {day}.",
    "complained": "Somebody with this address reported a message as unwanted on {day}.",
    "erased": "The person with this address asked on {day} to be forgotten.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    included: bool
    reason: str | None  # a LeftOut word, "not_in_audience", "deleted" or "already_reached"
    sentence: str


def explain(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    customer_id: int,
    *,
    now: datetime,
    not_reached_by: int | None = None,
) -> Verdict:
    """Asks what the count and the launch ask, about one person."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    if customer.deleted_at is not None:
        return Verdict(False, "deleted", "This customer was deleted.")
    asked = audience, reach, message_type
    judged = judge(session, *asked, now=now, not_reached_by=not_reached_by, of_many=False)
    found = session.execute(judged.one(customer.id)).one_or_none()
    if found is None and not_reached_by is not None and holds(session, customer, judged.meant):
        return Verdict(False, "already_reached", _reached(session, customer, reach, not_reached_by))
    if found is None:
        missed = miss(session, audience, customer, now)
        return Verdict(False, "not_in_audience", f"Not in this audience: {missed}.")
    if found.reason is None:
        return Verdict(True, None, "Gets this message.")
    reason = LeftOut(found.reason)
    return Verdict(False, reason, _left_out(session, reason, judged, message_type, customer, now))


def _reached(session: Session, customer: Customer, reach: Reach, campaign_id: int | None) -> str:
    runs = select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)
    mine = select(Delivery).where(Delivery.dispatch_id.in_(runs), Delivery.state.in_([*REACHED, *OPEN]))
    address = _address(session, customer, reach)
    theirs = mine.where(or_(Delivery.address_key == address, Delivery.customer_id == customer.id))
    delivery = session.scalar(theirs.order_by(Delivery.handed_at.is_(None)).limit(1))
    if delivery is not None and delivery.state in OPEN:
        return "An earlier launch of this campaign is about to reach this address."
    at = delivery and (delivery.settled_at or delivery.handed_at)
    return "Already reached by this campaign" + (f" on {_day(session, at)}." if at else ".")


def _left_out(
    session: Session,
    reason: LeftOut,
    judged: Judged,
    message_type: MessageType,
    customer: Customer,
    now: datetime,
) -> str:
    reach = judged.reach
    match reason:
        case LeftOut.NO_ADDRESS:
            return "Has no email address." if reach.channel == "email" else "Has no phone number."
        case LeftOut.BAD_ADDRESS:
            trouble = session.scalar(select(reach.trouble).where(Customer.id == customer.id))
            said = TROUBLE.get(trouble or "", "{address} does not work.")
            return said.format(address=_address(session, customer, reach))
        case LeftOut.OPTED_OUT:
            return _opted_out(session, customer, reach, message_type)
        case LeftOut.NO_YES:
            return f"Never said yes to messages by {NAMES.get(reach.channel, reach.channel)}."
        case LeftOut.SUPPRESSED:
            return _suppressed(session, customer, reach, message_type)
        case LeftOut.ENOUGH:
            return enough.sentence(session, customer.id, _address(session, customer, reach), now=now)
        case LeftOut.DUPLICATE:
            return _duplicate(session, judged, customer)


def _opted_out(session: Session, customer: Customer, reach: Reach, message_type: MessageType) -> str:
    """By the last line of the proof that fits; an old shop's data may have none."""
    kinds = (EVERY_TYPE, message_type)
    said_no = [line for line in proof.history(session, customer.id) if not line.allowed]
    line = next(
        (line for line in said_no if line.channel == reach.channel and line.message_type in kinds), None
    )
    if line is None:
        return "Opted out."
    return f"Opted out on {_day(session, line.at)} {_how(line)}."


def _how(line: Consent) -> str:
    if line.how == "staff":
        return " ".join(
            filter(None, ["as noted by", line.by_name or "staff", line.source and f"({line.source})"])
        )
    return HOW.get(line.how, "") or f"({line.how})"


def _suppressed(session: Session, customer: Customer, reach: Reach, message_type: MessageType) -> str:
    mine = select(reach.address_hash).where(Customer.id == customer.id).scalar_subquery()
    row = session.scalar(
        select(Suppression)
        .where(Suppression.channel == reach.channel, Suppression.address_hash == mine)
        .where(Suppression.scope.in_([EVERY_TYPE, str(message_type)]))
        .limit(1)
    )
    said = KEPT_OUT.get(row.reason, "") if row else ""
    return said.format(day=_day(session, row.at)) if row and said else "This address is not to be written to."


def _duplicate(session: Session, judged: Judged, customer: Customer) -> str:
    address = _address(session, customer, judged.reach)
    first = session.scalar(select(judged.first_with_the_address()).where(Customer.id == customer.id))
    other = session.get(Customer, first) if first else None
    name = other.shown_name if other else "somebody else"
    return f"Shares the address {address} with {name}, who gets this message."


def _address(session: Session, customer: Customer, reach: Reach) -> str:
    return session.scalar(select(reach.address).where(Customer.id == customer.id)) or ""


def _day(session: Session, at: datetime) -> str:
    """3 May 2026, by the shop's calendar."""
    day = at.astimezone(read_shop(session).zone)
    return f"{day.day} {day:%B %Y}"
