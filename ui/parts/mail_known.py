"""The mail accounts as a page shows them; a password never comes here."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from data.database import now, reading
from data.mail_account import Security
from domain.shop import mail
from domain.shop import shop as shops
from domain.shop.limits import Limits
from domain.shop.mail import MailSettings
from ui.words import number, when

IN_SHORT = {
    "per_second": "a second",
    "per_hour": "an hour",
    "per_day": "a day",
    "per_connection": "on one connection",
}


@dataclass(frozen=True)
class Known:
    """`id` is None for one that is not saved yet."""

    id: int | None = None
    name: str = ""
    host: str = ""
    port: int = 587
    security: str = Security.STARTTLS
    username: str = ""
    has_password: bool = False
    limits: Limits = field(default_factory=Limits)
    state: str = "Not used yet"
    tone: str = "mute"
    story: str = ""
    rests: bool = False
    troubled: bool = False

    @property
    def label(self) -> str:
        return self.name or self.host


def known_accounts() -> list[Known]:
    """In the order in which they are used."""
    moment = now()
    with reading() as session:
        zone = shops.read(session).zone
        kept = mail.every(session)
        return [_known(one, zone, moment, alone=len(kept) == 1) for one in kept]


def limits_in_words(limits: Limits) -> str:
    """Such as "14 a second, 2,000 a day"; nothing where there are none."""
    given = asdict(limits)
    return ", ".join(f"{number(given[name])} {words}" for name, words in IN_SHORT.items() if given[name])


def _known(one: MailSettings, zone: ZoneInfo, moment: datetime, *, alone: bool) -> Known:
    state, tone, story = _standing(one, zone, moment, alone)
    return Known(
        one.id,
        one.name,
        one.host,
        one.port,
        one.security,
        one.username,
        bool(one.sealed_password),
        one.limits,
        state,
        tone,
        story,
        one.rests(moment),
        bool(one.last_error),
    )


def _standing(one: MailSettings, zone: ZoneInfo, moment: datetime, alone: bool) -> tuple[str, str, str]:
    """State, its tone, and the sentence to it. The only account is tried even while it should rest."""
    said = ended(one.last_error)
    if one.resting_until is not None and one.rests(moment) and not alone:
        until = clock(one.resting_until, zone, moment)
        return "Had trouble", "warn", f"{said} It rests until {until}.".strip()
    if said:
        return "Had trouble", "warn", f"{said} It is tried again with the next message."
    if one.last_success_at is not None:
        return "Works", "good", f"Last message taken: {when(one.last_success_at, zone, moment)}."
    return "Not used yet", "mute", "No message has gone out with it yet."


def ended(sentence: str) -> str:
    """What a mail server said often ends without a full stop."""
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."


def clock(moment: datetime, zone: ZoneInfo, present: datetime) -> str:
    """Only the time, as long as it is today."""
    told = when(moment, zone, present)
    return told.removeprefix("Today, ")
