"""The sample shop: a jeweller with three hundred customers, so that a new owner sees at once what Handbill does.

The same people come each time, but their birthdays, purchases and visits lie around the day the shop is opened.
Nobody real can get a message: every address is at a name that does not exist.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.audience.segments import Segment
from domain.book import consent, records, statuses, tags
from domain.book.days import Day
from domain.book.person import Customer, CustomerDate
from domain.book.records import CustomerRecord
from domain.message.templates import Template
from domain.refusal import Kind, Refusal
from domain.sample_letters import LETTERS, Letter
from domain.sample_names import (
    APPOINTMENTS,
    COMPANIES,
    GOODS,
    MAIL_HOMES,
    NOTES,
    PEOPLE,
    REPAIRS,
    RING_SIZES,
    STAFF,
    WORKSHOPS,
)
from domain.sending.campaigns import Campaign
from domain.shop import audit, shop
from domain.shop.people import Actor, Right

SEED = 1861
HOW_MANY, NEW_ONES, WITHOUT_EMAIL, OPTED_OUT, BOUNCED, SUPPRESSED, NO_NEWSLETTER = 300, 18, 14, 20, 8, 3, 6
INVITED = 44
SOURCE = "sample"
EVENING = "VIP evening"
CAME_ALONG = "Came with the sample shop"
CURRENCIES = {
    "GB": "GBP",
    "US": "USD",
    "CA": "CAD",
    "AU": "AUD",
    "NZ": "NZD",
    "CH": "CHF",
    "SE": "SEK",
    "DK": "DKK",
}


@dataclass
class Plot:
    """What the three hundred have in common while they are made up."""

    chance: random.Random
    now: datetime
    currency: str
    statuses: list[str]


def open_sample_shop(session: Session, *, by: Actor, now: datetime) -> None:
    """People, templates, a segment and a draft campaign. Refused when they are already there."""
    by.require(Right.MANAGE_SHOP)
    if session.scalar(
        select(Customer.id).where(Customer.source == SOURCE, Customer.deleted_at.is_(None)).limit(1)
    ):
        raise Refusal("already_there", "The sample customers are already in your book.", Kind.CONFLICT)
    statuses.ensure_usual(session)
    records.ensure_usual_kinds(session)
    currency = CURRENCIES.get(shop.read(session).country, "EUR")
    plot = Plot(random.Random(SEED), now, currency, statuses.keys(session))
    people = list(_people(plot))
    earned = [_history(plot, person) for person in people]
    _invite(plot, people, earned)
    _tag(session, people, earned)
    session.add_all(people)
    session.flush()
    for person, happened in zip(people, earned, strict=True):
        _file(session, person, happened)
    _troubles(session, plot, people)
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


@dataclass
class Happened:
    """What a made-up person bought or had done, and the tags that come of it."""

    records: list[CustomerRecord]
    tags: set[str]


def _people(plot: Plot) -> Iterator[Customer]:
    names = _names(plot.chance)
    for number in range(HOW_MANY):
        first, last = next(names)
        home = COMPANIES[number] if number < len(COMPANIES) else None
        yield _person(plot, number, first, last, home)


def _names(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Everybody once; the first lines are the more frequent ones."""
    taken: set[tuple[str, str]] = set()
    weights = [len(line[0]) for line in PEOPLE]
    while True:
        firsts, lasts = chance.choices(PEOPLE, weights)[0]
        name = (chance.choice(firsts.split()), chance.choice(lasts.split()))
        if name not in taken:
            taken.add(name)
            yield name


