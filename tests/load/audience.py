"""How long counting and enlisting take in a large shop: `python -m tests.load.audience [customers]`.

Makes a database of its own in a temporary folder. Prints the median of several counts in milliseconds.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, literal, select, text
from sqlalchemy.orm import Session

from data.base import Instant
from data.config import Config, use_config
from data.database import close_database, open_database, reading, unit
from data.secrets import use_keys
from domain import tables
from domain.audience import audience, segments
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book import statuses
from domain.book.consent import MessageType, Preference, Suppression
from domain.book.customers import Customer, CustomerDate, CustomerTag, Tag
from domain.book.search import FTS_DDL
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop import shop as shops

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TAGS = ["gold", "watches", "pearls", "repairs", "corporate", "engagement"]
LEDGER = [
    "dispatch_id", "customer_id", "address_key", "state", "attempts", "tries", "next_at", "handed_at", "settled_at",
]  # fmt: skip
GOAL_MS = 50
ROUNDS = 9


def main(customers: int) -> None:
    print(
        f"{customers:,} customers; count: median and slowest of {ROUNDS} in ms (goal {GOAL_MS} for all and tags)"
    )
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        fill(Path(folder) / "load.db", customers)
        for name, given in AUDIENCES.items():
            print_line(name, timed(partial(count, given)))
        print(f"{'enlist everyone':<28}{enlist_ms():9.1f}")
        with unit() as session:
            write_launches(session)
        for name, messages in {"all, no limit": None, "all, limit far": 3, "all, limit reached": 2}.items():
            limit(messages)
            print_line(name, timed(partial(count, {"type": "all"})))
        close_database()


AUDIENCES: dict[str, dict[str, Any]] = {
    "all": {"type": "all"},
    "tags (two)": {"type": "tags", "tags": ["gold", "watches"]},
    "by hand (1,000)": {"type": "manual", "customerIds": list(range(1, 1001))},
    "status": {"type": "status", "statuses": ["vip"]},
    "segment: may email": {"type": "segment", "segmentId": 1},
    "segment: inactive 90+": {"type": "segment", "segmentId": 3},
    "segment: birthday in 14": {"type": "segment", "segmentId": 4},
    "rule: own field and range": {
        "type": "rule",
        "rule": {
            "all": [
                {"field": "attrs.ring", "op": "gte", "value": 58},
                {"field": "created_at", "op": "within_days", "value": 900},
            ]
        },
    },
}


def limit(messages: int | None) -> None:
    """So many marketing messages in seven days: with two launches, three are out of reach."""
    with unit() as session:
        shop = shops.kept(session)
        shop.cap_messages, shop.cap_days = messages, messages and 7


def count(given: dict[str, Any]) -> None:
    with reading() as session:
        audience.count(session, Audience.parse(given), EMAIL_REACH, MessageType.MARKETING, now=NOW)


def timed(work: Callable[[], None]) -> list[float]:
    work()
    return [once(work) for _ in range(ROUNDS)]


def once(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return (time.monotonic() - start) * 1000


def print_line(name: str, took: list[float]) -> None:
    print(f"{name:<28}{statistics.median(took):9.1f}{max(took):9.1f}")


def enlist_ms() -> float:
    """Nothing of it is kept."""
    with reading() as session:
        session.connection(execution_options={"writes": True})
        session.execute(text("PRAGMA defer_foreign_keys=ON"))  # the dispatch itself is not what is measured
        start = time.monotonic()
        audience.enlist(session, 1, Audience(), EMAIL_REACH, MessageType.MARKETING, now=NOW, next_at=NOW)
        took = (time.monotonic() - start) * 1000
        session.rollback()
    return took


def fill(path: Path, customers: int) -> None:
    engine = open_database(path)
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        for statement in FTS_DDL:
            connection.execute(text(statement))
    with unit() as session:
        statuses.ensure_usual(session)
        segments.ensure_system(session, NOW)
        session.add_all([Tag(id=number, name=name) for number, name in enumerate(TAGS, 1)])
        session.flush()
        write_customers(session, customers, random.Random(7))
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def write_customers(session: Session, customers: int, chance: random.Random) -> None:
    """As a shop's book looks: 4 % without an address, 7 % opted out, 2 % bounced, some families with one address."""
    people, tags, dates = [], [], []
    for number in range(1, customers + 1):
        people.append(person(number, chance))
        tags += [
            {"customer_id": number, "tag_id": tag} for tag in chance.sample(range(1, 7), chance.randint(0, 2))
        ]
        dates.append(birthday(number, chance))
    session.execute(insert(Customer), people)
    session.execute(insert(CustomerTag), tags)
    session.execute(insert(CustomerDate), dates)
    session.execute(insert(Preference), [said_no(number) for number in range(1, customers, 33)])
    session.execute(insert(Suppression), [kept_out(number) for number in range(1, customers, 97)])


def person(number: int, chance: random.Random) -> dict[str, Any]:
    same_as = number - 1 if number % 40 == 0 else number
    key = None if chance.random() < 0.04 else f"person{same_as}@family{same_as % 5000}.example"
    created = NOW - timedelta(days=chance.randint(0, 2000))
    return {
        "id": number, "first_name": f"First{number % 900}", "last_name": f"Last{number % 7000}", "company": "",
        "email": key or "", "email_key": key, "email_hash": f"hash{same_as}" if key else None,
        "email_trouble": "bounced" if chance.random() < 0.02 else None, "phone": f"+4420{number:08}",
        "status": chance.choice(["lead", "customer", "customer", "vip", "former"]),
        "marketing_opt_out": chance.random() < 0.07, "active_at": created + timedelta(days=chance.randint(0, 200)),
        "notes": "Likes white gold, small hoops and being called back after five." if number % 3 == 0 else "",
        "attrs": {"ring": str(chance.randint(44, 64))} if number % 2 else {},
        "created_at": created, "updated_at": created,
    }  # fmt: skip


def birthday(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "customer_id": number,
        "kind": "birthday",
        "month": chance.randint(1, 12),
        "day": chance.randint(1, 28),
    }


def write_launches(session: Session) -> None:
    """Two launches of this week that went to everybody."""
    for number in (1, 2):
        at = NOW - timedelta(days=number)
        session.add(launch(number, at))
        session.flush()
        who = select(literal(number), Customer.id, Customer.phone, literal("sent"), literal(1), literal(0))
        when = literal(at, Instant)
        rows = who.add_columns(when, when, when)
        session.execute(insert(Delivery).from_select(LEDGER, rows, include_defaults=False))


def launch(number: int, at: datetime) -> Dispatch:
    return Dispatch(
        id=number, name="Launch", channel="email", message_type=MessageType.MARKETING, state=DispatchState.SENT,
        from_name="Shop", from_email="shop@load.example", subject="Hello", content_hash="0", audience={"type": "all"},
        audience_label="Everyone", practice=True, created_at=at, starts_at=at, finished_at=at,
    )  # fmt: skip


def said_no(number: int) -> dict[str, Any]:
    return {
        "customer_id": number, "channel": "email", "message_type": MessageType.MARKETING,
        "allowed": False, "changed_at": NOW,
    }  # fmt: skip


def kept_out(number: int) -> dict[str, Any]:
    return {
        "channel": "email",
        "address_hash": f"hash{number}",
        "scope": "all",
        "reason": "unsubscribed",
        "at": NOW,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
