"""A recipient says no by the link in a message. It counts from the commit on, also for what is still waiting to go.

The link names a delivery; who that is, and what kind of message it was, the ledger knows. Everybody in the book with
the address it went to is meant: whoever reads that mailbox wants no more of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data import failpoint
from domain.book import consent
from domain.book.consent import EVERY_TYPE, Consent, MessageType, Suppression
from domain.book.customers import Customer
from domain.ledger import second_tries
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Dispatch

CONSENTED = [kind for kind in MessageType if kind.needs_consent]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one message went to. `address` is None once the person was erased."""

    delivery_id: int
    dispatch_id: int
    channel: str
    message_type: MessageType
    customer_id: int | None
    address: str | None

    @property
    def scope(self) -> str:
        """What "these messages" are; operational ones can't be stopped, so there it means all others."""
        return str(self.message_type) if self.message_type.needs_consent else EVERY_TYPE


@dataclass(frozen=True, slots=True)
class Standing:
    """What the person has said no to by now. `may_undo`: somebody in the book can be written to again."""

    these: bool
    everything: bool
    may_undo: bool


def recipient(session: Session, delivery_id: int) -> Recipient | None:
    delivery = session.get(Delivery, delivery_id)
    dispatch = session.get(Dispatch, delivery.dispatch_id) if delivery else None
    if delivery is None or dispatch is None:
        return None
    return Recipient(
        delivery.id,
        dispatch.id,
        dispatch.channel,
        dispatch.message_type,
        delivery.customer_id,
        delivery.address_key,
    )


def standing(session: Session, of: Recipient) -> Standing:
    people = _people(session, of)
    if people:
        everything = all(person.marketing_opt_out for person in people)
        these = everything or all(_said_no(session, person, of, of.scope) for person in people)
        return Standing(these, everything, may_undo=True)
    held_back = _held_back(session, of)
    return Standing(of.scope in held_back or held_back >= set(CONSENTED), held_back >= set(CONSENTED), False)


def stop(
    session: Session,
    of: Recipient,
    *,
    everything: bool,
    how: str,
    address: str,
    now: datetime,
) -> None:
    """Writes only what is not so yet, so a mail program may repeat it as often as it likes. `address`: the network's."""
    scope = EVERY_TYPE if everything else of.scope
    people = _people(session, of)
    for person in people:
        if not _said_no(session, person, of, scope):
            consent.withdraw(
                session, person.id, of.channel, scope, how=how, now=now, source=_source(of), address=address
            )
    if not people:
        _hold_back(session, of, scope, how=how, address=address, now=now)
    second_tries.prove_arrival(session, of.delivery_id, now=now)  # whoever uses the link has the message
    failpoint.reach("optout_stored")


def undo(session: Session, of: Recipient, *, how: str, address: str, now: datetime) -> None:
    """Takes back the widest no there is: everything first, these messages next."""
    said = standing(session, of)
    scope = EVERY_TYPE if said.everything else of.scope
    for person in _people(session, of):
        if _said_no(session, person, of, scope):
            consent.grant(
                session, person.id, of.channel, scope, how=how, now=now, source=_source(of), address=address
            )


def _people(session: Session, of: Recipient) -> list[Customer]:
    """Who is still in the book: the customer, and others with the same address."""
    same_address = Customer.email_key == of.address if of.address else Customer.id.is_(None)
    meant = or_(Customer.id == of.customer_id, same_address) if of.customer_id else same_address
    return list(session.scalars(select(Customer).where(meant, Customer.deleted_at.is_(None))))


def _said_no(session: Session, person: Customer, of: Recipient, scope: str) -> bool:
    if scope == EVERY_TYPE:
        return person.marketing_opt_out
    return consent.allows(session, person.id, of.channel, scope) is False


def _held_back(session: Session, of: Recipient) -> set[str]:
    if not of.address:
        return set(CONSENTED)
    held = select(Suppression.scope).where(
        Suppression.channel == of.channel, Suppression.address_hash == consent.fingerprint(of.address)
    )
    found = set(session.scalars(held))
    return set(CONSENTED) if EVERY_TYPE in found else found


def _hold_back(session: Session, of: Recipient, scope: str, *, how: str, address: str, now: datetime) -> None:
    """Nobody in the book has the address any more; should it come back some day, the no is still known."""
    wanted = CONSENTED if scope == EVERY_TYPE else [MessageType(scope)]
    going = [kind for kind in wanted if kind not in _held_back(session, of)]
    if not going or not of.address:
        return
    mark = consent.fingerprint(of.address)
    for kind in going:
        consent.suppress(session, of.channel, mark, reason="unsubscribed", now=now, scope=kind)
    session.add(
        Consent(
            address_hash=mark,
            channel=of.channel,
            message_type=scope,
            allowed=False,
            at=now,
            how=how,
            source=_source(of),
            address=address,
        )
    )


def _source(of: Recipient) -> str:
    return f"dispatch {of.dispatch_id}"