def _person(plot: Plot, number: int, first: str, last: str, home: tuple[str, str] | None) -> Customer:
    chance = plot.chance
    met = _met(plot, number)
    email = "" if HOW_MANY - number <= WITHOUT_EMAIL else _email(chance, first, last, home)
    phone = f"+44 7700 900{number:03}" if not email or chance.random() < 0.7 else ""
    person = Customer(
        first_name=first,
        last_name=last,
        company=home[0] if home else "",
        email=email,
        email_key=email or None,
        email_hash=consent.fingerprint(email) if email else None,
        phone=phone,
        phone_key=phone.replace(" ", "") or None,
        phone_hash=consent.fingerprint(phone.replace(" ", "")) if phone else None,
        status=_status(plot),
        marketing_opt_out=False,
        active_at=met,
        notes=chance.choice(NOTES) if chance.random() < 0.15 else "",
        attrs={"ring_size": chance.choice(RING_SIZES)} if chance.random() < 0.4 else {},
        source=SOURCE,
        created_at=met,
        updated_at=met,
    )
    person.dates = _days(plot, number)
    return person


def _met(plot: Plot, number: int) -> datetime:
    """Over three years, and a few of them lately."""
    longest = (
        timedelta(days=29) if HOW_MANY // 2 <= number < HOW_MANY // 2 + NEW_ONES else timedelta(days=3 * 365)
    )
    earliest = timedelta(hours=3) if longest.days < 30 else timedelta(days=31)
    return plot.now - earliest - (longest - earliest) * plot.chance.random()


def _email(chance: random.Random, first: str, last: str, home: tuple[str, str] | None) -> str:
    name, family = _ascii(first), _ascii(last)
    if home:
        return f"{name}@{home[1]}"
    if chance.random() < 0.45:
        return f"{name}@{family}.example"
    return f"{name}.{family}@{chance.choice(MAIL_HOMES)}"


def _ascii(name: str) -> str:
    spelled = name.lower().translate(
        {ord("ü"): "ue", ord("ö"): "oe", ord("ä"): "ae", ord("ø"): "o", ord("ł"): "l", ord("ı"): "i"}
    )
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isalnum())


def _status(plot: Plot) -> str:
    likely = {"customer": 66, "lead": 14, "vip": 11, "former": 9}
    return plot.chance.choices(plot.statuses, [likely.get(key, 1) for key in plot.statuses])[0]


def _days(plot: Plot, number: int) -> list[CustomerDate]:
    chance, days = plot.chance, []
    if number % 33 == 5:  # nine people with a birthday in the coming fortnight
        soon = (plot.now + timedelta(days=1 + number % 13)).date()
        days.append(_day("birthday", Day(soon.month, soon.day, chance.randint(1948, 2001))))
    elif chance.random() < 0.68:
        year = chance.randint(1944, 2004) if chance.random() < 0.7 else None
        some = date(2001, 1, 1) + timedelta(days=chance.randrange(365))
        days.append(_day("birthday", Day(some.month, some.day, year)))
    if chance.random() < 0.24:
        some = date(2001, 4, 1) + timedelta(days=chance.randrange(190))
        days.append(_day("wedding", Day(some.month, some.day, chance.randint(1979, plot.now.year - 1))))
    return days


def _day(kind: str, day: Day) -> CustomerDate:
    return CustomerDate(kind=kind, month=day.month, day=day.day, year=day.year, note="")


def _history(plot: Plot, person: Customer) -> Happened:
    happened = Happened([], set())
    if person.company:
        happened.tags.add("corporate")
    if person.status != "lead":
        _buy(plot, person, happened)
    _bring_in(plot, person, happened)
    _meet(plot, person, happened)
    past = [record.starts_at for record in happened.records if record.starts_at <= plot.now]
    person.active_at = max([person.active_at, *past])
    return happened


def _buy(plot: Plot, person: Customer, happened: Happened) -> None:
    for _ in range(plot.chance.choices((0, 1, 2, 3, 5), (14, 40, 26, 14, 6))[0]):
        title, category, low, high, tag = plot.chance.choice(GOODS)
        order = _record(plot, "order", title, _since(plot, person), category=category)
        _price(plot, order, low, high)
        happened.records.append(order)
        happened.tags.add(tag)
    if plot.chance.random() < 0.06:
        care = _record(plot, "subscription", "Care plan", _since(plot, person), status="active")
        happened.records.append(care)
    if plot.chance.random() < 0.05:
        card = _record(plot, "pass", "Gift card", _since(plot, person), status="active", uses_left=1)
        card.ends_at = card.starts_at + timedelta(days=730)
        happened.records.append(_price(plot, card, 50, 200))


