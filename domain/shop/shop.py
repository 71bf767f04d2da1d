"""The shop itself: one row with its name, its address, its clock and its usual sender."""

import json
import secrets
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import String, Text, false, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.refusal import Kind, Refusal, invalid
from domain.shop import audit, colour, people, sending_rules, zones
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import USUALLY_MEASURED, Cap, Quiet

TEXT_FIELDS = {
    "name": 120,
    "postal_address": 500,
    "country": 2,
    "sender_name": 120,
    "sender_email": 320,
    "reply_to": 320,
}
REQUIRED = {
    "name": "Please give the shop's name.",
    "timezone": "Please choose the shop's time zone.",
}


USUALLY_KEPT: Final = 90  # days that deleted things can be put back
LONGEST_KEPT: Final = 3650
_USUAL = text(f"'{json.dumps(USUALLY_MEASURED)}'")


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120), default="")
    postal_address: Mapped[str] = mapped_column(Text, default="")
    country: Mapped[str] = mapped_column(String(2), default="GB")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    sender_name: Mapped[str] = mapped_column(String(120), default="")
    sender_email: Mapped[str] = mapped_column(String(320), default="")
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    ready: Mapped[bool] = mapped_column(default=False)  # the welcome pages are done
    quiet_from: Mapped[int | None]  # minutes after midnight on the shop's wall; marketing waits from here
    quiet_until: Mapped[int | None]  # to here, over midnight where this is the smaller one
    quiet_sundays: Mapped[bool] = mapped_column(default=False)
    cap_messages: Mapped[int | None]  # at most so many marketing messages to one person
    cap_days: Mapped[int | None]  # in so many days
    measured: Mapped[list[str]] = mapped_column(default=lambda: list(USUALLY_MEASURED), server_default=_USUAL)
    one_click_stops_all: Mapped[bool] = mapped_column(default=False, server_default=false())
    sign_up_open: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # for everybody, at /join
    colour: Mapped[str] = mapped_column(String(7), default="", server_default="")  # "#7a1f3d"; empty: ours
    purge_after: Mapped[int] = mapped_column(
        default=USUALLY_KEPT, server_default=str(USUALLY_KEPT)
    )  # days; 0: never by itself
    practice_port: Mapped[int | None]  # where Handbill's own mail catcher listens, while it runs
    practice_whatsapp_port: Mapped[int | None]  # and the WhatsApp of its own
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime | None] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def quiet(self) -> Quiet:
        return Quiet(self.quiet_from, self.quiet_until, bool(self.quiet_sundays))

    @property
    def cap(self) -> Cap | None:
        """None where the shop has set no limit."""
        return Cap(self.cap_messages, self.cap_days) if self.cap_messages and self.cap_days else None

    @property
    def may_send_marketing(self) -> bool:
        """The law asks for a postal address in every marketing message."""
        return bool(self.postal_address.strip())


def read(session: Session) -> Shop:
    """The one row. A look writes nothing: where nobody opened the shop yet, it is one without a name."""
    return session.get(Shop, 1) or _new("")


def kept(session: Session) -> Shop:
    """The row itself, made if need be, for whoever changes it."""
    shop = session.get(Shop, 1)
    if shop is None:
        shop = _new(secrets.token_hex(12))
        session.add(shop)
        session.flush()
    return shop


def change(session: Session, fields: dict[str, Any], *, by: Actor, now: datetime) -> Shop:
    """Change what is given; unknown fields are refused by name."""
    by.require(Right.MANAGE_SHOP)
    shop = kept(session)
    cleaned = checked(fields)
    sending_rules.require_pairs(
        {name: cleaned.get(name, getattr(shop, name)) for name in sending_rules.FIELDS}
    )
    before = {name: getattr(shop, name) for name in cleaned}
    for name, value in cleaned.items():
        setattr(shop, name, value)
    shop.updated_at = now
    audit.write(session, "shop.changed", by=by, now=now, before=before, after=cleaned)
    return shop


def open_doors(session: Session, *, by: Actor) -> None:
    """The welcome pages are done."""
    by.require(Right.MANAGE_SHOP)
    kept(session).ready = True


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(TEXT_FIELDS) - {"timezone"} - set(OF_ITS_OWN) - set(sending_rules.FIELDS)
    if unknown:
        raise Refusal(
            "unknown_field",
            f"There is no setting called {sorted(unknown)[0]}.",
            Kind.MALFORMED,
        )
    rules = sending_rules.checked(fields)
    rules |= {name: OF_ITS_OWN[name](name, value) for name, value in fields.items() if name in OF_ITS_OWN}
    cleaned = {name: _tidy(name, str(value or "")) for name, value in fields.items() if name not in rules}
    for name, sentence in REQUIRED.items():
        if name in cleaned and not cleaned[name]:
            raise invalid(name, sentence)
    for name in ("sender_email", "reply_to"):
        if cleaned.get(name):
            cleaned[name] = people.checked_email(cleaned[name], name)
    if "timezone" in cleaned:
        zones.known(cleaned["timezone"])
    if cleaned.get("country"):
        cleaned["country"] = cleaned["country"].upper()
    return cleaned | rules


def _new(public_id: str) -> Shop:
    nothing = dict.fromkeys(TEXT_FIELDS, "") | {"country": "GB", "timezone": "UTC"}
    return Shop(
        id=1,
        public_id=public_id,
        **nothing,
        ready=False,
        quiet_sundays=False,
        one_click_stops_all=False,
        sign_up_open=False,
        measured=list(USUALLY_MEASURED),
        colour="",
        purge_after=USUALLY_KEPT,
    )


def _tidy(name: str, value: str) -> str:
    keep = "\n" if name == "postal_address" else ""
    cleaned = "".join(c for c in value.replace("\r\n", "\n") if c.isprintable() or c in keep).strip()
    longest = TEXT_FIELDS.get(name, 64)
    if len(cleaned) > longest:
        raise invalid(name, f"This can have at most {longest} characters.")
    return cleaned


def _colour(name: str, value: Any) -> str:
    return colour.checked(name, str(value or ""))


def _days(name: str, value: Any) -> int:
    given = value.strip() if isinstance(value, str) else value
    number = int(given) if isinstance(given, str) and given.isdecimal() and len(given) < 6 else given
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LONGEST_KEPT:
        raise invalid(name, f"This must be a whole number of days up to {LONGEST_KEPT}; 0 for never.")
    return number


OF_ITS_OWN: Final = {"colour": _colour, "purge_after": _days}
