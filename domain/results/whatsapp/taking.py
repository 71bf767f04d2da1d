"""What follows from news by WhatsApp for the people in the book: what they wrote, what they wish, how they are found there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from domain.audience.reach import WHATSAPP_REACH
from domain.book import customers, suppressions
from domain.book.customers import Customer
from domain.book.whatsapp_numbers import spellings
from domain.ledger import received, second_tries, whatsapp_errors
from domain.ledger.causes import Cause
from domain.ledger.deliveries import REACHED, Delivery
from domain.refusal import Refusal
from domain.results.incoming import IncomingEvent
from domain.results.matching import Known, lots
from domain.results.report import Kind, Report
from domain.results.whatsapp import account, knowing, wishes
from domain.results.whatsapp.news import AccountNews, NewNumber, Spoken, TemplateNews, Tone, Wish
from domain.results.whatsapp.words import agrees, says
from domain.shop import whatsapp_words
from domain.shop.people import Actor, Role
from domain.shop.whatsapp_words import Words

DEAD: Final = "bounced"  # a word of `customers.whatsapp_trouble`
ANSWERS_FOR: Final = timedelta(days=3)  # a message that quotes none of ours answers the newest of that time
ALIVE: Final = (Kind.DELIVERY, Kind.OPEN, Kind.MESSAGE)
STRANGER: Final = "Somebody who is not in the book wrote to the shop by WhatsApp."
ELSEWHERE: Final = "to another number of the shop"
BY_ANOTHER_NUMBER: Final = "by another number of theirs"
CAME_IN: Final = "/settings/reports/events"
CHAT: Final = Actor(None, "WhatsApp", Role.MANAGER, via="whatsapp")


class Told(Protocol):
    @property
    def report(self) -> Report: ...

    @property
    def known(self) -> Known | None: ...

    @property
    def at(self) -> datetime: ...

    @property
    def address(self) -> str: ...


def draw(session: Session, facts: Sequence[Told], *, now: datetime) -> None:
    if not facts:
        return
    ours = [one for one in facts if not _is_elsewhere(one)]
    words = (
        whatsapp_words.read(session) if any(isinstance(one.report.about, Spoken) for one in facts) else None
    )
    for one in ours:
        _hear_a_no_by_another_number(session, one, words)
    changing = knowing.in_turn(ours)
    knowing.learn(session, [one for one in ours if one not in changing])
    for one in facts:
        about = one.report.about
        if one in changing:
            knowing.learn(session, [one])
        if _is_elsewhere(one):
            _hear_only_a_no(session, one, words)
        elif isinstance(about, Spoken) and words is not None:
            _hear(session, one, about, words, now)
        elif isinstance(about, Wish):
            _wish(session, one, about)
        elif isinstance(about, NewNumber):
            _move(session, one, about, now)
        elif isinstance(about, TemplateNews):
            account.template(session, about, now=now)
        elif isinstance(about, AccountNews):
            account.account(session, about, dispatch_id=one.known.dispatch_id if one.known else None, now=now)
        if one.report.because is Kind.UNSUBSCRIBE:
            wishes.say(session, _people(session, one), one.address, False, how="whatsapp_app", at=one.at, source=_source(one))  # fmt: skip
    _stop_what_nobody_gets(session, facts, now)
    _weigh(session, ours)


def _stop_what_nobody_gets(session: Session, facts: Sequence[Told], now: datetime) -> None:
    spoiled = {
        one.known.dispatch_id: whatsapp_errors.error(int(one.report.status))
        for one in facts
        if one.known and one.report.reason == Cause.TEMPLATE and one.report.status
    }
    for dispatch_id, error in spoiled.items():
        account.came_back(session, dispatch_id, error.sentence, now=now)


# What was told of another number of the business


def _is_elsewhere(fact: Told) -> bool:
    """A message of ours is ours, also by a number that the shop has given up since."""
    return fact.report.elsewhere and fact.known is None


def _hear_only_a_no(session: Session, fact: Told, words: Words | None) -> None:
    """Whoever stops the business there wants nothing of it here. A yes, and anything else, is said to that number alone."""
    if how := _no(fact, words):
        wishes.say(session, _people(session, fact), fact.address, False, how=how, at=fact.at, source=ELSEWHERE)  # fmt: skip


def _no(fact: Told, words: Words | None) -> str:
    """How it was said; empty where it was not."""
    about = fact.report.about
    if isinstance(about, Spoken) and words is not None and _wanted(about, words) is False:
        return "whatsapp_reply"
    is_no = fact.report.because is Kind.UNSUBSCRIBE or (isinstance(about, Wish) and not about.allowed)
    return "whatsapp_app" if is_no else ""


def _hear_a_no_by_another_number(session: Session, fact: Told, words: Words | None) -> None:
    """Before it is learned whose the id is now: whoever had it is the same human being, and wants nothing more."""
    keys, user = spellings(fact.report.address), fact.report.person
    if keys and user and (how := _no(fact, words)):
        had = and_(Customer.wa_user_id == user, Customer.phone_key.not_in(keys))
        wishes.say(session, _those(session, had), "", False, how=how, at=fact.at, source=BY_ANOTHER_NUMBER)


# What somebody wrote


def _hear(session: Session, fact: Told, about: Spoken, words: Words, now: datetime) -> None:
    people, number, at = _people(session, fact), fact.address, fact.at
    answered = fact.known.delivery_id if fact.known else _newest(session, people, fact)
    if agrees(about.words, words.join) and about.is_personal:
        people = people or _new(session, fact, about, now)
        wishes.welcome_back(session, {number, fact.report.person}, at)
        wishes.say(
            session, people, number, True, how="click_to_chat", at=at, source=about.words, words=words.wording
        )
    elif (wants := _wanted(about, words)) is False or (wants and about.is_personal):
        source = _send(session, answered) or f"“{about.words[:80]}”"
        wishes.say(session, people, number, wants, how="whatsapp_reply", at=at, source=source)
    if people:
        _keep(session, fact, about, people[0], answered)
    else:
        _tell_of_a_stranger(session, now)


def _wanted(about: Spoken, words: Words) -> bool | None:
    """None: it is a letter like any other."""
    if says(about.words, words.stop) or says(about.payload, words.stop):
        return False
    if says(about.words, words.start) or says(about.payload, words.start):
        return True
    return None


def _send(session: Session, delivery_id: int | None) -> str:
    """Which send was answered, in the words in which the proof names it."""
    delivery = session.get(Delivery, delivery_id) if delivery_id else None
    return f"dispatch {delivery.dispatch_id}" if delivery else ""


def _source(fact: Told) -> str:
    return f"dispatch {fact.known.dispatch_id}" if fact.known else ""


def _keep(session: Session, fact: Told, about: Spoken, person: Customer, answered: int | None) -> None:
    if fact.known is not None:
        second_tries.prove_arrival(session, fact.known.delivery_id, now=fact.at)  # whoever answers it has it
    received.keep(
        session,
        suppressions.fingerprint(fact.report.event_id)[:64],
        person.id,
        delivery_id=answered,
        subject="",
        words=about.words,
        day_began=fact.at - timedelta(days=1),
        now=fact.at,
        channel="whatsapp",
        note=about.note,
        opens_window=about.opens_window,
    )
    latest = update(Customer).where(Customer.id == person.id, Customer.active_at < fact.at)
    session.execute(latest.values(active_at=fact.at).execution_options(synchronize_session=False))


def _newest(session: Session, people: Sequence[Customer], fact: Told) -> int | None:
    if not people:
        return None
    newest = (
        select(Delivery.id)
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(
            Customer.id.in_([one.id for one in people]),
            Delivery.address_key == WHATSAPP_REACH.address,
            Delivery.state.in_(REACHED),
            Delivery.handed_at <= fact.at,
            Delivery.handed_at >= fact.at - ANSWERS_FOR,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    return session.scalar(newest)


def _new(session: Session, fact: Told, about: Spoken, now: datetime) -> list[Customer]:
    """Whoever joins by the link comes into the book by the name they have there, where need be without a number."""
    if not (fact.address or fact.report.person):
        return []
    number = next(iter(spellings(fact.report.address)), "")
    fields = {"first_name": about.name or "WhatsApp"} | ({"phone": number} if number else {})
    try:
        person = customers.create(session, fields, by=CHAT, now=now, source="chat")
    except Refusal:  # a number that the book does not take
        return []
    person.wa_user_id = fact.report.person or None
    person.wa_user_hash = suppressions.fingerprint(fact.report.person) if fact.report.person else None
    session.flush()
    return [person]


def _tell_of_a_stranger(session: Session, now: datetime) -> None:
    """What they wrote stands among what came in, where it can be found and taken away by their number."""
    account.tell(session, STRANGER, Tone.INFO, CAME_IN, now)


# What somebody did in the app


def _wish(session: Session, fact: Told, about: Wish) -> None:
    wishes.say(
        session, _people(session, fact), fact.address, about.allowed, how="whatsapp_app", at=fact.at, source="in WhatsApp itself"
    )  # fmt: skip


def _move(session: Session, fact: Told, about: NewNumber, now: datetime) -> None:
    """The id follows the person; the number in the book is the shop's to change."""
    if about.old_id and about.new_id:
        knowing.rename(session, about.old_id, about.new_id)
    people = _people(session, fact) if about.number else []
    if people:
        _keep(
            session,
            fact,
            Spoken(note=f"Another number on WhatsApp: {about.number}", opens_window=False),
            people[0],
            None,
        )
        link = f"/customers/{people[0].id}"
        account.tell(session, "A customer has another number on WhatsApp now.", Tone.INFO, link, now)


