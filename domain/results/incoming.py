"""What the outside reported, also about messages that we don't know. Kept for a while: it is how a repeat is known.

The address lies here in plain text only as long as its owner is not erased; what is counted goes by its keyed hash.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Index, String, Text, UniqueConstraint, delete, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from data.prepared import Prepared, among, plain, slot
from domain.results.post import Token
from domain.results.report import Kind, Report

KEPT_FOR: Final = timedelta(days=180)
TOKENS_KEPT_FOR: Final = timedelta(days=8)  # longer than any setting lets a post be old


class IncomingEvent(Base):
    __tablename__ = "incoming_events"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index(
            "ix_incoming_events_address",
            "address_hash",
            "kind",
            sqlite_where=text("address_hash IS NOT NULL"),
        ),
        Index("ix_incoming_events_message", "provider", "message_id", sqlite_where=text("message_id <> ''")),
        Index("ix_incoming_events_delivery", "delivery_id", sqlite_where=text("delivery_id IS NOT NULL")),
        # Each with the numbers of its rows in order, so that the newest of a rare kind are found at once.
        Index("ix_incoming_events_kind", "kind"),
        Index("ix_incoming_events_provider", "provider"),
        Index("ix_incoming_events_strange", "kind", sqlite_where=text("delivery_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    permanent: Mapped[bool | None]
    address: Mapped[str] = mapped_column(String(320), default="")
    address_hash: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(30))  # a Cause
    status: Mapped[str] = mapped_column(String(16), default="")
    diagnostic: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str] = mapped_column(String(200), default="")  # the provider's
    at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    delivery_id: Mapped[int | None]  # no foreign key: it is a note, not a part
    said: Mapped[str] = mapped_column(String(80), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    agent: Mapped[str] = mapped_column(Text, default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    excerpt: Mapped[str] = mapped_column(Text, default="")


class UsedToken(Base):
    """A token that is good for one post, and the post it came with."""

    __tablename__ = "used_tokens"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    token: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))  # a hash
    at: Mapped[datetime] = mapped_column(Instant)


def use(session: Session, provider: str, given: Token, *, now: datetime) -> bool | None:
    """True: the first time. None: the same post once more. False: somebody uses it for another post."""
    known = session.get(UsedToken, (provider, given.token))
    if known is not None:
        return None if known.body == given.body else False
    session.add(UsedToken(provider=provider, token=given.token, body=given.body, at=now))
    session.flush()
    return True


def fresh(session: Session, reports: Sequence[Report]) -> list[Report]:
    """Those that were not told before, each once."""
    told: set[tuple[str, str]] = set()
    by_provider: dict[str, list[str]] = {}
    for one in reports:
        by_provider.setdefault(one.provider, []).append(one.event_id)
    for provider, numbers in by_provider.items():
        known = _known().run(session, provider=provider, ids=json.dumps(numbers))
        told |= {(provider, number) for (number,) in known}
    news = []
    for one in reports:
        if (one.provider, one.event_id) not in told:
            told.add((one.provider, one.event_id))
            news.append(one)
    return news


def keep(session: Session, rows: list[dict[str, Any]]) -> None:
    """Rows with every column but the number."""
    if rows:
        _adding().run_each(session, [{name: plain(value) for name, value in row.items()} for row in rows])


def listed(
    session: Session,
    *,
    provider: str | None = None,
    kind: str | None = None,
    matched: bool | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[IncomingEvent]:
    """Newest first."""
    query = select(IncomingEvent).where(*_wanted(provider, kind, matched)).order_by(IncomingEvent.id.desc())
    return list(session.scalars((query.where(IncomingEvent.id < before) if before else query).limit(limit)))


def how_many(
    session: Session, *, provider: str | None = None, kind: str | None = None, matched: bool | None = None
) -> int:
    wanted = _wanted(provider, kind, matched)
    return session.scalar(select(func.count()).select_from(IncomingEvent).where(*wanted)) or 0


def forget_old(session: Session, *, now: datetime) -> None:
    """Rows lie in the order in which they came, so only those that go are looked at."""
    first = select(func.min(IncomingEvent.id)).where(IncomingEvent.received_at >= now - KEPT_FOR)
    youngest = session.scalar(select(func.max(IncomingEvent.id))) or 0
    stays = session.scalar(first) or youngest + 1
    session.execute(delete(IncomingEvent).where(IncomingEvent.id < stays))
    session.execute(delete(UsedToken).where(UsedToken.at < now - TOKENS_KEPT_FOR))


def _wanted(provider: str | None, kind: str | None, matched: bool | None) -> list[Any]:
    wanted: list[Any] = []
    if provider:
        wanted.append(IncomingEvent.provider == provider)
    if kind:
        wanted.append(IncomingEvent.kind == kind)
    if matched is not None:
        is_known = IncomingEvent.delivery_id.is_not(None)
        wanted.append(is_known if matched else ~is_known)
    return wanted


@cache
def _known() -> Prepared:
    theirs = IncomingEvent.provider == slot("provider", String)
    return Prepared(select(IncomingEvent.event_id).where(theirs, among(IncomingEvent.event_id, "ids")))


@cache
def _adding() -> Prepared:
    columns = [one.name for one in IncomingEvent.__table__.columns if one.name != "id"]
    return Prepared(insert(IncomingEvent).values({name: slot(name, String) for name in columns}))
