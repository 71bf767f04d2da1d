"""The inbox into which undelivered mail and answers come: how it is reached, how far it was read, and how that went.

One for the shop. It is read by one worker at a time, whoever holds the claim.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.database import changed
from data.mail_account import Security
from data.mailbox import Mailbox, Place
from data.secrets import SealBroken, keys
from domain.refusal import Refusal, invalid
from domain.shop import audit, notices
from domain.shop.mail_accounts import checked as checked_account
from domain.shop.people import Actor, Right, checked_email

EVERY: Final = timedelta(minutes=3)
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (3, 5, 10, 30))  # after trouble, and again
CLAIM: Final = timedelta(minutes=6)  # longer than a visit may last; whoever died holds nobody up for longer
TOLD_AFTER: Final = 3  # visits in trouble, before the owner gets a notice
STUCK_AFTER: Final = 3  # visits that broke off over one and the same message, before it is stepped over
LONGEST_FOLDER: Final = 120
HERE: Final = "/settings/mail"


class MailboxSettings(Base):
    """No row: there is no inbox."""

    __tablename__ = "mailbox_settings"

    id: Mapped[int] = mapped_column(primary_key=True)  # 1
    address: Mapped[str] = mapped_column(String(320))  # mail to it lands there
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(Word(Security))
    username: Mapped[str] = mapped_column(String(320))
    sealed_password: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(String(LONGEST_FOLDER))
    marks_read: Mapped[bool] = mapped_column(default=False)
    moves_to: Mapped[str] = mapped_column(String(LONGEST_FOLDER), default="", server_default="")
    uid_validity: Mapped[int] = mapped_column(BigInteger, default=0)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    visited_at: Mapped[datetime | None] = mapped_column(Instant)  # the last time that all went well
    last_error: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(default=0)  # one after another
    stuck_uid: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0"
    )  # here a visit broke off
    stuck_visits: Mapped[int] = mapped_column(default=0, server_default="0")  # so many times
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")  # messages that could never be read
    updated_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def place(self) -> Place:
        return Place(self.uid_validity, self.last_uid)

    @property
    def in_the_way(self) -> int:
        """The UID of a message over which the server hangs up each time; 0 for none."""
        return self.stuck_uid if self.stuck_visits >= STUCK_AFTER else 0


@dataclass(frozen=True, slots=True)
class Wish:
    """An inbox as somebody typed it. `password=None` keeps the one that is stored; it is never read back."""

    address: str
    host: str
    port: int
    security: str
    username: str
    password: str | None = None
    folder: str = ""
    marks_read: bool = False
    moves_to: str = ""


def kept(session: Session) -> MailboxSettings | None:
    return session.get(MailboxSettings, 1)


def address(session: Session) -> str:
    """Empty where there is no inbox."""
    return session.scalar(select(MailboxSettings.address)) or ""


def save(session: Session, wish: Wish, *, by: Actor, now: datetime) -> MailboxSettings:
    """From now on it is read. Another mailbox than before is read from its own beginning."""
    by.require(Right.MANAGE_SHOP)
    row = kept(session)
    before = _public(row) if row else None
    tried = checked(session, wish)
    row = row or MailboxSettings(id=1)
    if _where(row) != (tried.host, tried.username, tried.folder):
        row.uid_validity = row.last_uid = row.stuck_uid = row.stuck_visits = row.left_out = 0
    row.address = _address(wish)
    row.host, row.port, row.security = tried.host, tried.port, tried.security
    row.username, row.folder = tried.username, tried.folder
    row.sealed_password = keys().seal(tried.password)
    row.marks_read, row.moves_to = wish.marks_read, _moves_to(wish, tried.folder)
    row.due_at = row.updated_at = now
    row.last_error, row.failures = "", 0
    session.add(row)
    session.flush()
    audit.write(session, "mailbox.saved", by=by, now=now, before=before, after=_public(row))
    return row


def forget(session: Session, *, by: Actor, now: datetime) -> None:
    by.require(Right.MANAGE_SHOP)
    row = kept(session)
    if row is not None:
        audit.write(session, "mailbox.removed", by=by, now=now, before=_public(row))
        session.delete(row)
        session.flush()


def checked(session: Session, wish: Wish) -> Mailbox:
    """What was typed, as a mailbox that can be tried. Raises Refusal."""
    _address(wish)
    if not wish.host.strip():
        raise invalid("host", "Please give the name of the server, such as imap.example.com.")
    password = _kept_password(session) if wish.password is None else wish.password
    tried = checked_account(
        host=wish.host, port=wish.port, security=wish.security, username=wish.username, password=password
    )
    if not tried.username:
        raise invalid("username", "Please give the user name of the mailbox; often it is its email address.")
    if not password:
        raise invalid("password", "Please give the password of the mailbox.")
    folder = wish.folder.strip() or "INBOX"
    _require_folder("folder", folder)
    _moves_to(wish, folder)
    return Mailbox(tried.host, tried.port, tried.security, tried.username, password, folder)


def opened(row: MailboxSettings) -> Mailbox:
    """Raises Refusal where the secret of the installation is another one by now."""
    return Mailbox(row.host, row.port, row.security, row.username, _opened(row), row.folder)


def is_due(session: Session, *, now: datetime) -> bool:
    return (
        session.scalar(select(MailboxSettings.id).where(_is_free(now), MailboxSettings.due_at <= now))
        is not None
    )


def claim(session: Session, *, now: datetime, at_once: bool = False) -> MailboxSettings | None:
    """None: nothing to do, or another one is at it. `at_once`: somebody asked for it."""
    due = () if at_once else (MailboxSettings.due_at <= now,)
    taking = update(MailboxSettings).where(_is_free(now), *due).values(claimed_until=now + CLAIM)
    return kept(session) if changed(session, taking) else None


def go_on(session: Session, place: Place, of: MailboxSettings) -> bool:
    """Remember how far it was read. False: it is another inbox by now, and what was read of the old one counts for nothing."""
    row = _still(session, of)
    if row is not None:
        _step_over(row, place)
        row.uid_validity, row.last_uid = place.validity, place.uid
    return row is not None


def note_visit(session: Session, of: MailboxSettings, *, more: bool, now: datetime) -> None:
    row = _still(session, of)
    if row is not None:
        row.claimed_until, row.visited_at, row.last_error, row.failures = None, now, "", 0
        row.due_at = now if more else now + EVERY


def note_trouble(session: Session, of: MailboxSettings, sentence: str, *, at: int = 0, now: datetime) -> bool:
    """It is tried again later, and more and more seldom. True: that is news, worth a line in the log.

    `at`: the message that was asked for when it broke off.
    """
    row = _still(session, of)
    if row is None:
        return False
    is_news = row.last_error != sentence
    row.claimed_until, row.last_error, row.failures = None, sentence, row.failures + 1
    if at:
        row.stuck_visits = row.stuck_visits + 1 if row.stuck_uid == at else 1
        row.stuck_uid = at
    row.due_at = now + PAUSES[min(row.failures, len(PAUSES)) - 1]
    if row.failures == TOLD_AFTER:
        notices.leave(session, f"The inbox for returned mail can't be read. {sentence}", now=now, link=HERE)
    return is_news


def _step_over(row: MailboxSettings, place: Place) -> None:
    """What was in the way lies behind: it could be read after all, or was left out."""
    is_same = row.uid_validity == place.validity
    if row.stuck_uid and (place.uid >= row.stuck_uid or not is_same):
        row.left_out += is_same and bool(row.in_the_way)
        row.stuck_uid = row.stuck_visits = 0


def _moves_to(wish: Wish, folder: str) -> str:
    chosen = wish.moves_to.strip()
    _require_folder("moves_to", chosen)
    if chosen and chosen.casefold() == folder.casefold():
        raise invalid("moves_to", "This is the folder that is read. Choose another one.")
    return chosen


def _require_folder(field: str, name: str) -> None:
    if len(name) > LONGEST_FOLDER or not name.isprintable():
        raise invalid(field, f"The name of a folder has at most {LONGEST_FOLDER} ordinary characters.")


def _still(session: Session, of: MailboxSettings) -> MailboxSettings | None:
    """None: somebody has changed it since the visit began. Then the claim is over, and the new one has its turn."""
    row = kept(session)
    if row is None or row.updated_at == of.updated_at:
        return row
    row.claimed_until = None
    return None


def _is_free(now: datetime) -> Any:
    return or_(MailboxSettings.claimed_until.is_(None), MailboxSettings.claimed_until <= now)


def _address(wish: Wish) -> str:
    if not wish.address.strip():
        raise invalid("address", "Please give the email address of this inbox.")
    return checked_email(wish.address.strip(), "address")


def _where(row: MailboxSettings) -> tuple[str, str, str]:
    return row.host, row.username, row.folder


def _kept_password(session: Session) -> str:
    row = kept(session)
    return _opened(row) if row else ""


def _opened(row: MailboxSettings) -> str:
    try:
        return keys().open(row.sealed_password)
    except SealBroken:
        raise Refusal(
            "secret_changed",
            "The password of the inbox can't be read, because the secret of this installation has changed. "
            "Enter it again under Settings, Mail account.",
        ) from None


def _public(row: MailboxSettings) -> dict[str, Any]:
    return {
        "address": row.address,
        "host": row.host,
        "port": row.port,
        "security": row.security,
        "username": row.username,
        "folder": row.folder,
        "marks_read": row.marks_read,
        "moves_to": row.moves_to,
    }
