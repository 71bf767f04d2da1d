"""The sample shop: a jeweller with three hundred customers, so that a new owner sees at once what Handbill does.

The same people come each time, but their birthdays, purchases and visits lie around the day the shop is opened.
Nobody real can get a message: every address is at a name that does not exist.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.audience.segments import Segment
from domain.book import consent, message_types, reach, records, statuses, suppressions, tags
from domain.book.person import Customer
from domain.message.templates import Template
from domain.refusal import Kind, Refusal
from domain.sample_book import add_stories, keep_lists
from domain.sample_letters import LETTERS, Letter
from domain.sample_people import SOURCE, WITHOUT_EMAIL, Happened, Plot, everybody, history, plain_letters
from domain.sending.campaigns import Campaign
from domain.shop import audit, shop
from domain.shop.people import Actor, Right

SEED = 1861
OPTED_OUT, BOUNCED, SUPPRESSED, NO_NEWSLETTER, NEWSLETTER, WHATSAPP = 20, 8, 3, 6, 60, 60
INVITED = 44
EVENING = "VIP evening"
CAME_ALONG = "Came with the sample shop"
CURRENCIES = {"GB": "GBP", "US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "CH": "CHF", "SE": "SEK", "DK": "DKK"}  # fmt: skip


def open_sample_shop(session: Session, *, by: Actor, now: datetime) -> None:
    """People, templates, a segment and a draft campaign. Refused when they are already there."""
    by.require(Right.MANAGE_SHOP)
    if _is_open(session):
        raise Refusal("already_there", "The sample customers are already in your book.", Kind.CONFLICT)
    statuses.ensure_usual(session)
    records.ensure_usual_kinds(session)
    currency = CURRENCIES.get(shop.read(session).country, "EUR")
    plot = Plot(random.Random(SEED), now, currency, statuses.keys(session))
    people = list(everybody(plot))
    earned = [history(plot, person) for person in people]
    add_stories(plot, people, earned)
    _invite(plot, people, earned)
    _tag(session, people, earned)
    session.add_all(people)
    session.flush()
    for person, happened in zip(people, earned, strict=True):
        _file(session, person, happened)
    keep_lists(session, people, earned, by=by, now=now)
    _troubles(session, plot, people)
    _agree_to_whatsapp(session, plot, people)
    _papers(session, by, now)
    audit.write(session, "sample.opened", by=by, now=now, after={"customers": len(people)})
    session.flush()


def remove_sample(session: Session, *, by: Actor, now: datetime) -> int:
    """The sample people leave the book; templates and drafts stay, for they may have been made the shop's own."""
    by.require(Right.MANAGE_SHOP)
    going = update(Customer).where(Customer.source == SOURCE, Customer.deleted_at.is_(None))
    gone = session.execute(
        going.values(deleted_at=now, updated_at=now, version=Customer.version + 1).returning(Customer.id)
    )
    count = len(gone.all())
    audit.write(session, "sample.removed", by=by, now=now, after={"customers": count})
    return count


def _is_open(session: Session) -> bool:
    there = select(Customer.id).where(Customer.source == SOURCE, Customer.deleted_at.is_(None)).limit(1)
    return session.scalar(there) is not None


def _invite(plot: Plot, people: list[Customer], earned: list[Happened]) -> None:
    """To the evening: some regulars, and by their places in the book also a few who can't or won't be written to."""
    for number in plot.chance.sample(range(len(people)), INVITED):
        earned[number].tags.add(EVENING)
    for number in (
        _first_opted_out(),
        _first_opted_out() + 1,
        _first_bounced(),
        len(people) - 1,
        len(people) - 2,
    ):
        earned[number].tags.add(EVENING)


def _tag(session: Session, people: list[Customer], earned: list[Happened]) -> None:
    names = sorted({name for happened in earned for name in happened.tags})
    known = {tag.name.casefold(): tag for tag in tags.named(session, names)}
    for person, happened in zip(people, earned, strict=True):
        person.tags = [known[name.casefold()] for name in sorted(happened.tags)]


def _file(session: Session, person: Customer, happened: Happened) -> None:
    for record in happened.records:
        record.customer_id = person.id
    session.add_all(happened.records)


def _first_opted_out() -> int:
    return 60


def _first_bounced() -> int:
    return _first_opted_out() + OPTED_OUT


