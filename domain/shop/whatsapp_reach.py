"""Whom the shop has written to on WhatsApp within a day, and when last: the platform counts people there, not messages.

Who was written to within the day counts once however often. The write lock of the unit of work makes the count exact.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, String, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.shop.limits import Grant

DAY: Final = timedelta(hours=24)
MARGIN: Final = timedelta(seconds=5)  # their clock may be behind ours
# Two messages to one person: the platform asks for six seconds, and the first may take one longer on its way to it.
BETWEEN: Final = timedelta(seconds=7)


class WhatsAppReached(Base):
    __tablename__ = "whatsapp_reached"

    address: Mapped[str] = mapped_column(String(160), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


def used(session: Session, *, now: datetime) -> int:
    """How many people count against the day's reach just now."""
    return session.scalar(select(func.count()).where(_within(now))) or 0


def room(session: Session, most: int, *, now: datetime) -> Grant:
    """How many new people there is room for, and when there is room for one more."""
    free = most - used(session, now=now)
    if free > 0:
        return Grant(free, "", None)
    return Grant(0, "people", _next(session, 1 - free, now))


def known(now: datetime) -> Select[str]:
    """Who counts already, so that one more message to them costs no reach."""
    return select(WhatsAppReached.address).where(_within(now))


def resting(now: datetime) -> Select[str]:
    """Who was written to a moment ago."""
    return select(WhatsAppReached.address).where(WhatsAppReached.at > now - BETWEEN)


def turns(session: Session, addresses: Sequence[str], most: int | None, *, now: datetime) -> dict[str, Grant]:
    """Who of these has to wait. All the others count from now on."""
    last = _last(session, addresses)
    waiting = {one: Grant(0, "person", at + BETWEEN) for one, at in last.items() if at + BETWEEN > now}
    new = [one for one in dict.fromkeys(addresses) if one not in last or last[one] <= now - DAY - MARGIN]
    if most is not None and new:
        there = room(session, most, now=now)
        late = new[there.granted :]
        if late:
            until = there.until or _next(session, 1, now)
            waiting.update(dict.fromkeys(late, Grant(0, "people", until)))
    _note(session, [one for one in dict.fromkeys(addresses) if one not in waiting], now)
    return waiting


def move(session: Session, old: str, new: str) -> None:
    """The same person, by another address: they count once."""
    was = session.scalar(select(WhatsAppReached.at).where(WhatsAppReached.address == old))
    if was is None:
        return
    session.execute(delete(WhatsAppReached).where(WhatsAppReached.address == old))
    _note(session, [new], max(was, _last(session, [new]).get(new, was)))


def forget_old(session: Session, *, now: datetime) -> None:
    session.execute(delete(WhatsAppReached).where(~_within(now)))


def forget_all(session: Session) -> None:
    """Another number has written to nobody."""
    session.execute(delete(WhatsAppReached))


def remember(session: Session, written: Mapping[str, datetime]) -> None:
    """Of a number that is the shop's again: when it last wrote to each of these."""
    for address, at in written.items():
        session.merge(WhatsAppReached(address=address, at=at))
    session.flush()


def _within(now: datetime) -> ColumnElement[bool]:
    return WhatsAppReached.at > now - DAY - MARGIN


def _last(session: Session, addresses: Sequence[str]) -> dict[str, datetime]:
    rows = select(WhatsAppReached.address, WhatsAppReached.at).where(WhatsAppReached.address.in_(addresses))
    return dict(iter(session.execute(rows)))


def _next(session: Session, so_many: int, now: datetime) -> datetime:
    """When so many have fallen out of the day."""
    rows = select(WhatsAppReached.at).where(_within(now)).order_by(WhatsAppReached.at)
    found: datetime | None = session.scalar(rows.offset(so_many - 1).limit(1))
    return (found or now) + DAY + MARGIN


def _note(session: Session, addresses: Sequence[str], now: datetime) -> None:
    if addresses:
        statement = insert(WhatsAppReached).values([{"address": one, "at": now} for one in addresses])
        session.execute(statement.on_conflict_do_update(index_elements=["address"], set_={"at": now}))
