"""The shop's mail account, and practice mode as long as there is none."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.config import config
from data.mail_account import MailAccount, Security
from data.secrets import SealBroken, keys
from domain.refusal import Refusal, invalid
from domain.shop import audit
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop


class MailSettings(Base):
    """An account on somebody's mail server. The one with the lowest priority number is used first."""

    __tablename__ = "mail_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    priority: Mapped[int] = mapped_column(default=1)
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(Word(Security))
    username: Mapped[str] = mapped_column(String(320), default="")
    sealed_password: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(String(60), default="")  # what the owner calls it
    per_second: Mapped[int | None]  # the provider's limits; none where it has none
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]
    per_connection: Mapped[int | None]
    resting_until: Mapped[datetime | None] = mapped_column(Instant)  # after trouble; another account goes on
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(Instant)


def is_practice(session: Session) -> bool:
    """Until a mail account is known, nothing leaves this machine."""
    return config().fixed_mail_account is None and settings(session) is None


def settings(session: Session) -> MailSettings | None:
    return session.scalar(select(MailSettings).order_by(MailSettings.priority, MailSettings.id).limit(1))


def account(session: Session) -> MailAccount:
    """Where messages go now. Raises Refusal where that can't be known."""
    fixed = config().fixed_mail_account
    if fixed is not None:
        return fixed
    kept = settings(session)
    return _opened(kept) if kept is not None else _practice_account(session)


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
    """Going live. `password=None` keeps the one that is stored; it is never read back to a screen."""
    by.require(Right.MANAGE_SHOP)
    kept = settings(session)
    before = _public(kept) if kept else None
    if kept is None:
        kept = MailSettings(host="", port=0, security=Security.STARTTLS, updated_at=now)
        session.add(kept)
    tried = checked(
        host=host,
        port=port,
        security=security,
        username=username,
        password=password or "",
    )
    kept.host, kept.port, kept.security, kept.username = (
        tried.host,
        tried.port,
        tried.security,
        tried.username,
    )
    if password is not None:
        kept.sealed_password = keys().seal(password) if password else ""
    kept.updated_at, kept.last_error = now, ""
    session.flush()
    audit.write(session, "mail.saved", by=by, now=now, before=before, after=_public(kept))
    return kept


def forget(session: Session, *, by: Actor, now: datetime) -> None:
    """Back to practice mode."""
    by.require(Right.MANAGE_SHOP)
    for kept in session.scalars(select(MailSettings)):
        session.delete(kept)
    audit.write(session, "mail.forgotten", by=by, now=now)


def checked(*, host: str, port: int, security: str, username: str, password: str) -> MailAccount:
    """What was typed, as an account that can be tried."""
    host = host.strip()
    if not host or any(c.isspace() or not c.isprintable() for c in host):
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


def with_kept_password(session: Session, tried: MailAccount, password: str | None) -> MailAccount:
    """For "send a test" with a form whose password field was left as it is."""
    kept = settings(session)
    if password is None and kept is not None:
        return MailAccount(
            tried.host,
            tried.port,
            tried.security,
            tried.username,
            _opened(kept).password,
        )
    return tried


def note_success(session: Session, now: datetime) -> None:
    kept = settings(session)
    if kept is not None:
        kept.last_success_at, kept.last_error = now, ""


def note_trouble(session: Session, sentence: str) -> None:
    kept = settings(session)
    if kept is not None:
        kept.last_error = sentence


def _opened(kept: MailSettings) -> MailAccount:
    try:
        password = keys().open(kept.sealed_password) if kept.sealed_password else ""
    except SealBroken:
        raise Refusal(
            "secret_changed",
            "The mail password can't be read, because the secret of this installation has changed. "
            "Enter the password again under Settings, Mail account.",
        ) from None
    return MailAccount(kept.host, kept.port, kept.security, kept.username, password)


def _practice_account(session: Session) -> MailAccount:
    port = read_shop(session).practice_port
    if port is None:
        raise Refusal(
            "catcher_off",
            "The Practice inbox is not running. Start Handbill and try again.",
        )
    return MailAccount("127.0.0.1", port, Security.NONE)


def _public(kept: MailSettings) -> dict[str, Any]:
    return {
        "host": kept.host,
        "port": kept.port,
        "security": kept.security,
        "username": kept.username,
    }
