"""What was only practised: it is written down like the rest, and stops counting once the shop has a number of its own.

On a practice phone somebody else presses for the customer. So a yes from there is no yes, a no from there keeps nobody out, and a
number that failed there is tried.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from data.whatsapp_twin import payloads
from domain.book import preferences, proof
from domain.book.message_types import EVERY_TYPE
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.book.suppressions import OWN_WORD, Suppression
from domain.ledger import windows
from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery
from domain.message import whatsapp_templates
from domain.results.incoming import IncomingEvent
from domain.sending.dispatches import Dispatch
from domain.shop import whatsapp, whatsapp_reach

CHANNEL: Final = "whatsapp"
DAY: Final = timedelta(hours=24)
BEFORE: Final = "practice_"  # how it was said: see `as_said`
HOWS: Final = {"whatsapp_reply": "reply", "whatsapp_app": "app", "click_to_chat": "chat"}


def as_said(session: Session, how: str) -> str:
    """The word for the proof: on a practice phone it is another one."""
    return how if whatsapp.is_connected(session) or how not in HOWS else f"{BEFORE}{HOWS[how]}"


def begin_anew(session: Session, *, was_practice: bool, now: datetime) -> None:
    """The shop writes by another number from here on: that one has other templates, and nobody has written to it.

    Whom the shop really wrote to within a day goes on counting: the platform counts them for the whole business.
    """
    whatsapp.forget(session)
    whatsapp_templates.forget_all(session)
    windows.close_all(session, CHANNEL)
    if whatsapp.is_connected(session):
        whatsapp_reach.remember(session, _written_to(session, now))
    if was_practice:
        _forget_ids(session)
        _take_back(session)
        _try_again(session)
    session.expire_all()


def _written_to(session: Session, now: datetime) -> dict[str, datetime]:
    lately = or_(Dispatch.finished_at.is_(None), Dispatch.finished_at > now - DAY)
    sends = select(Dispatch.id).where(Dispatch.channel == CHANNEL, ~Dispatch.practice, lately)
    theirs = (
        Delivery.dispatch_id.in_(sends),
        Delivery.handed_at > now - DAY,
        Delivery.address_key.is_not(None),
    )
    rows = (
        select(Delivery.address_key, func.max(Delivery.handed_at))
        .where(*theirs)
        .group_by(Delivery.address_key)
    )
    return {address: at for address, at in session.execute(rows) if address and at}


def _forget_ids(session: Session) -> None:
    theirs = Customer.wa_user_id.startswith(payloads.NOWHERE, autoescape=True)
    forgotten = update(Customer).where(theirs).values(wa_user_id=None, wa_user_hash=None)
    session.execute(forgotten.execution_options(synchronize_session=False))


def _take_back(session: Session) -> None:
    """What each of them wishes is what they said otherwise: the last of it, or nothing."""
    said = Consent.channel == CHANNEL, Consent.how.startswith(BEFORE, autoescape=True)
    lines = session.scalars(select(Consent).where(*said)).all()
    for customer_id in sorted({one.customer_id for one in lines if one.customer_id}):
        _recall(session, customer_id, {one.message_type for one in lines if one.customer_id == customer_id})
    for one in lines:
        if one.customer_id is None and not one.allowed:
            _let_in(session, one)


def _recall(session: Session, customer_id: int, kinds: Iterable[str]) -> None:
    person = _today(session, customer_id)
    if person is None:
        return
    meant = [
        one for one in proof.history(session, person.id) if one.channel == CHANNEL and not _is_practised(one)
    ]
    for kind in sorted(set(kinds) - {EVERY_TYPE}):
        last = max(
            (one for one in meant if one.message_type == kind), key=lambda one: (one.at, one.id), default=None
        )
        if last is not None:
            preferences.keep(session, person, CHANNEL, kind, last.allowed, last.at)
        else:
            preferences.forget(session, person.id, CHANNEL, kind)


def _today(session: Session, customer_id: int) -> Customer | None:
    found = session.get(Customer, customer_id)
    while found is not None and found.merged_into is not None:
        found = session.get(Customer, found.merged_into)
    return found


def _is_practised(line: Consent) -> bool:
    return line.how.startswith(BEFORE)


def _let_in(session: Session, line: Consent) -> None:
    """Somebody who is not in the book, or was not then."""
    theirs = delete(Suppression).where(
        Suppression.channel == CHANNEL,
        Suppression.address_hash == line.address_hash,
        Suppression.reason == OWN_WORD,
        Suppression.scope == line.message_type,
        Suppression.at == line.at,
    )
    session.execute(theirs.execution_options(synchronize_session=False))


def _try_again(session: Session) -> None:
    """Whose number failed in practice, and nowhere else."""
    failed = (
        IncomingEvent.provider == CHANNEL,
        IncomingEvent.reason == str(Cause.NOT_ON_WHATSAPP),
        IncomingEvent.address_hash == Customer.phone_hash,
    )
    practised = (
        select(Delivery.id).join(Dispatch, Dispatch.id == Delivery.dispatch_id).where(Dispatch.practice)
    )
    for_real = or_(IncomingEvent.delivery_id.is_(None), IncomingEvent.delivery_id.not_in(practised))
    in_practice = IncomingEvent.delivery_id.in_(practised)
    meant = (
        Customer.whatsapp_trouble.is_not(None),
        exists().where(*failed, in_practice),
        ~exists().where(*failed, for_real),
    )
    cleared = update(Customer).where(*meant).values(whatsapp_trouble=None)
    session.execute(cleared.execution_options(synchronize_session=False))
