"""The people who work here: who they are and what each of them may do."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.refusal import Kind, Refusal, invalid

PASSWORDS = PasswordHash([Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1)])
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
COMMON_PASSWORDS = frozenset(
    [
        "password",
        "password1",
        "passw0rd",
        "12345678",
        "123456789",
        "1234567890",
        "11111111",
        "qwertyui",
        "qwertyuiop",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "welcome1",
        "whatever",
        "trustno1",
        "superman",
        "letmein1",
        "abcd1234",
        "handbill",
    ]
)


class Right(StrEnum):
    VIEW = "view"
    EDIT_CUSTOMERS = "edit customers"
    EDIT_CAMPAIGNS = "edit campaigns"
    SEND = "send"
    MANAGE_SHOP = "manage the shop"


class Role(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    SALESPERSON = "salesperson"
    WORKSHOP = "workshop"
    ACCOUNTANT = "accountant"
    CLOCK = "clock"  # what happens by itself; no person has it


MAY: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.MANAGE_SHOP},
    Role.SALESPERSON: frozenset({Right.VIEW}),
    Role.WORKSHOP: frozenset({Right.VIEW}),
    Role.ACCOUNTANT: frozenset({Right.VIEW}),
    Role.CLOCK: frozenset({Right.VIEW, Right.SEND}),
}
ROLES_FOR_PEOPLE = [role for role in Role if role is not Role.CLOCK]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a person through a page, the API or the command line, or the clock."""

    user_id: int | None
    name: str
    role: Role
    via: str = "page"  # page, api, command, clock
    read_only: bool = False  # an API token may be narrower than its owner
    address: str = ""  # where the request came from, for the audit log
    at: str = ""  # the page or the door of the API that they stand at

    def may(self, right: Right) -> bool:
        return right in MAY[self.role] and (right is Right.VIEW or not self.read_only)

    def require(self, right: Right) -> None:
        """The one permission check that pages, API and jobs share."""
        if self.may(right):
            return
        if self.at:
            REFUSED.append(Attempt(self, right))
        reason = (
            "This access token can only read." if self.read_only else f"As {self.role} you may not {right}."
        )
        raise Refusal(
            "forbidden",
            f"{reason} Ask the owner of the shop.",
            Kind.FORBIDDEN,
            right=str(right),
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody asked for what they may not do."""

    by: Actor
    right: Right


# The unit of work that was refused is about to be undone, so the doors write these down afterwards.
REFUSED: Final[deque[Attempt]] = deque(maxlen=200)
CLOCK = Actor(None, "Handbill", Role.CLOCK, via="clock")


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(Word(Role))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    theme: Mapped[str | None] = mapped_column(String(8))  # "light", "dark", or none: as the system
    created_at: Mapped[datetime] = mapped_column(Instant)

    def as_actor(
        self,
        via: str,
        address: str = "",
        *,
        role: Role | None = None,
        read_only: bool = False,
    ) -> Actor:
        return Actor(self.id, self.name, role or self.role, via, read_only, address)


def there_is_an_owner(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).where(User.role == Role.OWNER, User.active)))


def found_shop_owner(session: Session, *, email: str, name: str, password: str, now: datetime) -> User:
    """The very first account. Nobody can be asked for permission yet, so it works only once."""
    if there_is_an_owner(session):
        raise Refusal(
            "already_set_up",
            "This shop already has an owner. Sign in instead.",
            Kind.CONFLICT,
        )
    return create(session, email=email, name=name, role=Role.OWNER, password=password, now=now)


def set_theme(session: Session, by: Actor, theme: str | None) -> None:
    user = session.get(User, by.user_id) if by.user_id else None
    if user is not None and theme in (None, "light", "dark"):
        user.theme = theme


def by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email.strip().casefold(), User.active))


def hashed(password: str) -> str:
    """Argon2id, about 0.1 to 0.3 s: call it off the event loop."""
    return PASSWORDS.hash(checked_password(password))


def checked_password(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise invalid(
            "password",
            f"A password needs at least {SHORTEST_PASSWORD} characters. 15 or more are better.",
        )
    if len(password) > LONGEST_PASSWORD:
        raise invalid("password", f"A password can have at most {LONGEST_PASSWORD} characters.")
    if password.casefold() in COMMON_PASSWORDS:
        raise invalid(
            "password",
            "This password is one of the first that anybody would try. Choose another.",
        )
    return password


def create(session: Session, *, email: str, name: str, role: Role, password: str, now: datetime) -> User:
    """A new account. Who may make one is asked by the callers: `found_shop_owner`, and the staff room."""
    user = User(
        email=checked_email(email).casefold(),
        name=checked_name(name),
        role=checked_role(role),
        password_hash=hashed(password),
        active=True,
        created_at=now,
    )
    if session.scalar(select(User.id).where(User.email == user.email)):
        raise Refusal(
            "email_taken",
            "Somebody with this email address already works here.",
            Kind.CONFLICT,
            field="email",
        )
    session.add(user)
    session.flush()
    return user


def checked_email(email: str, field: str = "email") -> str:
    """An address that mail can be sent from and to; local parts beyond ASCII are not."""
    try:
        found = validate_email(
            email.strip(),
            check_deliverability=False,
            test_environment=True,
            allow_smtputf8=False,
        )
    except EmailNotValidError:
        raise invalid(field, "This does not look like an email address.") from None
    return found.normalized


def checked_name(name: str) -> str:
    cleaned = " ".join("".join(c for c in name if c.isprintable()).split())
    if not cleaned:
        raise invalid("name", "Please give a name.")
    if len(cleaned) > 120:
        raise invalid("name", "A name can have at most 120 characters.")
    return cleaned


def checked_role(role: Role) -> Role:
    if role not in ROLES_FOR_PEOPLE:
        raise invalid("role", "Choose one of: " + ", ".join(ROLES_FOR_PEOPLE) + ".")
    return Role(role)
