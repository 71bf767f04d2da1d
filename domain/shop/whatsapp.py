"""The shop's number on WhatsApp: what lets the shop in, what the platform told of it, and whether it works.

Without an account everything goes to the twin that runs inside Handbill, and nothing leaves this computer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, Text, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.config import config
from data.graph import Access
from domain.refusal import Refusal
from domain.shop import provider_keys, whatsapp_practice, whatsapp_reach
from domain.shop.limits import Grant, Limits
from domain.shop.shop import read as read_shop

NAME: Final = "whatsapp"  # of its keys among those of the providers
PRACTICE: Final = "Practice WhatsApp"
ACCOUNT: Final = -1  # among the accounts that have limits: those of mail are 0 and more
PER_SECOND: Final = 80  # messages
SHARED: Final = 20  # where the number is in use in the app on a telephone as well
LEAST_REACH: Final = 250  # people in 24 hours, where the platform has not told the shop's
ONLY: Final = 1
NEEDED: Final = ("phone_number_id", "business_account_id", "access_token")
TIER: Final = re.compile(r"TIER_(\d{1,6})(K|M)?")
TIMES: Final = {None: 1, "K": 1_000, "M": 1_000_000}


class ExactLimits(Limits):
    """The platform counts exactly and answers at once, so the answers are waited for, and what came late is made up for.

    What was not answered within `journey` has arrived, or never will: its sender has died.
    """

    __slots__ = ()
    journey, spread, hurry = timedelta(seconds=3), timedelta(seconds=0.9), 8


class WhatsAppNumber(Base):
    """One row, or none before anything was looked up."""

    __tablename__ = "whatsapp_numbers"

    id: Mapped[int] = mapped_column(primary_key=True)
    phone_number_id: Mapped[str] = mapped_column(String(40), default="")
    practice: Mapped[bool] = mapped_column(default=False)
    shown: Mapped[str] = mapped_column(String(40), default="")  # the number as people read it
    name: Mapped[str] = mapped_column(String(200), default="")  # what people see above a message
    quality: Mapped[str] = mapped_column(String(20), default="")  # GREEN, YELLOW, RED, UNKNOWN
    tier: Mapped[str] = mapped_column(String(30), default="")  # TIER_250, ..., TIER_UNLIMITED
    status: Mapped[str] = mapped_column(String(30), default="")  # CONNECTED, FLAGGED, RESTRICTED, ...
    per_second: Mapped[int] = mapped_column(default=PER_SECOND)
    resting_until: Mapped[datetime | None] = mapped_column(Instant)
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(Text, default="")
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    synced_at: Mapped[datetime | None] = mapped_column(Instant)  # its templates
    sync_error: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def limits(self) -> Limits:
        return ExactLimits(per_second=self.per_second)

    @property
    def reach(self) -> int | None:
        """Different people in 24 hours; None: as many as one likes."""
        return reach_of(self.tier)


@dataclass(frozen=True, slots=True)
class Route:
    """The one way there is."""

    access: Access
    name: str
    limits: Limits
    account_id: int = ACCOUNT


def is_connected(session: Session) -> bool:
    return provider_keys.kept(session, NAME) is not None


def access(session: Session) -> Access:
    """Of the shop's own account, or of the twin. Raises Refusal where neither can be used."""
    row = provider_keys.kept(session, NAME)
    return access_with(provider_keys.opened(row)) if row is not None else _practice(session)


def access_with(keys: Mapping[str, str]) -> Access:
    missing = next((one for one in NEEDED if not keys.get(one)), None)
    if missing is not None:
        raise Refusal("no_key", "WhatsApp is not connected yet. See Settings, WhatsApp.", field=missing)
    return Access(
        config().whatsapp_api_url,
        keys["phone_number_id"],
        keys["business_account_id"],
        keys["access_token"],
    )


def routes(session: Session) -> Sequence[Route]:
    """Raises Refusal where there is none."""
    row = number(session)
    limits = row.limits if row is not None else ExactLimits(per_second=PER_SECOND)
    name = (row.shown if row is not None else "") or (NAME if is_connected(session) else PRACTICE)
    return [Route(access(session), name, limits)]


def number(session: Session) -> WhatsAppNumber | None:
    return session.get(WhatsAppNumber, ONLY)


def kept(session: Session, *, now: datetime) -> WhatsAppNumber:
    """To write into. Another account or another mode begins anew: it has other templates, and has written to nobody."""
    here = access(session)
    practice = not is_connected(session)
    row = number(session)
    if row is not None and (row.phone_number_id, row.practice) != (here.number_id, practice):
        forget(session)
        row = None
    if row is None:
        row = WhatsAppNumber(
            id=ONLY, phone_number_id=here.number_id, practice=practice, per_second=PER_SECOND, updated_at=now
        )
        session.add(row)
        session.flush()
    return row


def forget(session: Session) -> None:
    """What was learned of a number that is no longer the shop's."""
    session.execute(delete(WhatsAppNumber))
    session.expire_all()
    whatsapp_reach.forget_all(session)


def note_facts(session: Session, facts: Mapping[str, Any], *, now: datetime) -> WhatsAppNumber:
    """As the platform told them."""
    row = kept(session, now=now)
    row.shown, row.name = _text(facts, "display_phone_number", 40), _text(facts, "verified_name", 200)
    row.quality, row.status = _text(facts, "quality_rating", 20), _text(facts, "status", 30)
    told = _text(facts, "whatsapp_business_manager_messaging_limit", 30)
    row.tier = told or _text(facts, "messaging_limit_tier", 30) or row.tier
    if facts.get("is_on_biz_app") is True:
        row.per_second = min(row.per_second, SHARED)
    row.checked_at = row.updated_at = now
    session.flush()
    return row


def rest(session: Session, sentence: str, *, until: datetime, now: datetime) -> None:
    row = number(session)
    if row is not None:
        row.resting_until, row.last_error, row.updated_at = until, sentence, now


def note_success(session: Session, *, now: datetime) -> None:
    row = number(session)
    if row is not None:
        row.last_success_at, row.last_error, row.resting_until = now, "", None


def room(session: Session, *, now: datetime) -> Grant | None:
    """How many more people may be written to within the day. None: as many as one likes."""
    most = reach(session)
    return None if most is None else whatsapp_reach.room(session, most, now=now)


def turns(session: Session, addresses: Sequence[str], *, now: datetime) -> dict[str, Grant]:
    return whatsapp_reach.turns(session, addresses, reach(session), now=now)


def reach(session: Session) -> int | None:
    row = number(session)
    return row.reach if row is not None else LEAST_REACH


def reach_of(tier: str) -> int | None:
    """Of the platform's word: TIER_250, TIER_2K, TIER_UNLIMITED. What nobody told is the least there is."""
    if "UNLIMITED" in tier.upper():
        return None
    found = TIER.fullmatch(tier.upper())
    return int(found[1]) * TIMES[found[2]] if found else LEAST_REACH


def _text(facts: Mapping[str, Any], name: str, most: int) -> str:
    found = facts.get(name)
    return found.strip()[:most] if isinstance(found, str) else ""


def _practice(session: Session) -> Access:
    """The twin's keys are no secret: whoever can reach it sits at this computer."""
    port = read_shop(session).practice_whatsapp_port
    if port is None:
        raise Refusal("twin_off", "The practice WhatsApp is not running. Start Handbill and try again.")
    keys = whatsapp_practice.as_keys()
    return Access(
        f"http://127.0.0.1:{port}",
        keys["phone_number_id"],
        keys["business_account_id"],
        keys["access_token"],
    )
