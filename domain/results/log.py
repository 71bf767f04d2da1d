"""Every message to everybody, over all sends, newest first: the log in which somebody looks for one of them.

The newest send comes first, and within it the order of the ledger. Sends are counted by an index; then only those are
opened that hold the page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, select, text
from sqlalchemy.orm import Session

from data.listed import listed
from domain.book import search
from domain.ledger import deliveries
from domain.ledger.deliveries import Delivery, Heard, Line, State
from domain.ledger.held import is_held
from domain.refusal import Kind, Refusal
from domain.sending.dispatches import Dispatch

MOST_PEOPLE: Final = 2_000  # who fit what was typed; beyond that it is too short to look for messages
TOO_MANY: Final = "too_many_people"
TYPE_MORE: Final = (
    f"More than {MOST_PEOPLE:,} people fit these letters. Type more of the name or the address."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages: of sends launched in a span of time, by a channel, in these states, of which this was heard."""

    states: tuple[State, ...] = ()
    heard: tuple[Heard, ...] = ()
    search: str = ""  # a name, or an address
    since: datetime | None = None
    until: datetime | None = None
    channel: str = ""
    held: bool | None = None  # by WhatsApp itself; False: without those


@dataclass(frozen=True, slots=True)
class Page:
    lines: list[Line]
    sends: dict[int, Dispatch]  # those that the lines belong to
    total: int
    last_id: int | None  # the next page begins behind it, if there is one


def page(session: Session, asked: Asked, *, after: int | None = None, limit: int = 50) -> Page:
    """From the row behind the number `after` on. Raises Refusal where too many people are called so."""
    if asked.search.strip():
        meant = _meant(session, asked)
        found = deliveries.by_send(session, meant, after=_place(session, after), limit=limit + 1)
        total = deliveries.how_many(session, meant)
    else:
        counts = _counts(session, asked)
        found, total = _from_sends(session, asked, list(counts), after, limit + 1), sum(counts.values())
    shown = found[:limit]
    last_id = shown[-1].id if len(found) > limit else None
    return Page(shown, sends_of(session, shown), total, last_id)


def lot(session: Session, asked: Asked, *, after: int | None, limit: int) -> list[Line]:
    """Without a count, for a file."""
    if asked.search.strip():
        return deliveries.by_send(session, _meant(session, asked), after=_place(session, after), limit=limit)
    return _from_sends(session, asked, list(_counts(session, asked)), after, limit)


def _meant(session: Session, asked: Asked) -> ColumnElement[bool]:
    """To people who are called so or have this address today, or to just this address at any time."""
    typed = asked.search.strip()
    people = search.anybody(session, typed, MOST_PEOPLE)
    if len(people) > MOST_PEOPLE:
        raise Refusal(TOO_MANY, TYPE_MORE, Kind.MALFORMED, field="search")
    to_them = select(Delivery.id).where(Delivery.customer_id.in_(listed(people)))
    # Written out as in the unique index, so that the database sees that it fits.
    there = and_(Delivery.address_key == typed.lower(), text("deliveries.state != 'skipped'"))
    to_it = select(Delivery.id).where(Delivery.dispatch_id.in_(select(Dispatch.id)), there)
    return and_(Delivery.id.in_(to_them.union(to_it)), *_conditions(asked))


def _counts(session: Session, asked: Asked) -> dict[int, int]:
    """By send, the newest first; those without any are left out."""
    query = (
        select(Delivery.dispatch_id, func.count())
        .where(*_conditions(asked))
        .group_by(Delivery.dispatch_id)
        .order_by(Delivery.dispatch_id.desc())
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _from_sends(
    session: Session, asked: Asked, sends: list[int], after: int | None, limit: int
) -> list[Line]:
    """`sends` hold something that is asked for: only so many are opened as the page has room for."""
    place = _place(session, after)
    found: list[Line] = []
    for one in sends:
        if place and one > place[0]:
            continue
        mine = and_(Delivery.dispatch_id == one, *_told(asked))
        behind = place[1] if place and one == place[0] else 0
        found += deliveries.lines(session, mine, after=behind, limit=limit - len(found))
        if len(found) >= limit:
            break
    return found


def _place(session: Session, row: int | None) -> tuple[int, int] | None:
    """The row with its send; one that never was is the end of nothing."""
    send = session.scalar(select(Delivery.dispatch_id).where(Delivery.id == row)) if row else None
    return (send, row) if send and row else None


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    sends = _launched(asked)
    return _told(asked) if sends is None else [Delivery.dispatch_id.in_(sends), *_told(asked)]


def _told(asked: Asked) -> list[ColumnElement[bool]]:
    told: list[ColumnElement[bool]] = [Delivery.state.in_(asked.states)] if asked.states else []
    if asked.heard:
        told.append(Delivery.heard.in_(asked.heard))
    if asked.held is not None:
        held = func.coalesce(is_held(), false())
        told.append(held if asked.held else not_(held))
    return told


def _launched(asked: Asked) -> Select[int] | None:
    """None: every send."""
    wanted: list[ColumnElement[bool]] = []
    if asked.since:
        wanted.append(Dispatch.created_at >= asked.since)
    if asked.until:
        wanted.append(Dispatch.created_at < asked.until)
    if asked.channel:
        wanted.append(Dispatch.channel == asked.channel)
    return select(Dispatch.id).where(*wanted) if wanted else None


def sends_of(session: Session, lines: list[Line]) -> dict[int, Dispatch]:
    those = sorted({line.dispatch_id for line in lines})
    return {one.id: one for one in session.scalars(select(Dispatch).where(Dispatch.id.in_(those)))}
