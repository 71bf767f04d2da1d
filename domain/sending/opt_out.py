"""What a recipient wants, said by the link in a message. It counts from the commit on, also for what still waits to go.

The link names a delivery; who that is, and what kind of message it was, the ledger knows. Everybody in the book with
the address it went to is meant: whoever reads that mailbox decides what comes into it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from data import failpoint
from domain.book import consent, measuring, preferences, suppressions, wordings
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.book.suppressions import OWN_WORD, Suppression
from domain.ledger import second_tries
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Dispatch
from domain.shop import shop as shops

CONSENTED: Final = tuple(kind for kind in MessageType if kind.needs_consent)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one message went to. `address` is None once the person was erased.

    `scope` is what one press stops: this kind of message, or all kinds, as the shop wants it and where it was an
    operational message, which can't be stopped.
    """

    delivery_id: int
    dispatch_id: int
    channel: str
    customer_id: int | None
    address: str | None
    scope: str

    @property
    def source(self) -> str:
        return f"dispatch {self.dispatch_id}"


@dataclass(frozen=True, slots=True)
class Said:
    """How somebody said it: by which door, from which network address, having read which words."""

    how: str
    address: str
    now: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """`wants`: the kinds of messages that may come. `may_return`: a no can be taken back here, not only in the shop."""

    wants: frozenset[MessageType]
    everything_stopped: bool
    may_return: bool
    is_measured: bool

    def has_stopped(self, scope: str) -> bool:
        return self.everything_stopped if scope == EVERY_TYPE else MessageType(scope) not in self.wants


def recipient(session: Session, delivery_id: int) -> Recipient | None:
    delivery = session.get(Delivery, delivery_id)
    dispatch = session.get(Dispatch, delivery.dispatch_id) if delivery else None
    if delivery is None or dispatch is None:
        return None
    is_wide = not dispatch.message_type.needs_consent or shops.read(session).one_click_stops_all
    return Recipient(
        delivery.id,
        dispatch.id,
        dispatch.channel,
        delivery.customer_id,
        delivery.address_key,
        EVERY_TYPE if is_wide else str(dispatch.message_type),
    )


def standing(session: Session, of: Recipient) -> Standing:
    people, held_back = _people(session, of), _held_back(session, of)
    wants = frozenset(
        kind
        for kind in CONSENTED
        if kind not in held_back
        and (not people or any(_wants(session, person, of, kind) for person in people))
    )
    return Standing(
        wants,
        not wants and all(person.marketing_opt_out for person in people),
        bool(people) and not _is_barred(session, of),
        any(measuring.is_wanted(session, person.id) for person in people),
    )


def stop(session: Session, of: Recipient, scope: str, said: Said) -> None:
    """Writes only what is not so yet, so a mail program may repeat it as often as it likes."""
    people = _people(session, of)
    for person in people:
        if not _said_no(session, person, of, scope):
            _write(session, of, person, scope, False, said)
    if not people:
        _hold_back(session, of, scope, said)
    second_tries.prove_arrival(session, of.delivery_id, now=said.now)  # whoever uses the link has the message
    failpoint.reach("optout_stored")


def resume(session: Session, of: Recipient, kinds: Collection[MessageType], said: Said) -> None:
    """Their own yes (D8). Whoever had stopped everything gets these, and the other kinds stay stopped."""
    if not standing(session, of).may_return:
        return
    for person in _people(session, of):
        if person.marketing_opt_out:
            for kind in CONSENTED:
                if kind not in kinds and not _said_no(session, person, of, kind):
                    _write(session, of, person, kind, False, said)
            _write(session, of, person, EVERY_TYPE, True, said)
        for kind in kinds:
            if _said_no(session, person, of, kind):
                _write(session, of, person, kind, True, said)
    suppressions.lift(session, of.channel, suppressions.fingerprint(of.address or ""), kinds)


def measure(session: Session, of: Recipient, wanted: bool, said: Said) -> None:
    """Whether it may be counted what they open and where they click."""
    for person in _people(session, of):
        measuring.say(
            session,
            person.id,
            wanted=wanted,
            how=said.how,
            now=said.now,
            source=of.source,
            address=said.address,
        )


def _people(session: Session, of: Recipient) -> list[Customer]:
    """Who is still in the book: the customer, or the one they were merged into, and others with the same address."""
    merged = select(Customer.merged_into).where(Customer.id == of.customer_id).scalar_subquery()
    same_address = Customer.email_key == of.address if of.address else Customer.id.is_(None)
    meant = or_(Customer.id == of.customer_id, Customer.id == merged, same_address)
    return list(session.scalars(select(Customer).where(meant, Customer.deleted_at.is_(None))))


def _wants(session: Session, person: Customer, of: Recipient, kind: MessageType) -> bool:
    return not person.marketing_opt_out and not _said_no(session, person, of, kind)


def _said_no(session: Session, person: Customer, of: Recipient, scope: str) -> bool:
    if scope == EVERY_TYPE:
        return person.marketing_opt_out
    return preferences.allows(session, person.id, of.channel, scope) is False


def _write(session: Session, of: Recipient, person: Customer, scope: str, allowed: bool, said: Said) -> None:
    write = consent.grant if allowed else consent.withdraw
    write(
        session,
        person.id,
        of.channel,
        scope,
        how=said.how,
        now=said.now,
        source=of.source,
        address=said.address,
        words=said.words,
    )


def _held_back(session: Session, of: Recipient) -> set[str]:
    """Kinds that are not sent to the address, whoever has it."""
    if not of.address:
        return set(CONSENTED)
    found = set(session.scalars(select(Suppression.scope).where(_about(of))))
    return set(CONSENTED) if EVERY_TYPE in found else found


def _is_barred(session: Session, of: Recipient) -> bool:
    """Kept out for more than their own unsubscribing: a complaint, say. That is taken back in the shop, face to face."""
    if not of.address:
        return True
    other = select(Suppression.id).where(_about(of), Suppression.reason != OWN_WORD)
    return session.scalar(other.limit(1)) is not None


def _about(of: Recipient) -> ColumnElement[bool]:
    mark = suppressions.fingerprint(of.address or "")
    return and_(Suppression.channel == of.channel, Suppression.address_hash == mark)


def _hold_back(session: Session, of: Recipient, scope: str, said: Said) -> None:
    """Nobody in the book has the address any more; should it come back some day, the no is still known."""
    wanted = CONSENTED if scope == EVERY_TYPE else [MessageType(scope)]
    going = [kind for kind in wanted if kind not in _held_back(session, of)]
    if not going or not of.address:
        return
    mark = suppressions.fingerprint(of.address)
    for kind in going:
        suppressions.suppress(session, of.channel, mark, reason=OWN_WORD, now=said.now, scope=kind)
    session.add(
        Consent(
            address_hash=mark,
            channel=of.channel,
            message_type=scope,
            allowed=False,
            at=said.now,
            how=said.how,
            source=of.source,
            wording_id=wordings.number(session, said.words, now=said.now) if said.words else None,
            address=said.address,
        )
    )
