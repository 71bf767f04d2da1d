"""The shop's mail accounts, in the order in which they are used, and practice mode as long as there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.config import config
from data.mail_account import MailAccount, Security
from data.secrets import SealBroken, keys
from domain.refusal import Refusal, missing
from domain.shop import notices
from domain.shop.limits import Limits
from domain.shop.shop import read as read_shop

PRACTICE: Final = "Practice inbox"


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

    @property
    def label(self) -> str:
        return self.name or self.host

    @property
    def limits(self) -> Limits:
        return Limits(self.per_second, self.per_hour, self.per_day, self.per_connection)

    def rests(self, now: datetime) -> bool:
        return self.resting_until is not None and self.resting_until > now


@dataclass(frozen=True, slots=True)
class Route:
    """One way to the recipients. Account 0 is the one of the environment, or practice."""

    account_id: int
    name: str
    account: MailAccount
    limits: Limits


def is_practice(session: Session) -> bool:
    """Until a mail account is known, nothing leaves this machine."""
    return config().fixed_mail_account is None and settings(session) is None


def every(session: Session) -> list[MailSettings]:
    """In the order in which they are used."""
    return list(session.scalars(select(MailSettings).order_by(MailSettings.priority, MailSettings.id)))


def settings(session: Session) -> MailSettings | None:
    """The first one."""
    return session.scalar(select(MailSettings).order_by(MailSettings.priority, MailSettings.id).limit(1))


def routes(session: Session, *, now: datetime) -> list[Route]:
    """The ways that may be tried now, the best first. Raises Refusal where there can be none.

    Without those that rest after trouble; where all of them rest, all of them: better to try than never to.
    """
    fixed = config().fixed_mail_account
    if fixed is not None:
        return [Route(0, fixed.host, fixed, Limits(**config().fixed_mail_limits))]
    kept = every(session)
    if not kept:
        return [Route(0, PRACTICE, _practice_account(session), Limits())]
    opened = _those_that_open(kept)
    resting = {one.id for one in kept if one.rests(now)}
    return [one for one in opened if one.account_id not in resting] or opened


def account(session: Session) -> MailAccount:
    """The account that is used first. Raises Refusal where that can't be known."""
    fixed = config().fixed_mail_account
    if fixed is not None:
        return fixed
    kept = settings(session)
    return _opened(kept) if kept is not None else _practice_account(session)


def rest(session: Session, account_id: int, sentence: str, *, until: datetime, now: datetime) -> None:
    """After trouble that is the account's own. The owner is told once, where another account goes on meanwhile."""
    kept = session.get(MailSettings, account_id)
    if kept is None:
        return
    others = [one.label for one in every(session) if one.id != account_id and not one.rests(now)]
    if others and not kept.last_error:
        told = f"The mail account {kept.label} had trouble, so {others[0]} goes on meanwhile."
        notices.leave(session, told, now=now, link="/settings/mail")
    kept.resting_until, kept.last_error = until, sentence


def note_success(session: Session, now: datetime, account_id: int | None = None) -> None:
    """Without a number: of the first account. An account that works rests no longer."""
    kept = _noted(session, account_id)
    if kept is not None:
        kept.last_success_at, kept.last_error, kept.resting_until = now, "", None


def note_trouble(session: Session, sentence: str, account_id: int | None = None) -> None:
    kept = _noted(session, account_id)
    if kept is not None:
        kept.last_error = sentence


def get(session: Session, account_id: int) -> MailSettings:
    kept = session.get(MailSettings, account_id)
    if kept is None:
        raise missing("mail account")
    return kept


def with_kept_password(
    session: Session, tried: MailAccount, password: str | None, account_id: int | None = None
) -> MailAccount:
    """For "send a test" with a form whose password field was left as it is."""
    kept = _noted(session, account_id)
    if password is None and kept is not None:
        return MailAccount(tried.host, tried.port, tried.security, tried.username, _opened(kept).password)
    return tried


def _noted(session: Session, account_id: int | None) -> MailSettings | None:
    return settings(session) if account_id is None else session.get(MailSettings, account_id)


def _those_that_open(kept: Sequence[MailSettings]) -> list[Route]:
    """An account whose password can't be read is passed over, as long as there is another one."""
    opened: list[Route] = []
    broken: Refusal | None = None
    for one in kept:
        try:
            opened.append(Route(one.id, one.label, _opened(one), one.limits))
        except Refusal as refusal:
            broken = refusal
    if broken is not None and not opened:
        raise broken
    return opened


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
