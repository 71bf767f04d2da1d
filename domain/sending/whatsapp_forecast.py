"""What is known of a send by WhatsApp before anybody presses Send: for how many there is room today, what it costs, who would
get nothing because a field of theirs is empty, and what the platform thinks of the template.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience.audience import Audience
from domain.audience.judging import EVERYBODY, Only, judge
from domain.audience.reach import WHATSAPP_REACH
from domain.book.customers import Customer
from domain.book.merging import values_of
from domain.channels import whatsapp as channel
from domain.channels.channel import Draft
from domain.ledger import windows
from domain.message import whatsapp_templates
from domain.message.whatsapp import FIELDS, OWN, Content, would_be_tidied
from domain.shop import whatsapp, whatsapp_prices, whatsapp_reach
from domain.shop.whatsapp_prices import Cost

LOT: Final = 1_000
NAMED: Final = 5
BEGINNING: Final = 5  # characters of a number that tell its country
USA: Final = ("+1", "US.")  # a number, or the id of somebody who shows none
BY_THEMSELVES: Final = "The others get theirs by themselves as soon as there is room again."
WHAT_IT_IS: Final = {
    "firstName": "first name",
    "lastName": "last name",
    "fullName": "name",
    "companyName": "company",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """People who would get nothing, because this field of theirs is empty and no word stands in for it."""

    field: str
    people: int
    names: tuple[str, ...]  # a few of them
    who: tuple[int, ...] = ()  # the same, by number


@dataclass(frozen=True, slots=True)
class Forecast:
    """`reach`: different people in 24 hours, None where that is no matter; `used` of them already."""

    people: int
    new: int  # not written to within the day
    reach: int | None
    used: int
    in_usa: int
    cost: Cost
    category: str
    template_quality: str
    number_quality: str
    missing: tuple[Missing, ...] = ()
    closed: int = 0  # people to whom free words can't be said: they have not written within 24 hours
    tidied: int = 0  # people one of whose values has line breaks or long runs of spaces
    doubts: tuple[str, ...] = ()

    @property
    def room(self) -> int:
        return self.new if self.reach is None else max(0, min(self.new, self.reach - self.used))

    @property
    def later(self) -> int:
        """How many have to wait for another day."""
        return self.new - self.room

    @property
    def days(self) -> int:
        """Over how many days it goes, today among them."""
        return 1 if self.reach is None or not self.later else 1 + -(-self.later // self.reach)


def forecast(
    session: Session,
    draft: Draft,
    audience: Audience,
    *,
    now: datetime,
    not_reached_by: int | None = None,
    only: Only = EVERYBODY,
) -> Forecast:
    """Raises Refusal where it can't be sent at all."""
    content = channel.compiled(session, draft)
    judged = judge(
        session,
        audience,
        WHATSAPP_REACH,
        draft.message_type,
        now=now,
        not_reached_by=not_reached_by,
        only=only,
    )
    by_address: dict[str, int] = {}
    recipients: Any = session.execute(judged.recipients())
    for customer_id, address in recipients:
        by_address.setdefault(address, customer_id)
    known = set(session.scalars(whatsapp_reach.known(now)))
    missing, tidied = _gaps(session, content, list(by_address.values()), draft.shop_name)
    row = whatsapp.number(session)
    template = whatsapp_templates.find(session, content.template, content.language)
    category = template.category if template else ""
    beginnings = Counter(address[:BEGINNING] for address in by_address)
    told = Forecast(
        people=len(by_address),
        new=len(by_address.keys() - known),
        reach=whatsapp.reach(session),
        used=len(known),
        in_usa=sum(address.startswith(USA) for address in by_address),
        cost=whatsapp_prices.cost(beginnings.items(), category),
        category=category,
        template_quality=template.quality if template else "",
        number_quality=row.quality if row else "",
        missing=missing,
        tidied=tidied,
        closed=_closed(session, list(by_address.values()), now) if content.words is not None else 0,
    )
    return replace(told, doubts=tuple(_doubts(told)))


def _closed(session: Session, people: list[int], now: datetime) -> int:
    there = set(session.scalars(windows.open_now(whatsapp.NAME, now=now)))
    return sum(one not in there for one in people)


