"""Who is signed in: browser sessions, access to the API, and a brake on guessing."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.refusal import Kind, Refusal
from domain.shop import audit
from domain.shop.people import PASSWORDS, Actor, Role, User, by_email, hashed
from domain.shop.tokens import RefreshToken, hash_of

COOKIE = "handbill_session"
IDLE, ABSOLUTE = timedelta(days=7), timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=5)  # how exactly "last seen" is known: it saves a write a click
FREE_GUESSES, LONGEST_WAIT = 5, timedelta(minutes=15)


class BrowserSession(Base):
    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(300), default="")


class Guesses(Base):
    """How often somebody failed to sign in, by account and by network address."""

    __tablename__ = "sign_in_guesses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[datetime | None] = mapped_column(Instant)


def check_password(
    session: Session, email: str, password: str, *, address: str, now: datetime, via: str = "page"
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
            by=Actor(None, email[:120], Role.CLOCK, via, address=address),
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
            token_hash=hash_of(token),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            user_agent=user_agent[:300],
        )
    )
    return token


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    if token:
        mine = (BrowserSession.token_hash == hash_of(token)) & BrowserSession.ended_at.is_(None)
        session.execute(update(BrowserSession).where(mine).values(ended_at=now))


def end_all(session: Session, user_id: int, *, now: datetime, keep: str = "") -> None:
    """After a password change or when somebody leaves: every browser but the one with the token `keep`."""
    open_ones = (BrowserSession.user_id == user_id) & BrowserSession.ended_at.is_(None)
    if keep:
        open_ones &= BrowserSession.token_hash != hash_of(keep)
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
            BrowserSession.token_hash == hash_of(token),
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
    seen = session.scalar(select(BrowserSession.seen_at).where(BrowserSession.token_hash == hash_of(token)))
    return seen is not None and now - seen > TOUCH_EVERY


def touch(session: Session, token: str, now: datetime) -> None:
    session.execute(
        update(BrowserSession).where(BrowserSession.token_hash == hash_of(token)).values(seen_at=now)
    )


def _guesses(session: Session, what: str) -> Guesses:
    key = hash_of(what)
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