def _bring_in(plot: Plot, person: Customer, happened: Happened) -> None:
    if plot.chance.random() < 0.2:
        title, low, high = plot.chance.choice(REPAIRS)
        repair = _record(plot, "repair", title, _since(plot, person), category="workshop")
        repair.ends_at = min(repair.starts_at + timedelta(days=plot.chance.randint(1, 12)), plot.now)
        happened.records.append(_price(plot, repair, low, high))
        happened.tags.add("repairs")


def _meet(plot: Plot, person: Customer, happened: Happened) -> None:
    """Some came to talk, some are about to; a few learn to make a ring themselves."""
    if plot.chance.random() < 0.12:
        ahead = plot.chance.random() < 0.35
        at = plot.now + timedelta(days=plot.chance.randint(1, 20)) if ahead else _since(plot, person)
        talk = _record(plot, "appointment", plot.chance.choice(APPOINTMENTS), at, mode="in_store")
        talk.status, talk.ends_at = "active" if ahead else "done", at + timedelta(minutes=45)
        happened.records.append(talk)
    if plot.chance.random() < 0.05:
        place = _record(
            plot, "workshop", plot.chance.choice(WORKSHOPS), _since(plot, person), mode="in_store"
        )
        place.ends_at = place.starts_at + timedelta(hours=3)
        happened.records.append(_price(plot, place, 65, 95))


def _since(plot: Plot, person: Customer) -> datetime:
    """Some moment between the first visit and now, while the shop is open."""
    share: float = plot.chance.random() ** 1.3
    moment = person.created_at + (plot.now - person.created_at) * share
    open_then = moment.replace(hour=plot.chance.randint(10, 17), second=0, microsecond=0)
    return min(max(open_then, person.created_at), plot.now)


def _record(
    plot: Plot,
    kind: str,
    title: str,
    at: datetime,
    *,
    category: str = "",
    status: str = "done",
    mode: str | None = None,
    uses_left: int | None = None,
) -> CustomerRecord:
    return CustomerRecord(
        kind=kind,
        title=title,
        category=category,
        staff=plot.chance.choice(STAFF),
        mode=mode,
        starts_at=at,
        status=status,
        uses_left=uses_left,
        source=SOURCE,
        created_at=min(at, plot.now),
    )


def _price(plot: Plot, record: CustomerRecord, low: int, high: int) -> CustomerRecord:
    record.amount, record.currency = plot.chance.randrange(low, high + 1, 5) * 100, plot.currency
    return record


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
        _say_no(session, plot, person, consent.EVERY_TYPE)
    for person in _some(groups, BOUNCED):
        consent.mark_address(session, person.id, "bounced")
    for person in _some(groups, SUPPRESSED):
        consent.suppress(
            session, "email", str(person.email_hash), reason="complained", now=_lately(plot, person)
        )
    for person in _some(groups, NO_NEWSLETTER):
        _say_no(session, plot, person, consent.MessageType.NEWSLETTER)
    _share_address(people[-WITHOUT_EMAIL - 2], people[-WITHOUT_EMAIL - 1])


def _some(groups: Iterator[Customer], count: int) -> list[Customer]:
    return [next(groups) for _ in range(count)]


def _say_no(session: Session, plot: Plot, person: Customer, message_type: str) -> None:
    at = _lately(plot, person)
    consent.withdraw(session, person.id, "email", message_type, how=SOURCE, now=at, source=CAME_ALONG)


def _lately(plot: Plot, person: Customer) -> datetime:
    return plot.now - min(timedelta(days=plot.chance.randint(5, 400)), plot.now - person.created_at)


def _share_address(one: Customer, other: Customer) -> None:
    """A couple with one address between them."""
    other.last_name = one.last_name
    for person in (one, other):
        person.email = person.email_key = f"family@{_ascii(one.last_name)}.example"
        person.email_hash = consent.fingerprint(person.email)


def _papers(session: Session, by: Actor, now: datetime) -> None:
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
        message_type=consent.MessageType.MARKETING,
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
