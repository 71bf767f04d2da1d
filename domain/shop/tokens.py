"""Keys for programs: an access token that lives for minutes, the refresh token behind it, and personal ones."""

import hashlib
import secrets
from datetime import datetime, timedelta

import jwt
from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.secrets import keys
from domain.refusal import Kind, Refusal, missing
from domain.shop import audit
from domain.shop.people import Actor, Role, User

ACCESS_TOKEN_LIFE = timedelta(minutes=15)


REFRESH_TOKEN_LIFE = timedelta(days=30)


AUDIENCE = "handbill-api"


class RefreshToken(Base):
    """Each is good for one use; a second use means it was stolen, and its whole family ends."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    family: Mapped[str] = mapped_column(String(32), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class ApiToken(Base):
    """A personal token for a program: a role not above its owner's, perhaps for reading only."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role] = mapped_column(Word(Role))
    read_only: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


def access_token(user: User, now: datetime) -> str:
    """A JWT that lives 15 minutes."""
    claims = {
        "sub": str(user.id),
        "typ": "access",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + ACCESS_TOKEN_LIFE,
    }
    return jwt.encode(claims, keys().key("jwt"), algorithm="HS256")


def refresh_token(session: Session, user_id: int, now: datetime, family: str = "") -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            token_hash=hash_of(token),
            family=family or secrets.token_hex(16),
            user_id=user_id,
            expires_at=now + REFRESH_TOKEN_LIFE,
        )
    )
    return token


def exchange(session: Session, token: str, now: datetime) -> tuple[User, str] | None:
    """The person and the next refresh token; None ends it. A token used twice ends its whole family."""
    kept = session.scalar(select(RefreshToken).where(RefreshToken.token_hash == hash_of(token)))
    if kept is None:
        return None
    if kept.used_at is not None:
        session.execute(update(RefreshToken).where(RefreshToken.family == kept.family).values(used_at=now))
        return None
    kept.used_at = now
    user = session.get(User, kept.user_id)
    if user is None or not user.active or kept.expires_at < now:
        return None
    return user, refresh_token(session, user.id, now, kept.family)


def end_refresh(session: Session, token: str, now: datetime) -> None:
    kept = session.scalar(select(RefreshToken).where(RefreshToken.token_hash == hash_of(token)))
    if kept is not None:
        session.execute(update(RefreshToken).where(RefreshToken.family == kept.family).values(used_at=now))


def make_api_token(
    session: Session,
    name: str,
    *,
    by: Actor,
    now: datetime,
    role: Role | None = None,
    read_only: bool = False,
) -> str:
    """Shown once. An owner's program may have any role; anybody else's has its maker's."""
    if by.user_id is None:
        raise Refusal("no_person", "Only a person can make an access token.", Kind.FORBIDDEN)
    if role is not None and role is not by.role and by.role is not Role.OWNER:
        raise Refusal("forbidden", "An access token can't do more than you may.", Kind.FORBIDDEN)
    token = "hb_" + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            token_hash=hash_of(token),
            user_id=by.user_id,
            name=name.strip()[:80] or "Program",
            role=role or by.role,
            read_only=read_only,
            created_at=now,
        )
    )
    audit.write(
        session,
        "api_token.made",
        by=by,
        now=now,
        after={"name": name, "readOnly": read_only},
    )
    return token


def api_tokens(session: Session, by: Actor) -> list[ApiToken]:
    """One's own that still work, the newest first."""
    mine = select(ApiToken).where(ApiToken.user_id == by.user_id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(mine.order_by(ApiToken.id.desc())))


def revoke_api_token(session: Session, token_id: int, *, by: Actor, now: datetime) -> None:
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != by.user_id:
        raise missing("access token")
    if token.revoked_at is None:
        token.revoked_at = now
        audit.write(session, "api_token.revoked", by=by, now=now, subject_id=token.id)


def actor_for_bearer(session: Session, token: str, now: datetime, *, address: str = "") -> Actor | None:
    """Whose program this is: a 15-minute access token, or a personal one."""
    if token.startswith("hb_"):
        return _actor_for_api_token(session, token, address)
    try:
        claims = jwt.decode(
            token,
            keys().key("jwt"),
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={
                "require": ["exp", "sub", "aud"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError:
        return None
    if (
        claims.get("typ") != "access"
        or claims["exp"] <= now.timestamp()
        or not _is_number(str(claims["sub"]))
    ):
        return None
    user = session.get(User, int(claims["sub"]))
    return user.as_actor("api", address) if user is not None and user.active else None


def _actor_for_api_token(session: Session, token: str, address: str) -> Actor | None:
    kept = session.scalar(
        select(ApiToken).where(ApiToken.token_hash == hash_of(token), ApiToken.revoked_at.is_(None))
    )
    user = session.get(User, kept.user_id) if kept else None
    if kept is None or user is None or not user.active:
        return None
    # A person who was made less since then takes their programs along.
    role = kept.role if user.role is Role.OWNER else user.role
    return user.as_actor("api", address, role=role, read_only=kept.read_only)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
