"""Enough is enough (N12): who got as many marketing messages lately as the shop sends at most, over all channels.

Asked at the launch and in everything that foretells it, and not again at the hand-over: a message that was promised
by a launch leaves. What was sent in practice counts only as long as the shop practises.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.orm import Session

from data.base import Instant
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.book.side_tables import SharedAddress
from domain.ledger.deliveries import OPEN, REACHED, Delivery, State
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
ONCE_EACH: Final = text("deliveries.state != 'skipped'")  # the words of the index by address
GATHERED: Final = "MATERIALIZED"
WHOSE_OWN: Final = ("Already", "")
WHOSE_ADDRESS: Final = ("This address already", " to this address")


def spared(
    session: Session,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    of_many: bool = True,
    but: int | None = None,
) -> ColumnElement[bool] | None:
    """Over `customers`: got enough, or shares a mailbox that did. None where nobody can be spared. `but` for one send.

    Gathered once for a whole statement; not `of_many` reads only what one customer got.
    """
    cap = read_shop(session).cap
    if cap is None or not message_type.needs_consent:
        return None
    launches = _launches(session, cap, now)
    launches.pop(but or 0, None)
    if len(launches) < cap.messages:  # a launch writes to nobody twice
        return None
    if not of_many:
        return _one_spared(reach, launches, cap, now)
    people, mailboxes = _people(launches, cap, now), _mailboxes(reach, launches, cap, now)
    return or_(Customer.id.in_(select(people.c.id)), reach.address.in_(select(mailboxes.c.address)))


def shared(reach: Reach) -> Select[Any]:
    """Addresses that stand twice in the book: they are few."""
    found = select(SharedAddress.address).where(SharedAddress.place == reach.place)
    return found.group_by(SharedAddress.address).having(func.count() > 1)


def sentence(session: Session, customer_id: int, address: str, *, now: datetime) -> str:
    """ "Already got 2 marketing messages in the last 7 days (12 Nov and 16 Nov), and the shop sends no more than 2." """
    shop = read_shop(session)
    if shop.cap is None:
        return "Got enough marketing messages lately."
    got = _got(session, Delivery.customer_id == customer_id, shop.cap, now)
    whose = WHOSE_OWN
    if len(got) < shop.cap.messages:  # then it is not this person alone
        got, whose = _got(session, Delivery.address_key == address, shop.cap, now), WHOSE_ADDRESS
    on_the_way = sum(state in OPEN for state, _ in got)
    days = _days([at for state, at in got if state not in OPEN], shop.zone)
    said = _said(whose, len(got) - on_the_way, on_the_way, days, shop.cap)
    return f"{said}, and the shop sends no more than {shop.cap.messages:,}."


def _people(launches: dict[int, datetime], cap: Cap, now: datetime) -> CTE:
    person = Delivery.customer_id + NOUGHT
    found = select(person.label("id")).where(_counts(launches, cap, now), Delivery.customer_id.is_not(None))
    return found.group_by(person).having(func.count() >= cap.messages).cte("spared").prefix_with(GATHERED)


def _one_spared(reach: Reach, launches: dict[int, datetime], cap: Cap, now: datetime) -> ColumnElement[bool]:
    counted = select(func.count()).select_from(Delivery).where(_counts(launches, cap, now))
    person = counted.where(Delivery.customer_id == Customer.id).correlate(Customer)
    mailbox = counted.where(Delivery.address_key == reach.address, ONCE_EACH).correlate(Customer)
    shares = reach.address.in_(shared(reach))
    return or_(
        person.scalar_subquery() >= cap.messages,
        and_(shares, mailbox.scalar_subquery() >= cap.messages),
    )


def _mailboxes(reach: Reach, launches: dict[int, datetime], cap: Cap, now: datetime) -> CTE:
    """Of a family with one address only: another address is its customer's, who is counted anyway."""
    address = Delivery.address_key
    theirs = address.in_(shared(reach)), ONCE_EACH, _counts(launches, cap, now)
    found = select(address.label("address")).where(*theirs).group_by(address)
    return found.having(func.count() >= cap.messages).cte("spared_mailboxes").prefix_with(GATHERED)


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
    mine = Delivery.dispatch_id.in_(launches)
    if all(pressed > since for pressed in launches.values()):
        return and_(mine, Delivery.state.in_(COUNTED))
    return and_(mine, or_(Delivery.state.in_(OPEN), and_(Delivery.state.in_(REACHED), _at() > since)))


def _at() -> ColumnElement[datetime]:
    return func.coalesce(Delivery.handed_at, Delivery.settled_at, type_=Instant).label("at")


def _got(
    session: Session, mine: ColumnElement[bool], cap: Cap, now: datetime
) -> list[tuple[State, datetime]]:
    """What counts, in the order of time."""
    counted = _counts(_launches(session, cap, now), cap, now), mine
    rows = session.execute(select(Delivery.state, _at()).where(*counted).order_by(_at(), Delivery.id))
    return [(state, at) for state, at in rows]


def _said(whose: tuple[str, str], got: int, on_the_way: int, days: str, cap: Cap) -> str:
    who, to_whom = whose
    if not got:
        return f"{_messages(on_the_way)} {'is' if on_the_way == 1 else 'are'} already on the way{to_whom}"
    more = f", {on_the_way:,} more {'is' if on_the_way == 1 else 'are'} on the way" if on_the_way else ""
    return f"{who} got {_messages(got)} in {cap.window}{days}{more}"


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
