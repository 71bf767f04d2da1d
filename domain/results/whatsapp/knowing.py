"""Who is meant by a number and by an id: what the platform tells of both is put together on the customers' cards.

An id belongs to one number at a time. Whoever came without a number gets the one that is told with their id, so that a person
who is found by both is written to once, and what they said by either counts for the other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from data.listed import listed
from domain.book import consent, preferences, suppressions
from domain.book.person import Customer
from domain.book.whatsapp_numbers import spellings
from domain.ledger.deliveries import Delivery, State
from domain.results.matching import Known
from domain.results.report import Report
from domain.results.whatsapp import wishes
from domain.shop import whatsapp_reach

CARRIED_OVER = "They had said no there before."


class Told(Protocol):
    @property
    def report(self) -> Report: ...

    @property
    def known(self) -> Known | None: ...


def learn(session: Session, facts: Sequence[Told]) -> None:
    """The platform's id of a person belongs to whoever has the number, or got the message."""
    named = [one for one in facts if one.report.person]
    if not named:
        return
    by_card = {
        one.known.customer_id: one.report.person for one in named if one.known and one.known.customer_id
    }
    by_number = {key: one.report.person for one in named for key in spellings(one.report.address)}
    numbers = {one.report.person: keys for one in named if (keys := spellings(one.report.address))}
    _number_the_nameless(session, numbers)
    for card in _cards(session, by_card, by_number):
        new = by_number.get(card.phone_key or "") or by_card.get(card.id)
        if new and (card.wa_user_id != new or not card.wa_user_hash):
            _name(session, card.id, new)
            _carry_noes(session, card.id, [card.phone_hash, suppressions.fingerprint(new)])
    _leave_others(session, numbers)
    session.expire_all()


def in_turn(facts: Sequence[Told]) -> list[Told]:
    """Of those who are told with several ids at once, each has to be learned just before what they said is heard."""
    told: dict[str, set[str]] = {}
    for one in facts:
        for key in spellings(one.report.address):
            told.setdefault(key, set()).add(one.report.person)
    several = {key for key, ids in told.items() if len(ids - {""}) > 1}
    return [one for one in facts if not several.isdisjoint(spellings(one.report.address))]


def rename(session: Session, old_id: str, new_id: str) -> None:
    """The same person, by another id."""
    values = {"wa_user_id": new_id, "wa_user_hash": suppressions.fingerprint(new_id)}
    renamed = update(Customer).where(Customer.wa_user_id == old_id).values(values)
    session.execute(renamed.execution_options(synchronize_session=False))
    session.expire_all()
    _readdress(session, old_id, new_id)


def _number_the_nameless(session: Session, numbers: Mapping[str, Sequence[str]]) -> None:
    """Cards that had nothing but the id."""
    without = select(Customer).where(
        Customer.wa_user_id.in_(listed(sorted(numbers))),
        Customer.phone_key.is_(None),
        Customer.deleted_at.is_(None),
    )
    for card in session.scalars(without) if numbers else ():
        told = numbers[card.wa_user_id or ""]
        number = _as_in_the_book(session, told)
        card.phone = card.phone_key = number
        card.phone_hash = suppressions.fingerprint(number)
        session.flush()
        _readdress(session, card.wa_user_id or "", number)
        _carry_noes(session, card.id, [card.phone_hash, card.wa_user_hash])


def _name(session: Session, customer_id: int, new: str) -> None:
    """Nothing that anybody edits: the card stays of the same version."""
    values = {"wa_user_id": new, "wa_user_hash": suppressions.fingerprint(new)}
    named = update(Customer).where(Customer.id == customer_id).values(values)
    session.execute(named.execution_options(synchronize_session=False))


def _as_in_the_book(session: Session, told: Sequence[str]) -> str:
    """Of several spellings of one number the one that stands on a card already."""
    there = select(Customer.phone_key).where(Customer.phone_key.in_(told)).limit(1)
    return session.scalar(there) or told[0]


def _cards(session: Session, by_card: Iterable[int], by_number: Iterable[str]) -> Sequence[Any]:
    which = or_(Customer.id.in_(listed(sorted(by_card))), Customer.phone_key.in_(listed(sorted(by_number))))
    columns = Customer.id, Customer.phone_key, Customer.phone_hash, Customer.wa_user_id, Customer.wa_user_hash
    return session.execute(select(*columns).where(which)).all()


def _leave_others(session: Session, numbers: Mapping[str, Collection[str]]) -> None:
    """Who had the id by another number has it no more."""
    for one, keys in numbers.items():
        others = Customer.wa_user_id == one, Customer.phone_key.is_not(None), Customer.phone_key.not_in(keys)
        left = update(Customer).where(*others).values(wa_user_id=None, wa_user_hash=None)
        session.execute(left.execution_options(synchronize_session=False))


def _carry_noes(session: Session, customer_id: int, marks: Sequence[str | None]) -> None:
    """What was said while nobody in the book had this id, or this number."""
    held = wishes.kept_out(session, [mark for mark in marks if mark])
    for kind, at in held.items():
        if preferences.allows(session, customer_id, wishes.CHANNEL, kind) is None:
            consent.withdraw(
                session, customer_id, wishes.CHANNEL, kind, how="whatsapp_reply", now=at, source=CARRIED_OVER
            )


def _readdress(session: Session, old: str, new: str) -> None:
    """What waits to go out, and whom the day's count has; where the new one is there already, the old one goes."""
    waiting = update(Delivery).where(
        Delivery.address_key == old, Delivery.state.in_((State.QUEUED, State.DEFERRED))
    )
    moved = waiting.prefix_with("OR IGNORE").values(address_key=new)
    session.execute(moved.execution_options(synchronize_session=False))
    whatsapp_reach.move(session, old, new)
