"""What follows for the person: a dead address is not written to again, a complaint stops, and so does "unsubscribe".

Decided by the reason, never by a code alone. Nothing here is ever taken back by a later report, with one exception: an
address that was given a rest because too much came back, and that turns out to take mail.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from domain.audience.reach import EMAIL_REACH
from domain.book import consent, reach, suppressions
from domain.book.customers import Customer
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.results.incoming import IncomingEvent
from domain.results.matching import Known, lots
from domain.results.report import Kind, Report

DEAD, RESTING = "bounced", "unreachable"  # words of `customers.email_trouble`
# Three different messages that came back over two weeks or more, and none that arrived in between: a full mailbox that
# nobody empties, a server that is gone. A holiday is shorter, and a server's bad day too.
MANY, WEEKS = 3, timedelta(days=14)
EMAIL: Final = EMAIL_REACH.channel


class Told(Protocol):
    @property
    def report(self) -> Report: ...

    @property
    def known(self) -> Known | None: ...

    @property
    def address(self) -> str: ...


def draw(session: Session, facts: Sequence[Told], *, now: datetime) -> None:
    for address in sorted({one.address for one in facts if one.report.is_dead and one.address}):
        reach.mark_mailbox(session, EMAIL_REACH, address, DEAD)
    for one in facts:
        meant = one.report.because or one.report.kind
        if meant is Kind.COMPLAINT:
            _stop_for_good(session, one, now)
        elif meant is Kind.UNSUBSCRIBE:
            _withdraw(
                session, one, how="provider", now=now
            )  # who leaves there leaves all: it sends them nothing more
    _weigh(
        session,
        {one.address for one in facts if one.address and one.report.kind in (Kind.BOUNCE, Kind.DELIVERY)},
    )


def _stop_for_good(session: Session, fact: Told, now: datetime) -> None:
    """No marketing and no newsletter, neither now nor after an import. About operational mail only who complained of it."""
    is_about_service = fact.known is not None and not fact.known.message_type.needs_consent
    scopes = [str(kind) for kind in MessageType if kind.needs_consent] + [EVERY_TYPE] * is_about_service
    if fact.address:
        for scope in scopes:
            mark = suppressions.fingerprint(fact.address)
            suppressions.suppress(session, EMAIL, mark, reason="complained", now=now, scope=scope)
    _withdraw(session, fact, how="complaint", now=now)


def _withdraw(session: Session, fact: Told, *, how: str, now: datetime) -> None:
    same = Customer.email_key == fact.address if fact.address else Customer.id.is_(None)
    meant = (
        or_(same, Customer.id == fact.known.customer_id) if fact.known and fact.known.customer_id else same
    )
    source = f"dispatch {fact.known.dispatch_id}" if fact.known else fact.report.provider
    people = select(Customer).where(meant, Customer.deleted_at.is_(None), ~Customer.marketing_opt_out)
    for person in session.scalars(people):
        consent.withdraw(session, person.id, EMAIL, EVERY_TYPE, how=how, now=now, source=source)


def _weigh(session: Session, addresses: Iterable[str]) -> None:
    """Give an address a rest, or end it, by all that is known of it by now."""
    by_mark = {suppressions.fingerprint(address): address for address in addresses}
    for some in lots(by_mark):
        theirs = IncomingEvent.address_hash.in_(some), IncomingEvent.kind == Kind.BOUNCE
        often = (
            select(IncomingEvent.address_hash)
            .where(*theirs, IncomingEvent.address_hash.is_not(None))
            .group_by(IncomingEvent.address_hash)
            .having(func.count() >= MANY)
        )
        for mark in session.scalars(often).all():
            if mark is not None:
                _rest(session, by_mark[mark], is_given_up=_is_given_up(session, mark))


def _is_given_up(session: Session, mark: str) -> bool:
    of_it = select(IncomingEvent.at, IncomingEvent.delivery_id, IncomingEvent.event_id).where(
        IncomingEvent.address_hash == mark
    )
    arrived = [at for at, _, _ in session.execute(of_it.where(IncomingEvent.kind == Kind.DELIVERY))]
    since = max(arrived, default=None)
    came_back = [
        (at, number or event)
        for at, number, event in session.execute(of_it.where(IncomingEvent.kind == Kind.BOUNCE))
        if since is None or at > since
    ]
    if len({which for _, which in came_back}) < MANY:
        return False
    moments = [at for at, _ in came_back]
    return max(moments) - min(moments) >= WEEKS


def _rest(session: Session, address: str, *, is_given_up: bool) -> None:
    before, after = (None, RESTING) if is_given_up else (RESTING, None)
    there = EMAIL_REACH.address == address, EMAIL_REACH.trouble.is_(before) if before is None else EMAIL_REACH.trouble == before  # fmt: skip
    turned = update(Customer).where(*there).values({EMAIL_REACH.trouble: after})
    session.execute(turned.execution_options(synchronize_session=False))
