"""Enough is enough (N12): who got as many marketing messages lately as the shop sends at most, over all channels.

Asked at the launch and in everything that foretells it, and not again at the hand-over: a message that was promised
by a launch leaves. What was sent in practice counts only as long as the shop practises.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.orm import Session

from data.base import Instant
from domain.book.consent import MessageType
from domain.ledger.deliveries import OPEN, REACHED, Delivery
from domain.shop import mail
from domain.shop.sending_rules import Cap
from domain.shop.shop import read as read_shop

# The wing that owns dispatches lies above this one; here only these of its columns are looked at.
LAUNCHES: Final = table(
    "dispatches",
    column("id"),
    column("message_type"),
    column("state"),
    column("practice"),
    column("created_at", Instant),
    column("finished_at", Instant),
)
RUNNING: Final = ("waiting", "sending", "paused")
CAPPED: Final = [str(kind) for kind in MessageType if kind.needs_consent]
# A launch may have been put off or paused; one that rested for longer than this is not looked for.
LONGEST_REST: Final = timedelta(days=30)
MOST_DAYS_NAMED: Final = 4
# Added to a customer's number, so that SQLite does not walk its index of customers over all years.
NOUGHT: Final[ColumnElement[int]] = literal_column("0")
COUNTED: Final = tuple(dict.fromkeys([*OPEN, *REACHED]))


def spared(session: Session, message_type: MessageType, *, now: datetime) -> CTE | None:
    """`customer_id` of those who got enough, gathered once for a whole statement; None where nobody can be spared."""
    cap = read_shop(session).cap
    if cap is None or not message_type.needs_consent:
        return None
    launches = _launches(session, cap, now)
    if len(launches) < cap.messages:  # a launch writes to nobody twice
        return None
    person = Delivery.customer_id + NOUGHT
    found = select(person.label("customer_id")).where(_counts(launches, cap, now)).group_by(person)
    return found.having(func.count() >= cap.messages).cte("spared").prefix_with("MATERIALIZED")


def sentence(session: Session, customer_id: int, *, now: datetime) -> str:
    """ "Already got 2 marketing messages in the last 7 days (12 Nov and 16 Nov), and the shop sends no more than 2." """
    shop = read_shop(session)
    if shop.cap is None:
        return "Got enough marketing messages lately."
    mine = _counts(_launches(session, shop.cap, now), shop.cap, now), Delivery.customer_id == customer_id
    rows = session.execute(select(Delivery.state, _at()).where(*mine).order_by(_at(), Delivery.id)).all()
    on_the_way = sum(row.state in OPEN for row in rows)
    days = _days([row.at for row in rows if row.state not in OPEN], shop.zone)
    said = _got(len(rows) - on_the_way, on_the_way, days, shop.cap)
    return f"{said}, and the shop sends no more than {shop.cap.messages:,}."


def _launches(session: Session, cap: Cap, now: datetime) -> dict[int, datetime]:
    """Those that may have written to somebody within the days of the limit, and when each was pressed."""
    since = now - timedelta(days=cap.days)
    recent = and_(
        LAUNCHES.c.created_at > since - LONGEST_REST,
        or_(LAUNCHES.c.finished_at.is_(None), LAUNCHES.c.finished_at > since),
    )
    counts = LAUNCHES.c.message_type.in_(CAPPED), _counts_today(session)
    found = select(LAUNCHES.c.id, LAUNCHES.c.created_at)
    running = found.where(LAUNCHES.c.state.in_(RUNNING), *counts)
    return dict(iter(session.execute(found.where(recent, *counts).union(running))))


def _counts_today(session: Session) -> ColumnElement[bool]:
    return true() if mail.is_practice(session) else LAUNCHES.c.practice.is_(False)


def _counts(launches: dict[int, datetime], cap: Cap, now: datetime) -> ColumnElement[bool]:
    """Got it lately, may have got it, or is about to. The time of a row is looked at only where it can be too old."""
    since = now - timedelta(days=cap.days)
    mine = and_(Delivery.dispatch_id.in_(launches), Delivery.customer_id.is_not(None))
    if all(pressed > since for pressed in launches.values()):
        return and_(mine, Delivery.state.in_(COUNTED))
    return and_(mine, or_(Delivery.state.in_(OPEN), and_(Delivery.state.in_(REACHED), _at() > since)))


def _at() -> ColumnElement[datetime]:
    return func.coalesce(Delivery.handed_at, Delivery.settled_at, type_=Instant).label("at")


def _got(got: int, on_the_way: int, days: str, cap: Cap) -> str:
    if not got:
        return f"{_messages(on_the_way)} {'is' if on_the_way == 1 else 'are'} already on the way"
    more = f", {on_the_way:,} more {'is' if on_the_way == 1 else 'are'} on the way" if on_the_way else ""
    return f"Already got {_messages(got)} in {cap.window}{days}{more}"


def _messages(number: int) -> str:
    return f"{number:,} marketing message{'' if number == 1 else 's'}"


def _days(moments: list[datetime], zone: ZoneInfo) -> str:
    """(12 Nov and 16 Nov), or from the first to the last where they are many."""
    local = [moment.astimezone(zone) for moment in moments]
    days = list(dict.fromkeys(f"{day.day} {day:%b}" for day in local))
    if not days:
        return ""
    if len(days) > MOST_DAYS_NAMED:
        return f" ({days[0]} to {days[-1]})"
    return f" ({' and '.join(filter(None, [', '.join(days[:-1]), days[-1]]))})"
