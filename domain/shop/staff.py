"""The staff room: who works here, who comes and who goes. What happens here ends sessions and stands in the audit log."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit, people, sessions
from domain.shop.people import PASSWORDS, Actor, Right, Role, User


def everybody(session: Session, by: Actor) -> list[User]:
    by.require(Right.MANAGE_SHOP)
    return list(session.scalars(select(User).order_by(User.active.desc(), User.name)))


def add(
    session: Session, *, email: str, name: str, role: Role, password: str, by: Actor, now: datetime
) -> User:
    by.require(Right.MANAGE_SHOP)
    user = people.create(session, email=email, name=name, role=role, password=password, now=now)
    after = {"email": user.email, "role": str(user.role)}
    audit.write(session, "staff.added", by=by, now=now, subject_id=user.id, after=after)
    return user


def change(
    session: Session,
    user_id: int,
    *,
    by: Actor,
    now: datetime,
    name: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> User:
    """Change what is given. The last owner can neither be turned off nor made something else.

    A new password or a closed account ends every session of that person at once; a new role counts at once.
    """
    by.require(Right.MANAGE_SHOP)
    user = _found(session, user_id)
    if _steps_down(user, role, active) and _active_owners(session) <= 1:
        raise Refusal(
            "last_owner", "A shop needs at least one owner. Make somebody else owner first.", Kind.CONFLICT
        )
    before = {"role": str(user.role), "active": user.active}
    if name is not None:
        user.name = people.checked_name(name)
    if role is not None:
        user.role = people.checked_role(role)
    if active is not None:
        user.active = active
    if password is not None:
        user.password_hash = people.hashed(password)
    if password is not None or active is False:
        sessions.end_all(session, user_id, now=now)
    after = {"role": str(user.role), "active": user.active, "newPassword": password is not None}
    audit.write(session, "staff.changed", by=by, now=now, subject_id=user_id, before=before, after=after)
    return user


def change_own_password(
    session: Session, by: Actor, *, current: str, new: str, now: datetime, keep: str = ""
) -> None:
    """Every other browser than the one with the token `keep` has to sign in again: perhaps somebody knew the old one."""
    user = _found(session, by.user_id or 0)
    if not PASSWORDS.verify(current, user.password_hash):
        raise invalid("current", "That is not your present password.")
    if current == new:
        raise invalid("password", "This is the password you have already.")
    user.password_hash = people.hashed(new)
    sessions.end_all(session, user.id, now=now, keep=keep)
    audit.write(session, "password.changed", by=by, now=now, subject_id=user.id)


def _found(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise missing("person")
    return user


def _steps_down(user: User, role: Role | None, active: bool | None) -> bool:
    return user.role is Role.OWNER and user.active and (role not in (None, Role.OWNER) or active is False)


def _active_owners(session: Session) -> int:
    return session.scalar(select(func.count()).where(User.role == Role.OWNER, User.active)) or 0
