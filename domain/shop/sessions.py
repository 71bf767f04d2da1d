"""Who is signed in: browser sessions, access to the API, and a brake on guessing."""

import hashlib
import secrets
from datetime import datetime, timedelta

import jwt
from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.secrets import keys
from domain.refusal import Kind, Refusal, missing
from domain.shop import audit
from domain.shop.people import PASSWORDS, Actor, Role, User, by_email, hashed

COOKIE = "handbill_session"
IDLE, ABSOLUTE = timedelta(days=7), timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=5)  # how exactly "last seen" is known: it saves a write a click
ACCESS_TOKEN_LIFE = timedelta(minutes=15)
REFRESH_TOKEN_LIFE = timedelta(days=30)
FREE_GUESSES, LONGEST_WAIT = 5, timedelta(minutes=15)
AUDIENCE = "handbill-api"


class BrowserSession(Base):
    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(300), default="")


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


class Guesses(Base):
    """How often somebody failed to sign in, by account and by network address."""

    __tablename__ = "sign_in_guesses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[datetime | None] = mapped_column(Instant)


def check_password(
    session: Session, email: str, password: str, *, address: str, now: datetime
) -> User | Refusal:
    """The person, or why not: the same words and the same time for an unknown one.

    The refusal is returned, not raised, so that the caller's unit keeps the counted failure.
    """
    counters = [
        _guesses(session, "account:" + email.strip().casefold()),
        _guesses(session, "address:" + address),
    ]
    waits = [c.wait_until for c in counters if c.wait_until and c.wait_until > now]
    if waits:
        minutes = max(1, round((max(waits) - now).total_seconds() / 60))
        return Refusal(
            "slow_down",
            f"Too many tries. Wait about {minutes} min and try again.",
            Kind.SLOW_DOWN,
        )
    user = by_email(session, email)
    right = PASSWORDS.verify(password[:1000], user.password_hash if user else _nobodys_hash())
    if user is None or not right:
        for counter in counters:
            _count_failure(counter, now)
        audit.write(
            session,
            "sign_in.failed",
            by=Actor(None, email[:120], Role.CLOCK, "page", address=address),
            now=now,
        )
        return Refusal("wrong_sign_in", "Email address or password is not right.", Kind.SIGNED_OUT)
    for counter in counters:
        session.delete(counter)
    return user


def sign_in(
    session: Session,
    user: User,
    *,
    now: datetime,
    user_agent: str = "",
    old_token: str = "",
) -> str:
    """A new browser session; the token goes into the cookie, only its hash is kept. Any old session ends."""
    sign_out(session, old_token, now=now)
    token = secrets.token_urlsafe(32)
    session.add(
        BrowserSession(
            token_hash=_hash(token),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            user_agent=user_agent[:300],
        )
    )
    return token


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    if token:
        mine = (BrowserSession.token_hash == _hash(token)) & BrowserSession.ended_at.is_(None)
        session.execute(update(BrowserSession).where(mine).values(ended_at=now))


def end_all(session: Session, user_id: int, *, now: datetime, keep: str = "") -> None:
    """After a password change or when somebody leaves: every browser but the one with the token `keep`."""
    open_ones = (BrowserSession.user_id == user_id) & BrowserSession.ended_at.is_(None)
    if keep:
        open_ones &= BrowserSession.token_hash != _hash(keep)
    session.execute(update(BrowserSession).where(open_ones).values(ended_at=now))
    session.execute(update(RefreshToken).where(RefreshToken.user_id == user_id).values(used_at=now))


def actor_for(session: Session, token: str, now: datetime, *, address: str = "") -> Actor | None:
    """Whose browser this is; asked again in every handler, so a sign-out or a new role counts at once."""
    if not token:
        return None
    found = session.execute(
        select(BrowserSession, User)
        .join(User, User.id == BrowserSession.user_id)
        .where(
            BrowserSession.token_hash == _hash(token),
            BrowserSession.ended_at.is_(None),
            User.active,
        )
    ).one_or_none()
    if found is None:
        return None
    browser, user = found
    if now - browser.seen_at > IDLE or now - browser.created_at > ABSOLUTE:
        return None
    return user.as_actor("page", address)


def is_stale(session: Session, token: str, now: datetime) -> bool:
    """Whether "last seen" is worth writing again."""
    seen = session.scalar(select(BrowserSession.seen_at).where(BrowserSession.token_hash == _hash(token)))
    return seen is not None and now - seen > TOUCH_EVERY


def touch(session: Session, token: str, now: datetime) -> None:
    session.execute(
        update(BrowserSession).where(BrowserSession.token_hash == _hash(token)).values(seen_at=now)
    )


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
            token_hash=_hash(token),
            family=family or secrets.token_hex(16),
            user_id=user_id,
            expires_at=now + REFRESH_TOKEN_LIFE,
        )
    )
    return token


def exchange(session: Session, token: str, now: datetime) -> tuple[User, str] | None:
    """The person and the next refresh token; None ends it. A token used twice ends its whole family."""
    kept = session.scalar(select(RefreshToken).where(RefreshToken.token_hash == _hash(token)))
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
    kept = session.scalar(select(RefreshToken).where(RefreshToken.token_hash == _hash(token)))
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
            token_hash=_hash(token),
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


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _actor_for_api_token(session: Session, token: str, address: str) -> Actor | None:
    kept = session.scalar(
        select(ApiToken).where(ApiToken.token_hash == _hash(token), ApiToken.revoked_at.is_(None))
    )
    user = session.get(User, kept.user_id) if kept else None
    if kept is None or user is None or not user.active:
        return None
    # A person who was made less since then takes their programs along.
    role = kept.role if user.role is Role.OWNER else user.role
    return user.as_actor("api", address, role=role, read_only=kept.read_only)


def _guesses(session: Session, what: str) -> Guesses:
    key = _hash(what)
    counter = session.get(Guesses, key)
    if counter is None:
        counter = Guesses(key=key, failures=0)
        session.add(counter)
        session.flush()
    return counter


def _count_failure(counter: Guesses, now: datetime) -> None:
    counter.failures += 1
    over = counter.failures - FREE_GUESSES
    if over >= 0:
        counter.wait_until = now + min(timedelta(seconds=30) * 2 ** min(over, 10), LONGEST_WAIT)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_nobody: str | None = None


def _nobodys_hash() -> str:
    global _nobody
    if _nobody is None:
        _nobody = hashed(secrets.token_urlsafe(24))
    return _nobody


def forget_old(session: Session, *, now: datetime) -> None:
    """Sessions, tokens and counted guesses that can have no effect any more."""
    session.execute(delete(BrowserSession).where(BrowserSession.created_at < now - ABSOLUTE))
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    session.execute(delete(Guesses).where(Guesses.wait_until < now - LONGEST_WAIT))
