"""Making up the people of the sample shop and what they bought: believable, and the same each time."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.book import suppressions
from domain.book.days import Day
from domain.book.person import Customer, CustomerDate
from domain.book.records import CustomerRecord
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
)  # fmt: skip

SOURCE = "sample"
HOW_MANY, NEW_ONES, WITHOUT_EMAIL = 300, 18, 14


@dataclass
class Plot:
    """What the three hundred have in common while they are made up."""

    chance: random.Random
    now: datetime
    currency: str
    statuses: list[str]


@dataclass
class Happened:
    """What a made-up person bought or had done, and the tags that come of it."""

    records: list[CustomerRecord]
    tags: set[str]


def everybody(plot: Plot) -> Iterator[Customer]:
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
        email_hash=suppressions.fingerprint(email) if email else None,
        phone=phone,
        phone_key=phone.replace(" ", "") or None,
        phone_hash=suppressions.fingerprint(phone.replace(" ", "")) if phone else None,
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
    name, family = plain_letters(first), plain_letters(last)
    if home:
        return f"{name}@{home[1]}"
    if chance.random() < 0.45:
        return f"{name}@{family}.example"
    return f"{name}.{family}@{chance.choice(MAIL_HOMES)}"


def plain_letters(name: str) -> str:
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


def history(plot: Plot, person: Customer) -> Happened:
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
        repair = _record(plot, "repair", title, _since(plot, person), category="Workshop")
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
