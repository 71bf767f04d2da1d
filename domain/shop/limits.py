"""How much a mail account may send in a second, an hour and a day: the provider's limits, kept by everybody together.

All workers share the file, so the write lock of the unit of work makes a reservation exact. Ask the clock inside the
unit: a moment that was read before a long wait for the lock lies in the past, and what it grants would be sent later.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import islice, takewhile
from typing import Any, ClassVar, Literal

from sqlalchemy import JSON, ColumnElement, Integer, String, and_, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.prepared import Prepared, slot
from domain.shop.places import AHEAD, Places, still

Why = Literal["", "second", "hour", "day", "people", "person"]  # so many people a day; so soon again to one

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
JOURNEY = timedelta(milliseconds=150)  # so much longer one message may take to the server than the next
UNSURE, UNSURE_SHARE = timedelta(milliseconds=2), 0.05  # of the way there and back, whichever is more
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
KEPT = timedelta(days=2)
ENDLESS = 1_000_000_000


class MailPace(Base):
    """The places of this second that an account has given away. Account 0: the one of the environment."""

    __tablename__ = "mail_paces"

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken: Mapped[list[Any]] = mapped_column(JSON, default=list)  # see domain/shop/places.py


class MailMinute(Base):
    """How many messages an account handed over in a minute: the sliding hour and day are sums of these."""

    __tablename__ = "mail_minutes"

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minute: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    messages: Mapped[int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages in a second, an hour, a day, and on one connection. None: the provider has no such limit.

    A mail server answers when it likes, so its answers are not waited for: a journey is allowed for, and all go evenly.
    """

    per_second: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    per_connection: int | None = None
    journey: ClassVar[timedelta] = JOURNEY  # after which what nobody answered is thought to have arrived
    spread: ClassVar[timedelta] = timedelta(seconds=1) + JOURNEY  # see domain/shop/places.py
    hurry: ClassVar[int] = 1

    @property
    def are_timed(self) -> bool:
        return (self.per_second, self.per_hour, self.per_day) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Grant:
    """So many messages may go now. If that is fewer than wanted: what stands in the way, and until when.

    `turns`: where so many go in a second, the moment of each. It may lie a little ahead, and is to be waited for.
    """

    granted: int
    why: Why
    until: datetime | None
    turns: tuple[datetime, ...] = ()


def grant(session: Session, account_id: int, limits: Limits, wanted: int, *, now: datetime) -> Grant:
    """Reserve up to `wanted` messages in this transaction. What is reserved counts as sent."""
    if not limits.are_timed or wanted <= 0:
        return Grant(max(wanted, 0), "", None)
    bounds = _bounds(session, account_id, limits, now)
    granted = min(wanted, *(bound.free for bound in bounds))
    told = Grant(granted, "", None) if granted == wanted else _short(bounds, granted)
    if not granted:
        return told
    turns = _reserve(session, account_id, limits, bounds, granted, now)
    return Grant(told.granted, told.why, told.until, turns)


def room(session: Session, account_id: int, limits: Limits, *, now: datetime) -> Grant:
    """How many could go now, and when there would be more. Nothing is reserved."""
    if not limits.are_timed:
        return Grant(ENDLESS, "", None)
    bounds = _bounds(session, account_id, limits, now)
    return _short(bounds, min(bound.free for bound in bounds))


def note_arrived(
    session: Session, account_id: int, arrived: Mapping[datetime, datetime], *, now: datetime
) -> None:
    """When messages were there at the latest, by their turns: the next one may follow a second later."""
    places = _places(session, account_id, now)
    places.note_arrived({_ticks(turn): _ticks(at) for turn, at in arrived.items()})
    _keep(session, account_id, places)


def give_back(session: Session, account_id: int, turns: Iterable[datetime], *, now: datetime) -> None:
    """Nobody went: somebody else may."""
    places = _places(session, account_id, now)
    places.give_back(_ticks(turn) for turn in turns)
    _keep(session, account_id, places)


