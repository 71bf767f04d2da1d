"""The count and the launch agree, whatever the book looks like; the side tables hold what the book says."""

import json
import random
import shutil
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

import data.database
from data.database import close_database, open_database, reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, suppressions
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.person import CustomerTag, Tag
from domain.book.side_tables import CustomerFact, SharedAddress
from domain.ledger.deliveries import Delivery, State
from domain.sending.dispatches import Dispatch, DispatchState
from tests.cast import Cast

pytestmark = pytest.mark.thorough

PEOPLE = 90
AUDIENCES: list[dict[str, Any]] = [
    {"type": "all"},
    {"type": "tags", "tags": ["gold", "pearls"]},
    {"type": "tags", "tags": ["rare"]},
    {"type": "all", "exclude": {"tags": ["gold"]}},
    {"type": "manual", "customerIds": [*range(5, 60), 9_999]},
    {"type": "status", "statuses": ["vip"]},
    {"type": "rule", "rule": {"field": "attrs.ring", "op": "gte", "value": 52}},
    {"type": "rule", "rule": {"not": {"tag": ["gold"]}}},
    {"type": "rule", "rule": {"field": "created_at", "op": "older_than_days", "value": 30}},
    {"type": "rule", "rule": {"reachable": {"channel": "email", "message_type": "marketing"}}},
]


Written = dict[int, tuple[Path, Any]]  # by seed: the file, and how chance stood after writing it


@pytest.fixture(scope="module")
def written() -> Written:
    return {}


@pytest.fixture(params=range(3))
def book(
    request: pytest.FixtureRequest,
    shop_db: Path,
    cast: Cast,
    now: datetime,
    written: Written,
    tmp_path_factory: pytest.TempPathFactory,
) -> random.Random:
    """A book written once and copied for each test: writing it takes a hundred times as long."""
    chance, seed = random.Random(request.param), request.param
    if seed not in written:
        write(chance, cast, now)
        close_database()  # the last connection takes the log into the file
        kept = tmp_path_factory.mktemp("book") / "handbill.db"
        written[seed] = Path(shutil.copyfile(shop_db, kept)), chance.getstate()
    close_database()
    path, state = written[seed]
    shutil.copyfile(path, shop_db)
    open_database(shop_db)
    chance.setstate(state)
    return chance


def write(chance: random.Random, cast: Cast, now: datetime) -> None:
    """Ninety people; every one may lack an address, share one, have said no in any way, or be deleted."""
    with unit() as session:
        tags = [Tag(name=name) for name in ("gold", "pearls", "rare")]
        session.add_all(tags)
        for number in range(1, PEOPLE + 1):
            person = customers.create(
                session, {"first_name": f"P{number}", "email": address(chance)}, by=cast.olive, now=now
            )
            troubles(session, person, chance, now)
            session.flush()
            held = [tag for tag in tags if chance.random() < (0.05 if tag.name == "rare" else 0.5)]
            session.add_all(CustomerTag(customer_id=person.id, tag_id=tag.id) for tag in held)


def address(chance: random.Random) -> str:
    return "" if chance.random() < 0.1 else f"person{chance.randint(1, 60)}@orchid.example"


def troubles(session: Any, person: Customer, chance: random.Random, now: datetime) -> None:
    person.status = chance.choice(["vip", "customer"])
    person.attrs = {"ring": chance.choice([48, "52", "56.5", "large", None])} if chance.random() < 0.6 else {}
    person.created_at = now - timedelta(days=chance.randint(0, 90))
    if chance.random() < 0.1:
        person.email_trouble = "bounced"
    if chance.random() < 0.1:
        person.deleted_at = now
    if chance.random() < 0.15:
        consent.withdraw(
            session,
            person.id,
            "email",
            chance.choice(["all", "marketing", "newsletter"]),
            how="link",
            now=now,
        )
    if chance.random() < 0.1 and person.email_hash:
        suppressions.suppress(session, "email", person.email_hash, reason="complained", now=now)


