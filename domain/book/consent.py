"""May this person get this? One question, asked by the counts, the launch and the engine alike.

And the verbs by which the answer changes: what somebody says is kept in `preferences` as it is now and in `proof` as it came
about, always both. A no that belongs to an address lies in `suppressions`.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, case, exists, not_, or_
from sqlalchemy.orm import Session

from domain.book import preferences, proof
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference, agreed, agreers, is_no, refusers
from domain.book.reach import Reach
from domain.book.suppressions import Suppression, holds, kept_out
from domain.refusal import invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right


class LeftOut(StrEnum):
    """Why a person who matches gets nothing; in the order in which it is looked at."""

    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    NO_YES = "not_asked"
    ENOUGH = "enough"
    DUPLICATE = "duplicate"


def why_left_out(
    reach: Reach, message_type: MessageType, *, of_many: bool = False
) -> ColumnElement[str | None]:
    """The answer as SQL over `customers`: NULL for "may be written to", otherwise a LeftOut word.

    Duplicates are not seen here: they are a matter between two rows. Nor is who got enough: `audience.enough` asks
    that, once, at the launch. `of_many` asks for the whole book at once: it
    gathers all refusals first, which is some ten times faster for 100,000 people and slower for a hundred.
    """
    reasons: list[tuple[ColumnElement[bool], LeftOut]] = [
        (reach.address.is_(None), LeftOut.NO_ADDRESS),
        (reach.trouble.is_not(None), LeftOut.BAD_ADDRESS),
    ]
    if message_type.needs_consent:
        reasons.append(
            (
                or_(Customer.marketing_opt_out, _said_no(reach.channel, message_type, of_many)),
                LeftOut.OPTED_OUT,
            )
        )
    reasons.append((_is_suppressed(reach, message_type, of_many), LeftOut.SUPPRESSED))
    if reach.needs_yes:
        reasons.append((not_(_said_yes(reach.channel, message_type, of_many)), LeftOut.NO_YES))
    return case(*[(condition, str(word)) for condition, word in reasons], else_=None)


def withdraw(
    session: Session,
    customer_id: int,
    channel: str,
    message_type: str,
    *,
    how: str,
    now: datetime,
    source: str = "",
    address: str = "",
    by: Actor | None = None,
    words: str = "",
) -> None:
    """The person says no, to one type or to all of them. It counts from this commit on, also for queued messages."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    preferences.keep(session, customer, channel, message_type, False, now)
    proof.add(session, customer, channel, message_type, False, how, now, source, address, by, words)


def grant(
    session: Session,
    customer_id: int,
    channel: str,
    message_type: str,
    *,
    how: str,
    now: datetime,
    source: str = "",
    address: str = "",
    by: Actor | None = None,
    words: str = "",
) -> None:
    """The person says yes. Never called by an import (D8)."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    preferences.keep(session, customer, channel, message_type, True, now)
    proof.add(session, customer, channel, message_type, True, how, now, source, address, by, words)


def set_by_staff(
    session: Session,
    customer_id: int,
    *,
    opted_out: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """Staff tick or clear "no marketing" for somebody. Clearing needs the reason: the ledger keeps both (D8)."""
    by.require(Right.EDIT_CUSTOMERS)
    if not opted_out and not reason.strip():
        raise invalid(
            "reason",
            "Say how this person asked to hear from you again, for example: asked in the shop.",
        )
    change = withdraw if opted_out else grant
    change(
        session,
        customer_id,
        "email",
        EVERY_TYPE,
        how="staff",
        now=now,
        source=reason.strip()[:200],
        by=by,
    )
    audit.write(
        session,
        "customer.opt_out",
        by=by,
        now=now,
        subject_id=customer_id,
        after={"out": opted_out, "why": reason},
    )


def _said_no(channel: str, message_type: MessageType, of_many: bool) -> ColumnElement[bool]:
    if of_many:
        return Customer.id.in_(refusers(channel, message_type))
    return (
        exists()
        .where(Preference.customer_id == Customer.id, is_no(channel, message_type))
        .correlate(Customer)
    )


def _said_yes(channel: str, message_type: MessageType, of_many: bool) -> ColumnElement[bool]:
    """To this type; a message about somebody's own order may go to whoever said yes to any."""
    if of_many:
        return Customer.id.in_(agreers(channel, message_type))
    return (
        exists()
        .where(Preference.customer_id == Customer.id, agreed(channel, message_type))
        .correlate(Customer)
    )


def _is_suppressed(reach: Reach, message_type: MessageType, of_many: bool) -> ColumnElement[bool]:
    if of_many:
        return reach.address_hash.in_(kept_out(reach.channel, message_type))
    mine = Suppression.address_hash == reach.address_hash, holds(reach.channel, message_type)
    return exists().where(*mine).correlate(Customer)