def _troubles(session: Session, plot: Plot, people: list[Customer]) -> None:
    """Groups that don't overlap, so that the figures on the screen can be checked by hand."""
    groups = iter(people[_first_opted_out() :])
    for person in _some(groups, OPTED_OUT):
        _say_no(session, plot, person, message_types.EVERY_TYPE)
    for person in _some(groups, BOUNCED):
        reach.mark_address(session, person.id, "bounced")
    for person in _some(groups, SUPPRESSED):
        suppressions.suppress(
            session, "email", str(person.email_hash), reason="complained", now=_lately(plot, person)
        )
    for person in _some(groups, NO_NEWSLETTER):
        _say_no(session, plot, person, message_types.MessageType.NEWSLETTER)
    for person in _some(groups, NEWSLETTER):
        _say_yes(session, plot, person)
    _share_address(people[-WITHOUT_EMAIL - 2], people[-WITHOUT_EMAIL - 1])


def _agree_to_whatsapp(session: Session, plot: Plot, people: list[Customer]) -> None:
    """Every third of those with a number who want offers at all, so that there is somebody to practise with."""
    willing = [one for one in people if one.phone_key and one.first_name and not one.marketing_opt_out]
    for person in willing[::3][:WHATSAPP]:
        at, offers = _lately(plot, person), message_types.MessageType.MARKETING
        consent.grant(session, person.id, "whatsapp", offers, how=SOURCE, now=at, source=CAME_ALONG)


def _some(groups: Iterator[Customer], count: int) -> list[Customer]:
    return [next(groups) for _ in range(count)]


def _say_no(session: Session, plot: Plot, person: Customer, message_type: str) -> None:
    at = _lately(plot, person)
    consent.withdraw(session, person.id, "email", message_type, how=SOURCE, now=at, source=CAME_ALONG)


def _say_yes(session: Session, plot: Plot, person: Customer) -> None:
    at, newsletter = _lately(plot, person), message_types.MessageType.NEWSLETTER
    consent.grant(session, person.id, "email", newsletter, how=SOURCE, now=at, source=CAME_ALONG)


def _lately(plot: Plot, person: Customer) -> datetime:
    return plot.now - min(timedelta(days=plot.chance.randint(5, 400)), plot.now - person.created_at)


def _share_address(one: Customer, other: Customer) -> None:
    """A couple with one address between them."""
    other.last_name = one.last_name
    for person in (one, other):
        person.email = person.email_key = f"family@{plain_letters(one.last_name)}.example"
        person.email_hash = suppressions.fingerprint(person.email)


def _papers(session: Session, by: Actor, now: datetime) -> None:
    """Once: whoever removed the sample people and calls them back has the papers still."""
    first = (
        select(Template.id).where(Template.name == LETTERS[0].name, Template.deleted_at.is_(None)).limit(1)
    )
    if session.scalar(first):
        return
    letters = [_template(letter, by, now) for letter in LETTERS]
    session.add_all(letters)
    session.flush()
    session.add_all(_segments(by, now))
    session.add(_draft(letters[0], by, now))


def _template(letter: Letter, by: Actor, now: datetime) -> Template:
    return Template(**letter._asdict(), created_by=by.user_id, created_at=now, updated_at=now)


def _segments(by: Actor, now: datetime) -> list[Segment]:
    no_band = {"all": [{"tag": ["engagement"]}, {"not": {"tag": ["wedding bands"]}}]}
    regulars = {
        "all": [{"field": "status", "op": "in", "value": ["vip"]}, {"tag": ["gold", "diamonds", "pearls"]}]
    }
    named = [
        (
            "Engaged, no wedding band yet",
            "Bought an engagement ring from us and no wedding band so far.",
            no_band,
        ),
        ("VIPs who love fine jewellery", "The best customers, by what they buy.", regulars),
    ]
    return [
        Segment(name=name, note=note, rule=rule, created_by=by.user_id, created_at=now, updated_at=now)
        for name, note, rule in named
    ]


def _draft(letter: Template, by: Actor, now: datetime) -> Campaign:
    return Campaign(
        name="Christmas private viewing",
        message_type=message_types.MessageType.MARKETING,
        subject=letter.subject,
        preheader=letter.preheader,
        html_body=letter.html_body,
        template_id=letter.id,
        audience={"type": "tags", "tags": [EVENING]},
        created_by=by.user_id,
        created_by_name=by.name,
        created_at=now,
        updated_at=now,
    )