@pytest.mark.parametrize("kind", list(MessageType))
@pytest.mark.parametrize("given", AUDIENCES, ids=lambda given: json.dumps(given)[9:60])
def test_the_count_says_what_the_launch_writes(
    book: random.Random, now: datetime, given: dict[str, Any], kind: MessageType
) -> None:
    asked = Audience.parse(given), EMAIL_REACH, kind
    with unit() as session:
        count = audiences.count(session, *asked, now=now)
        run = launch(session, now)
        queued = audiences.enlist(session, run, *asked, now=now, next_at=now)
        rows = session.execute(
            select(Delivery.state, Delivery.reason).where(Delivery.dispatch_id == run)
        ).all()
    assert (count.matched, count.reachable) == (len(rows), queued)
    assert count.left_out == Counter(row.reason for row in rows if row.state == State.SKIPPED)


@pytest.mark.parametrize("given", AUDIENCES, ids=lambda given: json.dumps(given)[9:60])
def test_each_person_is_told_what_the_launch_writes(
    book: random.Random, now: datetime, given: dict[str, Any]
) -> None:
    asked = Audience.parse(given), EMAIL_REACH, MessageType.MARKETING
    with unit() as session:
        run = launch(session, now)
        audiences.enlist(session, run, *asked, now=now, next_at=now)
        written = select(Delivery.customer_id, Delivery.reason).where(Delivery.dispatch_id == run)
        reasons = dict(iter(session.execute(written)))
        for person in session.scalars(select(Customer)):
            told = audiences.explain(session, *asked, person.id, now=now)
            out = "deleted" if person.deleted_at else "not_in_audience"
            assert told.reason == reasons.get(person.id, out), told.sentence


@pytest.mark.parametrize("given", AUDIENCES[:2], ids=["all", "tags"])
def test_the_first_names_are_of_the_first_who_get_it(
    book: random.Random, now: datetime, given: dict[str, Any]
) -> None:
    asked = Audience.parse(given), EMAIL_REACH, MessageType.MARKETING
    with unit() as session:
        run = launch(session, now)
        audiences.enlist(session, run, *asked, now=now, next_at=now)
        first = select(Customer.first_name).join(Delivery, Delivery.customer_id == Customer.id)
        first = first.where(Delivery.dispatch_id == run, Delivery.state == State.QUEUED).order_by(Customer.id)
        assert audiences.first_names(session, *asked, now=now, most=5) == list(
            session.scalars(first.limit(5))
        )


def test_the_side_tables_follow_every_change_of_the_book(book: random.Random, now: datetime) -> None:
    with unit() as session:
        for person in session.scalars(select(Customer)):
            person.attrs = (
                {"ring": book.choice(["50", 51, "née"]), "Größe": True} if book.random() < 0.5 else {}
            )
            person.email_key = book.choice([None, "same@orchid.example", person.email_key])
        session.flush()
        session.execute(text("DELETE FROM customers WHERE id % 7 = 0"))
    with reading() as session:
        people = {one.id: one for one in session.scalars(select(Customer))}
        facts = {(fact.customer_id, fact.key): fact for fact in session.scalars(select(CustomerFact))}
        shared = set(session.execute(select(SharedAddress.address, SharedAddress.customer_id)).tuples())
    assert set(facts) == {(one.id, key) for one in people.values() for key in one.attrs}
    assert all(fact.number == number_of(people[who].attrs[key]) for (who, key), fact in facts.items())
    keys = Counter(one.email_key for one in people.values() if one.email_key)
    assert shared >= {(one.email_key, one.id) for one in people.values() if keys[one.email_key] > 1}
    assert all(people[who].email_key == key for key, who in shared)


def test_a_count_over_a_held_database_says_so_soon(
    cast: Cast, shop_db: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page can catch: the figure that stands there stays, with the reason."""
    monkeypatch.setattr(data.database, "BUSY_SECONDS", 0)
    data.database.close_database()
    holder = sqlite3.connect(shop_db, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    open_database(shop_db)
    asked = Audience(), EMAIL_REACH, MessageType.MARKETING
    with pytest.raises(OperationalError, match="locked"), reading() as session:
        audiences.count(session, *asked, now=now)
    holder.close()
    with reading() as session:
        assert audiences.count(session, *asked, now=now).matched == 0


def number_of(value: Any) -> float | None:
    try:
        return float(json.loads(str(int(value) if isinstance(value, bool) else value)))
    except ValueError:
        return None


def launch(session: Any, now: datetime) -> int:
    run = Dispatch(
        name="Launch", channel="email", message_type=MessageType.MARKETING, state=DispatchState.SENDING, from_name="Shop",
        from_email="shop@orchid.example", subject="Hello", content_hash="0", audience={"type": "all"}, audience_label="",
        created_at=now, starts_at=now,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id
