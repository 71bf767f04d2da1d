"""Setting up the shop's mail accounts: by the owner alone, written down in the audit, and no password is ever read back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from data.config import LARGEST_LIMIT
from data.mail_account import MailAccount, Security
from data.secrets import keys
from domain.refusal import Refusal, invalid
from domain.shop import audit, limits
from domain.shop.limits import Limits
from domain.shop.mail import MailSettings, every, get, settings
from domain.shop.people import Actor, Right

MOST: Final = 10
LONGEST_NAME: Final = 60
LIMITS_IN_WORDS: Final = {
    "per_second": "messages a second",
    "per_hour": "messages an hour",
    "per_day": "messages a day",
    "per_connection": "messages on one connection",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """An account as somebody typed it. `password=None` keeps the one that is stored; it is never read back.

    `id` only matters to `replace`: which account this is, None for a new one.
    """

    host: str
    port: int
    security: str
    username: str = ""
    password: str | None = None
    name: str = ""
    limits: Limits = field(default_factory=Limits)
    id: int | None = None


def add(session: Session, wish: Wish, *, by: Actor, now: datetime) -> MailSettings:
    """After the others. With the first one the shop goes live."""
    by.require(Right.MANAGE_SHOP)
    known = every(session)
    if len(known) >= MOST:
        raise Refusal("too_many_accounts", f"A shop can have at most {MOST} mail accounts.")
    kept = MailSettings(priority=len(known) + 1, host="", port=0, security=Security.STARTTLS, updated_at=now)
    _write(session, kept, wish, before=None, by=by, now=now)
    return kept


def change(session: Session, account_id: int, wish: Wish, *, by: Actor, now: datetime) -> MailSettings:
    by.require(Right.MANAGE_SHOP)
    kept = get(session, account_id)
    _write(session, kept, wish, before=_public(kept), by=by, now=now)
    return kept


def move(session: Session, account_id: int, *, up: bool, by: Actor, now: datetime) -> None:
    """One place up or down in the order; the first can't go up, and stays."""
    by.require(Right.MANAGE_SHOP)
    order = [one.id for one in every(session)]
    place = order.index(get(session, account_id).id)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        _arrange(session, order, by=by, now=now)


def remove(session: Session, account_id: int, *, by: Actor, now: datetime) -> None:
    """With the last one the shop is back in practice mode."""
    by.require(Right.MANAGE_SHOP)
    kept = get(session, account_id)
    audit.write(session, "mail.removed", by=by, now=now, subject_id=kept.id, before=_public(kept))
    limits.forget(session, kept.id)
    session.delete(kept)
    session.flush()
    for priority, one in enumerate(every(session), 1):
        one.priority = priority


def replace(session: Session, wishes: Sequence[Wish], *, by: Actor, now: datetime) -> None:
    """These and no others, in this order. None at all: practice mode."""
    by.require(Right.MANAGE_SHOP)
    named = [wish.id for wish in wishes if wish.id is not None]
    if len(set(named)) < len(named):
        raise invalid("accounts", "The same mail account is given twice.")
    for one in every(session):
        if one.id not in named:
            remove(session, one.id, by=by, now=now)
    order = [
        (add(session, wish, by=by, now=now) if wish.id is None else change(session, wish.id, wish, by=by, now=now)).id
        for wish in wishes
    ]  # fmt: skip
    if order != [one.id for one in every(session)]:
        _arrange(session, order, by=by, now=now)


def save(
    session: Session,
    *,
    host: str,
    port: int,
    security: str,
    username: str,
    password: str | None,
    by: Actor,
    now: datetime,
) -> MailSettings:
    """The first account, be it new or not; its name and limits stay."""
    kept = settings(session)
    if kept is None:
        return add(session, Wish(host, port, security, username, password), by=by, now=now)
    wish = Wish(host, port, security, username, password, kept.name, kept.limits)
    return change(session, kept.id, wish, by=by, now=now)


def forget(session: Session, *, by: Actor, now: datetime) -> None:
    """All of them: back to practice mode."""
    by.require(Right.MANAGE_SHOP)
    for kept in every(session):
        remove(session, kept.id, by=by, now=now)


def checked(*, host: str, port: int, security: str, username: str, password: str) -> MailAccount:
    """What was typed, as an account that can be tried."""
    host = host.strip()
    if not host or len(host) > 253 or any(c.isspace() or not c.isprintable() for c in host):
        raise invalid("host", "Please give the name of the mail server, such as smtp.example.com.")
    if not 1 <= port <= 65535:
        raise invalid(
            "port",
            "A port is a number from 1 to 65535; usual ones are 587, 465 and 25.",
        )
    if security not in list(Security):
        raise invalid("security", "Choose STARTTLS, TLS or none.")
    if any(ord(c) < 32 for c in username + password):
        raise invalid("username", "User name and password can't contain line breaks.")
    return MailAccount(host, port, Security(security), username.strip(), password)


def checked_limits(given: Limits) -> Limits:
    for name, limit in asdict(given).items():
        if limit is not None and not 1 <= limit <= LARGEST_LIMIT:
            raise invalid(
                name,
                f"The number of {LIMITS_IN_WORDS[name]} is a whole number, 1 or more. Leave it empty for no limit.",
            )
    return given


def _write(
    session: Session, kept: MailSettings, wish: Wish, *, before: dict[str, Any] | None, by: Actor, now: datetime
) -> None:  # fmt: skip
    """What was wrong with it before says nothing about it now."""
    tried = checked(
        host=wish.host,
        port=wish.port,
        security=wish.security,
        username=wish.username,
        password=wish.password or "",
    )
    kept.host, kept.port, kept.security, kept.username = (
        tried.host,
        tried.port,
        tried.security,
        tried.username,
    )
    kept.name = _tidy_name(wish.name)
    for name, limit in asdict(checked_limits(wish.limits)).items():
        setattr(kept, name, limit)
    if wish.password is not None:
        kept.sealed_password = keys().seal(wish.password) if wish.password else ""
    kept.updated_at, kept.last_error, kept.resting_until = now, "", None
    session.add(kept)
    session.flush()
    _refuse_twins(session, kept)
    audit.write(session, "mail.saved", by=by, now=now, subject_id=kept.id, before=before, after=_public(kept))


def _tidy_name(name: str) -> str:
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(cleaned) > LONGEST_NAME:
        raise invalid("name", f"A name can have at most {LONGEST_NAME} characters.")
    return cleaned


def _refuse_twins(session: Session, kept: MailSettings) -> None:
    """The provider would count both as one, and its limits would be kept twice over."""
    mine = (kept.host.lower(), kept.port, kept.username)
    for one in every(session):
        if one is not kept and (one.host.lower(), one.port, one.username) == mine:
            raise invalid("host", f"This account is in the list already, as {one.label}.")


def _arrange(session: Session, order: Sequence[int], *, by: Actor, now: datetime) -> None:
    before = [one.label for one in every(session)]
    for priority, account_id in enumerate(order, 1):
        get(session, account_id).priority = priority
    session.flush()
    after = [one.label for one in every(session)]
    audit.write(session, "mail.arranged", by=by, now=now, before={"order": before}, after={"order": after})


def _public(kept: MailSettings) -> dict[str, Any]:
    return {
        "name": kept.name,
        "host": kept.host,
        "port": kept.port,
        "security": kept.security,
        "username": kept.username,
        **asdict(kept.limits),
    }
