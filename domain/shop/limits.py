"""How much a mail account may send in a second, an hour and a day: the provider's limits, kept by everybody together.

All workers share the file, so the write lock of the unit of work makes a reservation exact. Ask the clock inside the
unit: a moment that was read before a long wait for the lock lies in the past, and what it grants would be sent later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant

Why = Literal["", "second", "hour", "day", "people"]  # the last: so many different people a day

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOLERANCE = timedelta(milliseconds=50)  # so much of the future one transaction may give away at once
JOURNEY = timedelta(milliseconds=100)  # so much longer one message may take to the server than the next
CLOCK_SET_BACK = timedelta(seconds=2)  # no bucket is ever so full: the clock must have been ahead
KEPT = timedelta(days=2)
ENDLESS = 1_000_000_000


class MailPace(Base):
    """When an account may send its next message (a leaky bucket of one number). Account 0: the one of the environment."""

    __tablename__ = "mail_paces"

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    free_at: Mapped[datetime] = mapped_column(Instant)


class MailMinute(Base):
    """How many messages an account handed over in a minute: the sliding hour and day are sums of these."""

    __tablename__ = "mail_minutes"

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minute: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    messages: Mapped[int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages in a second, an hour, a day, and on one connection. None: the provider has no such limit."""

    per_second: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    per_connection: int | None = None

    @property
    def are_timed(self) -> bool:
        return (self.per_second, self.per_hour, self.per_day) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Grant:
    """So many messages may go now. If that is fewer than wanted: what stands in the way, and until when."""

    granted: int
    why: Why
    until: datetime | None


def grant(session: Session, account_id: int, limits: Limits, wanted: int, *, now: datetime) -> Grant:
    """Reserve up to `wanted` messages in this transaction. What is reserved counts as sent."""
    if not limits.are_timed or wanted <= 0:
        return Grant(max(wanted, 0), "", None)
    bounds = _bounds(session, account_id, limits, now)
    granted = min(wanted, *(bound.free for bound in bounds))
    told = Grant(granted, "", None) if granted == wanted else _short(bounds, granted)
    if granted:
        _reserve(session, account_id, limits, granted, now)
    return told


def room(session: Session, account_id: int, limits: Limits, *, now: datetime) -> Grant:
    """How many could go now, and when there would be more. Nothing is reserved."""
    if not limits.are_timed:
        return Grant(ENDLESS, "", None)
    bounds = _bounds(session, account_id, limits, now)
    return _short(bounds, min(bound.free for bound in bounds))


def form_of(account_id: int) -> int:
    """Under this number, far below those of other accounts, is kept what letters to those who sign up took of one."""
    return -1_000 - account_id


def forget(session: Session, account_id: int) -> None:
    """A removed account leaves nothing behind: its number may be given to another one."""
    both = (account_id, form_of(account_id))
    session.execute(delete(MailPace).where(MailPace.account_id.in_(both)))
    session.execute(delete(MailMinute).where(MailMinute.account_id.in_(both)))


def forget_old(session: Session, *, now: datetime) -> None:
    """Minutes that no limit looks at any more, and those of a clock that was far ahead."""
    outside = ~MailMinute.minute.between(now - KEPT, now + KEPT)
    session.execute(delete(MailMinute).where(outside))


@dataclass(frozen=True)
class _Bucket:
    """`free_at` is when the bucket is empty; a grant may come TOLERANCE before.

    A window of one second can never see more than the limit, neither here nor at the server: from the first to the
    last of one more lie at least limit × interval - TOLERANCE, and the interval makes that a second and a JOURNEY.
    """

    free_at: datetime
    interval: timedelta
    now: datetime
    why: Why = "second"

    @property
    def free(self) -> int:
        ahead = self.now + TOLERANCE - self.free_at
        return ahead // self.interval + 1 if ahead >= timedelta(0) else 0

    def next_after(self, granted: int) -> datetime:
        return self.free_at + granted * self.interval - TOLERANCE


@dataclass(frozen=True)
class _Window:
    """A minute counts whole until it has left entirely: too few at times, too many never."""

    session: Session
    account_id: int
    limit: int
    span: timedelta
    now: datetime
    why: Why

    @cached_property
    def free(self) -> int:
        """How many may go now."""
        used = self.session.scalar(select(func.sum(MailMinute.messages)).where(self._within)) or 0
        return max(0, self.limit - used)

    def next_after(self, granted: int) -> datetime:
        """When one more may go, after so many have gone now."""
        too_many = granted + 1 - self.limit
        rows = select(MailMinute.minute, MailMinute.messages).where(self._within)
        minutes = self.session.execute(rows.order_by(MailMinute.minute)).all()
        too_many += sum(messages for _, messages in minutes)
        if too_many <= 0:
            return self.now
        for minute, messages in minutes:
            too_many -= messages
            if too_many <= 0:
                return minute + MINUTE + self.span
        return _minute_of(self.now) + MINUTE + self.span

    @property
    def _within(self) -> ColumnElement[bool]:
        """Also what a clock that was ahead wrote down, but not from further ahead than the span: it would block long."""
        since, until = self.now - self.span - MINUTE, self.now + self.span
        return and_(
            MailMinute.account_id == self.account_id, MailMinute.minute > since, MailMinute.minute <= until
        )


_Bound = _Bucket | _Window


def _bounds(session: Session, account_id: int, limits: Limits, now: datetime) -> list[_Bound]:
    bounds: list[_Bound] = []
    if limits.per_second is not None:
        bounds.append(_Bucket(_free_at(session, account_id, now), _interval(limits.per_second), now))
    if limits.per_hour is not None:
        bounds.append(_Window(session, account_id, limits.per_hour, HOUR, now, "hour"))
    if limits.per_day is not None:
        bounds.append(_Window(session, account_id, limits.per_day, DAY, now, "day"))
    return bounds


def _free_at(session: Session, account_id: int, now: datetime) -> datetime:
    pace = session.get(MailPace, account_id)
    if pace is None or pace.free_at - now > CLOCK_SET_BACK:
        return now
    return max(now, pace.free_at)


def _interval(per_second: int) -> timedelta:
    """Rounded up to the microsecond, so that the tolerance is paid for in full."""
    whole = SECOND + TOLERANCE + JOURNEY
    return timedelta(microseconds=ceil(whole / timedelta(microseconds=1) / per_second))


def _reserve(session: Session, account_id: int, limits: Limits, granted: int, now: datetime) -> None:
    if limits.per_second is not None:
        full = _free_at(session, account_id, now) + granted * _interval(limits.per_second)
        session.merge(MailPace(account_id=account_id, free_at=full))
    if limits.per_hour is not None or limits.per_day is not None:
        minute = _minute_of(now)
        known = session.get(MailMinute, (account_id, minute))
        before = known.messages if known else 0
        session.merge(MailMinute(account_id=account_id, minute=minute, messages=before + granted))
    session.flush()


def _short(bounds: Sequence[_Bound], granted: int) -> Grant:
    """The limit that bites hardest is the one that lets go last."""
    hardest = max(bounds, key=lambda bound: bound.next_after(granted))
    return Grant(granted, hardest.why, hardest.next_after(granted))


def _minute_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
