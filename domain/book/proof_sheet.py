"""Everything the consent ledger knows of one person, to be put before them or before whoever asks for the proof."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.book import customers, measuring, preferences, wordings
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.suppressions import Suppression
from domain.shop import audit
from domain.shop.people import Actor, Right


@dataclass(frozen=True, slots=True)
class Line:
    """`shown`: the words they saw, or what an import was said to rest on; `other_card`: one that is part of theirs now."""

    said: Consent
    shown: str
    other_card: int | None


@dataclass(frozen=True, slots=True)
class ProofSheet:
    """The oldest line first: it is read as a story. `kept_out` are reasons why the address is not written to."""

    customer: Customer
    cards: list[int]
    states: list[Preference]
    is_measured: bool
    kept_out: list[Suppression]
    lines: list[Line]


def draw(session: Session, customer_id: int, *, by: Actor, now: datetime) -> ProofSheet:
    """It is in the audit log that somebody looked. Raises Refusal."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = customers.get(session, customer_id)
    merged = list(session.scalars(select(Customer).where(Customer.merged_into == customer_id)))
    cards = [customer, *merged]
    audit.write(session, "customer.proof_drawn", by=by, now=now, subject_id=customer_id)
    return ProofSheet(
        customer,
        sorted(card.id for card in merged),
        preferences.states(session, customer_id),
        measuring.is_wanted(session, customer_id),
        _kept_out(session, customer),
        _lines(session, customer_id, cards),
    )


def _lines(session: Session, customer_id: int, cards: list[Customer]) -> list[Line]:
    """Also what was said for their address while nobody in the book had it."""
    marks = [mark for card in cards for mark in _marks(card)]
    unowned = and_(Consent.customer_id.is_(None), Consent.address_hash.in_(marks))
    theirs = or_(Consent.customer_id.in_([card.id for card in cards]), unowned)
    lines = session.scalars(select(Consent).where(theirs).order_by(Consent.at, Consent.id)).all()
    shown = wordings.of(session, [line.wording_id for line in lines])
    return [
        Line(
            line,
            wordings.told(line.wording, shown.get(line.wording_id or 0, "")),
            None if line.customer_id in (customer_id, None) else line.customer_id,
        )
        for line in lines
    ]


def _marks(card: Customer) -> list[str]:
    """The codes under which their addresses are known."""
    return [mark for mark in (card.email_hash, card.phone_hash, card.wa_user_hash) if mark]


def _kept_out(session: Session, customer: Customer) -> list[Suppression]:
    about = Suppression.address_hash.in_(_marks(customer))
    return list(session.scalars(select(Suppression).where(about).order_by(Suppression.at)))
