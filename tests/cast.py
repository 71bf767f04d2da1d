"""The people of the tests: Olive owns the shop, Max manages it, Sal sells, Wes repairs, Ada keeps the accounts."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache

from sqlalchemy.orm import Session

from domain.shop.people import Actor, Role, User, hashed

PASSWORD = "correct horse battery"
ROLES = {
    "olive": Role.OWNER,
    "max_": Role.MANAGER,
    "sal": Role.SALESPERSON,
    "wes": Role.WORKSHOP,
    "ada": Role.ACCOUNTANT,
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Each as an actor who uses the pages; their account is `email_of(name)` with PASSWORD."""

    olive: Actor
    max_: Actor
    sal: Actor
    wes: Actor
    ada: Actor

    def everybody(self) -> list[Actor]:
        return [getattr(self, field.name) for field in fields(self)]

    def who_may_only_look(self) -> list[Actor]:
        return [self.sal, self.wes, self.ada]


def email_of(name: str) -> str:
    return f"{name.strip('_')}@shop.example"


def hire(session: Session, now: datetime) -> Cast:
    """The five accounts in the database."""
    users = {name: _user(name, role, now) for name, role in ROLES.items()}
    session.add_all(users.values())
    session.flush()
    return Cast(**{name: user.as_actor("page") for name, user in users.items()})


def _user(name: str, role: Role, now: datetime) -> User:
    shown = name.strip("_").capitalize()
    return User(
        email=email_of(name),
        name=shown,
        role=role,
        password_hash=_password_hash(),
        active=True,
        created_at=now,
    )


@cache
def _password_hash() -> str:
    """Made once: an Argon2 hash takes its time, and all five have the same password."""
    return hashed(PASSWORD)