@dataclass(slots=True)
class Journeys:
    """What is learned of the way to a provider and back, while messages go there, `most` a second.

    A message was there when it was answered, and even then that was a while ago: by what the shortest answer took, which
    is the way itself. If that were not taken off, whoever is far from the provider would be slow. A little is left, as
    the way may become shorter; and nothing is taken off before a whole second's answers were heard.
    """

    most: int
    shortest: timedelta = timedelta.max
    heard: int = 0

    def arrived(self, turn: datetime, answered: datetime) -> datetime:
        """When it was there at the latest."""
        took = answered - turn
        if took <= timedelta(0):  # it was called off before its turn
            return turn
        self.heard, self.shortest = self.heard + 1, min(self.shortest, took)
        sure = self.shortest - max(UNSURE, self.shortest * UNSURE_SHARE)
        return answered - max(sure, timedelta(0)) if self.heard > self.most else answered


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
class _Second:
    """What may go within a second of any other, see domain/shop/places.py."""

    places: Places
    now: datetime
    why: Why = "second"

    @cached_property
    def turns(self) -> tuple[int, ...]:
        """Of those who may be told of it now."""
        until = _ticks(self.now) + AHEAD
        return tuple(takewhile(lambda turn: turn <= until, self.places.turns(_ticks(self.now))))

    @property
    def free(self) -> int:
        return len(self.turns)

    def next_after(self, granted: int) -> datetime:
        turn = next(islice(self.places.turns(_ticks(self.now)), granted, None))
        return max(self.now, _moment(turn - AHEAD))


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


_Bound = _Second | _Window


def _bounds(session: Session, account_id: int, limits: Limits, now: datetime) -> list[_Bound]:
    bounds: list[_Bound] = []
    if limits.per_second is not None:
        bounds.append(_Second(_places(session, account_id, now, limits), now))
    if limits.per_hour is not None:
        bounds.append(_Window(session, account_id, limits.per_hour, HOUR, now, "hour"))
    if limits.per_day is not None:
        bounds.append(_Window(session, account_id, limits.per_day, DAY, now, "day"))
    return bounds


def _places(session: Session, account_id: int, now: datetime, limits: Limits = Limits()) -> Places:
    kept = _reading().run(session, account=account_id).scalar()
    taken = still(json.loads(kept or "[]"), _ticks(now))
    return Places(taken, limits.per_second or 1, limits.journey // TICK, limits.spread // TICK, limits.hurry)


def _keep(session: Session, account_id: int, places: Places) -> None:
    _keeping().run(session, account=account_id, taken=json.dumps(places.taken))


@cache
def _reading() -> Prepared:
    return Prepared(select(MailPace.taken).where(MailPace.account_id == slot("account", Integer)))


@cache
def _keeping() -> Prepared:
    statement = insert(MailPace).values(account_id=slot("account", Integer), taken=slot("taken", String))
    anew = {"taken": statement.excluded.taken}
    return Prepared(statement.on_conflict_do_update(index_elements=["account_id"], set_=anew))


def _reserve(
    session: Session, account_id: int, limits: Limits, bounds: Sequence[_Bound], granted: int, now: datetime
) -> tuple[datetime, ...]:
    """The turns of those who go, where there are any."""
    turns: tuple[int, ...] = ()
    for bound in bounds:
        if isinstance(bound, _Second):
            turns = bound.turns[:granted]
            bound.places.take(turns)
            _keep(session, account_id, bound.places)
    if limits.per_hour is not None or limits.per_day is not None:
        minute = _minute_of(now)
        known = session.get(MailMinute, (account_id, minute))
        before = known.messages if known else 0
        session.merge(MailMinute(account_id=account_id, minute=minute, messages=before + granted))
        session.flush()
    return tuple(_moment(turn) for turn in turns)


def _short(bounds: Sequence[_Bound], granted: int) -> Grant:
    """The limit that bites hardest is the one that lets go last."""
    hardest = max(bounds, key=lambda bound: bound.next_after(granted))
    return Grant(granted, hardest.why, hardest.next_after(granted))


def _minute_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _ticks(moment: datetime) -> int:
    return (moment - EPOCH) // TICK


def _moment(ticks: int) -> datetime:
    return EPOCH + ticks * TICK
