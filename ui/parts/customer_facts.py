"""What is known about one customer, gathered in one look and put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.audience import audience as audiences
from domain.audience.audience import Audience, Who
from domain.audience.reach import EMAIL_REACH
from domain.book import customers, statuses
from domain.book.consent import MessageType
from domain.book.days import LEAP, Day
from domain.book.person import Customer
from domain.shop.shop import read as read_shop
from ui.parts.customer_form import LANGUAGES
from ui.words import MESSAGE_TYPE, day

TROUBLE: Final = {
    "bounced": (
        "Mail to this address came back",
        "Nobody writes to {email} until the address is corrected.",
    ),
    "complained": (
        "A message to this address was reported as unwanted",
        "Nobody writes to {email} any more. Ask in person before you change that.",
    ),
    "invalid": (
        "This address can’t be written to",
        "Nobody writes to {email} until the address is corrected.",
    ),
}
SOURCE: Final = {
    "typed": "Added by hand",
    "import": "From an imported list",
    "api": "From another program",
    "sample": "Came with the sample shop",
}
DATE: Final = {
    "birthday": "Birthday",
    "wedding": "Wedding day",
    "engagement": "Engagement",
    "name_day": "Name day",
    "custom": "Special day",
}
Wish = tuple[str, bool, str]  # kind of message, whether it may go, why not


@dataclass(frozen=True)
class Known:
    id: int
    name: str
    sub: str
    status: str
    is_active: bool
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    notes: str
    trouble: tuple[str, str] | None
    opted_out: str  # since when and how; empty when they have not
    wishes: tuple[Wish, ...]


def known(session: Session, customer_id: int, moment: datetime) -> Known:
    one = customers.get(session, customer_id)
    zone = read_shop(session).zone
    status = next((status for status in statuses.every(session) if status.key == one.status), None)
    wishes = _wishes(session, one, moment)
    return Known(
        id=one.id,
        name=one.shown_name,
        sub=_sub(one, zone),
        status=status.label if status else one.status,
        is_active=status.is_active if status else False,
        tags=tuple(tag.name for tag in one.tags),
        facts=tuple(_facts(one, zone)),
        notes=one.notes,
        trouble=_trouble(one),
        opted_out=_since(wishes) if one.marketing_opt_out else "",
        wishes=wishes,
    )


def day_in_words(day: Day) -> str:
    """Such as "17 May 1984", or "17 May" when nobody knows the year."""
    return f"{day.day} {date(LEAP, day.month, 1):%B}" + (f" {day.year}" if day.year else "")


def _sub(one: Customer, zone: ZoneInfo) -> str:
    company = one.company if one.company != one.shown_name else ""
    return " · ".join(filter(None, [company, f"Last active {_day(one.active_at, zone)}"]))


def _facts(one: Customer, zone: ZoneInfo) -> Sequence[tuple[str, str]]:
    dates = sorted(one.dates, key=lambda row: (row.month, row.day))
    said = [(DATE.get(row.kind, row.kind), _dated(row.as_day, row.note)) for row in dates]
    own = [(name.replace("_", " ").capitalize(), str(value)) for name, value in sorted(one.attrs.items())]
    language = LANGUAGES.get(one.language, one.language) if one.language else ""
    return [
        ("Email", one.email or "No email address"),
        ("Phone", one.phone or "No phone number"),
        *([("Company", one.company)] if one.company else []),
        *said,
        *([("Language", language)] if language else []),
        *own,
        ("Added", f"{_day(one.created_at, zone)}. {SOURCE.get(one.source, one.source)}."),
    ]


def _dated(day: Day, note: str) -> str:
    return f"{day_in_words(day)}, {note}" if note else day_in_words(day)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return day(at.astimezone(zone).date())


def _trouble(one: Customer) -> tuple[str, str] | None:
    if not one.email_trouble:
        return None
    title, body = TROUBLE.get(one.email_trouble, TROUBLE["invalid"])
    return title, body.format(email=one.email or "this address")


def _wishes(session: Session, one: Customer, moment: datetime) -> tuple[Wish, ...]:
    """Asked as the launch asks it, so that the page and the send never differ."""
    return tuple((MESSAGE_TYPE[kind], *_wish(session, one.id, kind, moment)) for kind in MessageType)


def _wish(session: Session, customer_id: int, kind: MessageType, moment: datetime) -> tuple[bool, str]:
    alone = Audience(Who.MANUAL, customer_ids=(customer_id,))
    verdict = audiences.explain(session, alone, EMAIL_REACH, kind, customer_id, now=moment)
    return verdict.included, verdict.sentence


def _since(wishes: Sequence[Wish]) -> str:
    """The sentence of the kind that is left out because of it; a missing address may hide it."""
    said = next(
        (sentence for _, included, sentence in wishes if not included and sentence.startswith("Opted")), ""
    )
    return said or "Opted out."