def _gaps(
    session: Session, content: Content, people: list[int], shop_name: str
) -> tuple[tuple[Missing, ...], int]:
    who: dict[str, list[int]] = {}
    tidied = 0
    fields = [one.field for one in content.fillings if one.field]
    for number, person in _people(session, people if fields else []):
        person = {**person, "shopName": shop_name}
        for name in content.missing(person):
            who.setdefault(name, []).append(number)
        tidied += any(would_be_tidied(_value(person, name)) for name in fields)
    missing = [_missing(session, name, them) for name, them in who.items()]
    return tuple(missing), tidied


def _people(session: Session, numbers: list[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for at in range(0, len(numbers), LOT):
        yield from values_of(session, numbers[at : at + LOT]).items()


def _value(person: Mapping[str, Any], name: str) -> Any:
    if name.startswith(OWN):
        return (person.get("attrs") or {}).get(name.removeprefix(OWN))
    return person.get(FIELDS.get(name, name))


def _missing(session: Session, field: str, people: list[int]) -> Missing:
    few = select(Customer).where(Customer.id.in_(people[:NAMED])).order_by(Customer.id)
    rows = list(session.scalars(few))
    return Missing(field, len(people), tuple(one.shown_name for one in rows), tuple(one.id for one in rows))


def over_days(told: Forecast, today: str = "today", tomorrow: str = "tomorrow") -> str:
    """Such as "250 today and 160 tomorrow"; empty where all get it at once."""
    if not told.later:
        return ""
    now, days = told.people - told.later, told.days - 1
    rest = f"{told.later:,} {tomorrow}" if days == 1 else f"{told.later:,} over the {days} days after"
    return f"{now:,} {today} and {rest}" if now else f"to nobody {today} and {rest}"


def room_said(told: Forecast) -> str:
    """What the number reaches, and what this needs."""
    used = f", and {told.used:,} of them are used by now" if told.used else ""
    needs = f"this needs {told.people:,}"
    return f"Your number reaches {told.reach or 0:,} different people in 24 hours{used}; {needs}."


def _doubts(told: Forecast) -> Iterator[str]:
    """Worth a look; they stop nothing."""
    if told.later:
        yield f"{room_said(told)} Send {over_days(told)}? {BY_THEMSELVES}"
    if told.in_usa and told.category == "MARKETING":
        yield _of_the_usa(told.in_usa)
    if told.template_quality in ("RED", "YELLOW"):
        low = (
            "badly (red): it may be paused at any time"
            if told.template_quality == "RED"
            else "so-so (yellow)"
        )
        yield f"WhatsApp rates this template {low}. Write to fewer people who know you well, or choose another one."
    if told.number_quality == "RED":
        yield "WhatsApp rates your number badly (red), because people blocked or reported it lately."
    for one in told.missing:
        yield _nothing_for(one)
    if told.closed:
        have = "has" if told.closed == 1 else "have"
        yield (
            f"{_people_words(told.closed)} {have} not written to you within 24 hours and would get nothing: "
            "WhatsApp takes only a template for them."
        )
    if told.tidied:
        yield (
            f"For {_people_words(told.tidied)} a line break or a long run of spaces is taken out of what fills the template: "
            "WhatsApp takes none."
        )
    if told.cost.amount:
        day = told.cost.as_of
        yield f"WhatsApp charges {told.cost.words} for it, by its prices of {day.day} {day:%B %Y}."


def _of_the_usa(many: int) -> str:
    have = "has a number that begins" if many == 1 else "have numbers that begin"
    return f"{_people_words(many)} {have} with +1. By what resellers report, WhatsApp delivers no marketing to the USA at present."


def _nothing_for(one: Missing) -> str:
    names = ", ".join(one.names) + (" and others" if one.people > len(one.names) else "")
    return f"{without(one)}: {names}."


def without(one: Missing) -> str:
    """The sentence without the names."""
    return f"{_people_words(one.people)} would get nothing, because the field “{called(one.field)}” is empty"


def called(field: str) -> str:
    name = field.removeprefix(OWN)
    return WHAT_IT_IS.get(FIELDS.get(name, name), name.replace("_", " "))


def _people_words(many: int) -> str:
    return "1 person" if many == 1 else f"{many:,} people"