# How somebody is found


def _people(session: Session, fact: Told) -> list[Customer]:
    """Everybody in the book with that number; where there is nobody, by the id there; else whom we wrote to."""
    keys = spellings(fact.report.address)
    found = _those(session, Customer.phone_key.in_(keys)) if keys else []
    if not found and fact.report.person:
        home = select(func.coalesce(Customer.merged_into, Customer.id))
        found = _those(session, Customer.id.in_(home.where(Customer.wa_user_id == fact.report.person)))
    if not found and fact.known is not None and fact.known.customer_id is not None:
        mine = select(Customer.merged_into).where(Customer.id == fact.known.customer_id).scalar_subquery()
        found = _those(session, or_(Customer.id == fact.known.customer_id, Customer.id == mine))
    meant = fact.known.customer_id if fact.known else None
    return sorted(found, key=lambda one: (one.id != meant, one.id))


def _those(session: Session, which: ColumnElement[bool]) -> list[Customer]:
    there = select(Customer).where(which, Customer.deleted_at.is_(None))
    return list(session.scalars(there))


# Whether anybody is there


def _weigh(session: Session, facts: Sequence[Told]) -> None:
    """Where nobody could be reached, and none was heard of since, is not written to."""
    dead = {one.address for one in facts if one.report.is_dead and one.address}
    alive = {one.address for one in facts if one.report.kind in ALIVE and one.address}
    alive |= {one.report.person for one in facts if one.report.kind in ALIVE and one.report.person}
    for some in lots(alive - dead):
        theirs = or_(WHATSAPP_REACH.address.in_(some), Customer.wa_user_id.in_(some))
        marked = select(WHATSAPP_REACH.address).where(theirs, Customer.whatsapp_trouble.is_not(None))
        dead |= {key for key in session.scalars(marked) if key}
    for address in sorted(dead):
        _mark(session, address, DEAD if _is_dead(session, address) else None)


def _is_dead(session: Session, address: str) -> bool:
    ids = select(Customer.wa_user_id).where(WHATSAPP_REACH.address == address)
    known = {one for one in session.scalars(ids) if one}
    marks = {suppressions.fingerprint(one) for one in {address, *spellings(address), *known}}
    last = select(func.max(IncomingEvent.at)).where(IncomingEvent.address_hash.in_(marks))
    failed = session.scalar(last.where(IncomingEvent.reason == Cause.NOT_ON_WHATSAPP))
    heard = session.scalar(last.where(IncomingEvent.kind.in_(ALIVE)))
    return failed is not None and (heard is None or heard < failed)


def _mark(session: Session, address: str, trouble: str | None) -> None:
    where = WHATSAPP_REACH.address == address, WHATSAPP_REACH.trouble.is_not(trouble)
    marked = update(Customer).where(*where).values(whatsapp_trouble=trouble)
    session.execute(marked.execution_options(synchronize_session=False))
