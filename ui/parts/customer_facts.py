"""What is known about one customer, gathered in one look and put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.audience import audience as audiences
from domain.audience.audience import Audience, Who
from domain.audience.reach import EMAIL_REACH, WHATSAPP_REACH
from domain.book import customers, groups, own_fields, statuses
from domain.book.days import LEAP, Day
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.reach import Reach
from domain.shop.shop import read as read_shop
from ui.parts.customer_dates import DATE
from ui.parts.customer_form import LANGUAGES
from ui.words import MESSAGE_TYPE, day

TROUBLE: Final = {
    "bounced": (
        "Mail to this address came back",
        "Nobody writes to {email} until the address is corrected.",
    ),
    "unreachable": (
        "For weeks, everything sent to this address came back",
        "Nobody writes to {email} until the address is corrected. Often a mailbox is full and nobody reads it any more.",
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
    "chat": "Came by a chat on WhatsApp",
}
CHANNEL: Final = {"email": "Email", "whatsapp": "WhatsApp", "phone": "A call", "post": "A letter"}
SOON: Final = 60  # days within which a date that comes back is counted down
YES_NO: Final = {"yes": "Yes", "no": "No"}
Wish = tuple[str, bool, str]  # kind of message, whether it may go, why not


@dataclass(frozen=True)
class Known:
    id: int
    name: str
    sub: str
    status: str
    is_active: bool
    tags: tuple[str, ...]
    groups: tuple[tuple[int, str], ...]
    facts: tuple[tuple[str, str], ...]
    dates: tuple[tuple[str, str], ...]  # the next one first
    own: tuple[tuple[str, str], ...]
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
        groups=tuple((group.id, group.name) for group in groups.of(session, one.id)),
        facts=tuple(_facts(one, zone)),
        dates=tuple(_dates(one, moment.astimezone(zone).date())),
        own=tuple(_own(one, own_fields.every(session))),
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
    language = LANGUAGES.get(one.language, one.language) if one.language else ""
    optional = [
        ("Company", one.company),
        ("Postcode", one.postcode),
        ("Language", language),
        ("Likes to hear by", CHANNEL.get(one.preferred_channel, one.preferred_channel)),
        ("Time zone", one.timezone),
    ]
    return [
        ("Email", one.email or "No email address"),
        ("Phone", _phone(one)),
        *((name, value) for name, value in optional if value),
        ("Added", f"{_day(one.created_at, zone)}. {SOURCE.get(one.source, one.source)}."),
    ]


def _phone(one: Customer) -> str:
    known = one.phone or ("On WhatsApp without a number" if one.wa_user_id else "No phone number")
    return f"{known}, not to be reached by WhatsApp" if one.whatsapp_key and one.whatsapp_trouble else known


def _own(one: Customer, fields: Sequence[own_fields.OwnField]) -> list[tuple[str, str]]:
    """The shop's fields in its order; then what came along from elsewhere and is no field yet."""
    attrs: Mapping[str, object] = one.attrs or {}
    known = [
        (field.label, _value(field, attrs[field.key]))
        for field in fields
        if attrs.get(field.key) not in (None, "")
    ]
    keys = {field.key for field in fields}
    stray = [
        (key.replace("_", " ").capitalize(), str(value))
        for key, value in sorted(attrs.items())
        if key not in keys
    ]
    return known + stray


def _value(field: own_fields.OwnField, value: object) -> str:
    text = str(value)
    if field.sort == "date":
        try:
            return day(date.fromisoformat(text))
        except ValueError:
            return text
    return YES_NO.get(text, text) if field.sort == "yes_no" else text


def _dates(one: Customer, today: date) -> list[tuple[str, str]]:
    """With how soon it comes back, where that is soon."""
    rows = sorted(one.dates, key=lambda row: _days_until(row.as_day, today))
    return [(DATE.get(row.kind, row.kind), _dated(row.as_day, row.note, today)) for row in rows]


def _dated(day: Day, note: str, today: date) -> str:
    said = f"{day_in_words(day)}, {note}" if note else day_in_words(day)
    left = _days_until(day, today)
    if left > SOON:
        return said
    soon = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
    years = (today + timedelta(left)).year - day.year if day.year else 0
    return f"{said} · {soon}{f', {years} years' if years > 0 else ''}"


def _days_until(day: Day, today: date) -> int:
    """29 February is kept on the 28th where there is none."""
    return min(
        left for year in (today.year, today.year + 1) if (left := (_in_year(day, year) - today).days) >= 0
    )


def _in_year(day: Day, year: int) -> date:
    try:
        return date(year, day.month, day.day)
    except ValueError:
        return date(year, day.month, day.day - 1)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return day(at.astimezone(zone).date())


def _trouble(one: Customer) -> tuple[str, str] | None:
    if not one.email_trouble:
        return None
    title, body = TROUBLE.get(one.email_trouble, TROUBLE["invalid"])
    return title, body.format(email=one.email or "this address")


def _wishes(session: Session, one: Customer, moment: datetime) -> tuple[Wish, ...]:
    """Asked as the launch asks it, so that the page and the send never differ."""
    by_mail = [
        (MESSAGE_TYPE[kind], *_wish(session, one.id, EMAIL_REACH, kind, moment)) for kind in MessageType
    ]
    asked = [kind for kind in MessageType if kind.needs_consent] if one.whatsapp_key else []
    there = [
        (f"{MESSAGE_TYPE[kind]} by WhatsApp", *_wish(session, one.id, WHATSAPP_REACH, kind, moment))
        for kind in asked
    ]
    return (*by_mail, *there)


def _wish(
    session: Session, customer_id: int, reach: Reach, kind: MessageType, moment: datetime
) -> tuple[bool, str]:
    alone = Audience(Who.MANUAL, customer_ids=(customer_id,))
    verdict = audiences.explain(session, alone, reach, kind, customer_id, now=moment)
    return verdict.included, verdict.sentence


def _since(wishes: Sequence[Wish]) -> str:
    """The sentence of the kind that is left out because of it; a missing address may hide it."""
    said = next(
        (sentence for _, included, sentence in wishes if not included and sentence.startswith("Opted")), ""
    )
    return said or "Opted out."
