"""What the sample shop keeps beside its people: lists, categories, names of staff, and a few stories that are not over yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.book import categories, groups, staff
from domain.book.categories import Category
from domain.book.person import Customer, CustomerDate
from domain.book.record import CustomerRecord
from domain.sample_people import SOURCE, Happened, Plot
from domain.shop.people import Actor

FAIR, TRADE = "Bridal fair", "Trade customers"
JEWELLERY: Final = "Jewellery"
UNDER_JEWELLERY: Final = ("Rings", "Necklaces", "Earrings", "Bracelets")
ANNIVERSARY_EVERY, AT_THE_FAIR_EVERY = 37, 13
REPAIRS_READY, CARDS_ENDING, PLACES_AHEAD = 6, 4, 5
LONG_ENOUGH: Final = timedelta(days=400)


def add_stories(plot: Plot, people: Sequence[Customer], earned: Sequence[Happened]) -> None:
    """Nothing here is drawn by lot, so that each of Handbill's own segments always finds somebody."""
    for number, person in enumerate(people):
        if number % ANNIVERSARY_EVERY == 3:
            _wedding_soon(plot, person, 1 + number % 28)
    _repairs_ready(plot, people, earned)
    _cards_ending(plot, people, earned)
    _places_ahead(plot, earned)
    for person, happened in zip(people, earned, strict=True):
        past = [one.starts_at for one in happened.records if one.starts_at <= plot.now]
        person.active_at = max([person.active_at, *past])


def keep_lists(
    session: Session, people: Sequence[Customer], earned: Sequence[Happened], *, by: Actor, now: datetime
) -> None:
    """Lists stay when the sample people leave, as templates do."""
    found = groups.named(session, [FAIR, TRADE], by=by, now=now)
    fair = [person.id for number, person in enumerate(people) if number % AT_THE_FAIR_EVERY == 4]
    groups.add_members(session, found[FAIR], fair, by=by, now=now)
    trade = [person.id for person in people if person.company]
    groups.add_members(session, found[TRADE], trade, by=by, now=now)
    _keep_words(session, [record for happened in earned for record in happened.records])


def _keep_words(session: Session, records: list[CustomerRecord]) -> None:
    """Under the keys that the shop's own lists may have already."""
    known = categories.keys_of(session, sorted({one.category for one in records} | {JEWELLERY}))
    names = staff.keys_of(session, sorted({one.staff for one in records}))
    for record in records:
        record.category = known.get(record.category, "")
        record.staff = names.get(record.staff, "")
    for category in session.scalars(
        select(Category).where(Category.key.in_([known[one] for one in UNDER_JEWELLERY]))
    ):
        category.parent_key = category.parent_key or known[JEWELLERY]
    session.flush()


def _wedding_soon(plot: Plot, person: Customer, days: int) -> None:
    person.dates = [day for day in person.dates if day.kind != "wedding"]
    soon = (plot.now + timedelta(days=days)).date()
    year = plot.now.year - 2 - days
    person.dates.append(CustomerDate(kind="wedding", month=soon.month, day=soon.day, year=year, note=""))


def _repairs_ready(plot: Plot, people: Sequence[Customer], earned: Sequence[Happened]) -> None:
    for number, happened in _some(people, earned, plot.now, REPAIRS_READY, timedelta(days=20)):
        repair = _record(plot, "repair", "Chain soldered", plot.now - timedelta(days=7 + number), "Workshop")
        repair.ends_at, repair.status = plot.now - timedelta(days=1 + number % 5), "active"
        repair.amount, repair.currency = 45_00, plot.currency
        happened.records.append(repair)
        happened.tags.add("repairs")


def _cards_ending(plot: Plot, people: Sequence[Customer], earned: Sequence[Happened]) -> None:
    for number, happened in _some(people, earned, plot.now, CARDS_ENDING, LONG_ENOUGH):
        card = _record(plot, "pass", "Gift card", plot.now - timedelta(days=360 - number), "")
        card.ends_at, card.status, card.uses_left = plot.now + timedelta(days=6 + 5 * number), "active", 1
        card.amount, card.currency = 100_00, plot.currency
        happened.records.append(card)


def _places_ahead(plot: Plot, earned: Sequence[Happened]) -> None:
    for number in range(PLACES_AHEAD):
        at = plot.now + timedelta(days=4 + 3 * number)
        place = _record(plot, "workshop", "Stringing pearls", at, "")
        place.ends_at, place.status = at + timedelta(hours=3), "active"
        place.mode = "online" if number % 2 else "in_store"
        place.amount, place.currency = 65_00, plot.currency
        earned[100 + 17 * number].records.append(place)


def _some(
    people: Sequence[Customer], earned: Sequence[Happened], now: datetime, most: int, known_for: timedelta
) -> list[tuple[int, Happened]]:
    """The first who have been customers for long enough."""
    fit = [one for person, one in zip(people, earned, strict=True) if now - person.created_at > known_for]
    return list(enumerate(fit[10 : 10 + most]))


def _record(plot: Plot, kind: str, title: str, at: datetime, category: str) -> CustomerRecord:
    return CustomerRecord(
        kind=kind,
        title=title,
        category=category,
        staff="Wes" if kind == "repair" else "Sal",
        starts_at=at,
        source=SOURCE,
        created_at=min(at, plot.now),
    )
