"""What lies ready to be counted says what the book says, whatever was done to the book and by whichever verb."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.database import reading, unit
from domain.audience import segments
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, importing, reach, records, suppressions, taking, undoing
from domain.book.consent import why_left_out
from domain.book.customers import Customer
from domain.book.imports import Import
from domain.book.message_types import MessageType
from domain.book.record import CustomerRecord
from domain.book.side_tables import Aside, LatestRecord
from domain.ledger import farewells
from domain.refusal import Refusal
from tests.cast import Cast

pytestmark = pytest.mark.thorough

STEPS = 140
ADDRESSES = [f"person{number}@orchid.example" for number in range(14)]
BASIS = "Customers who signed up at the till"


class Shop:
    """A random act at a time."""

    def __init__(self, seed: int, cast: Cast, now: datetime) -> None:
        self.chance, self.by, self.now = random.Random(seed), cast.olive, now
        self.taken: list[int] = []
        self.done: set[str] = set()
        self.acts: dict[str, Callable[[Session], object]] = {
            "add": self.add,
            "change the address": lambda session: self._change(session, email=self._address()),
            "say no": self.say_no,
            "say yes": self.say_yes,
            "keep out": self.keep_out,
            "bounce": self.bounce,
            "delete": lambda session: customers.delete(session, self._who(session), by=self.by, now=self.now),
            "erase": lambda session: farewells.erase(session, self._who(session), by=self.by, now=self.now),
            "merge": self.merge,
            "import people": self.import_people,
            "import orders": self.import_orders,
            "take an import back": self.undo,
            "add an order": self.add_order,
            "change an order": self.change_order,
            "delete an order": lambda session: records.delete(session, self._order(session), by=self.by, now=self.now),
        }  # fmt: skip

    def act(self) -> str:
        name = self.chance.choice(list(self.acts))
        try:
            with unit() as session:
                self.acts[name](session)
            self.done.add(name)
        except Refusal:
            pass  # such as a second merge of the same two
        return name

    def add(self, session: Session) -> None:
        fields: dict[str, Any] = {"first_name": "Anna", "email": self._address()}
        customers.create(session, fields, by=self.by, now=self.now)

    def say_no(self, session: Session) -> None:
        word = self.chance.choice(["all", "marketing", "newsletter"])
        consent.withdraw(session, self._who(session), "email", word, how="link", now=self.now)

    def say_yes(self, session: Session) -> None:
        word = self.chance.choice(["all", "marketing", "newsletter"])
        consent.grant(session, self._who(session), "email", word, how="form", now=self.now)

    def keep_out(self, session: Session) -> None:
        scope = self.chance.choice(["all", "marketing", "operational"])
        mark = suppressions.fingerprint(self.chance.choice(ADDRESSES))
        suppressions.suppress(session, "email", mark, reason="complained", scope=scope, now=self.now)

    def bounce(self, session: Session) -> None:
        reach.mark_mailbox(session, EMAIL_REACH, self.chance.choice(ADDRESSES), "bounced")

    def merge(self, session: Session) -> None:
        farewells.merge(session, self._who(session), self._who(session), by=self.by, now=self.now)

    def import_people(self, session: Session) -> None:
        lines = [f"Ben,{self._address()},{self.chance.choice(['yes', ''])}" for _ in range(4)]
        self._take(session, "\n".join(["First name,Email,Unsubscribed", *lines]))

    def import_orders(self, session: Session) -> None:
        lines = [
            f"{self.chance.randint(1, 9)},{self._address()},{self._day():%Y-%m-%d},20.00" for _ in range(4)
        ]
        self._take(session, "\n".join(["Order number,Email,Date,Amount", *lines]), kind="order")

    def undo(self, session: Session) -> None:
        going = undoing.begin(session, self.chance.choice(self.taken or [0]), by=self.by, now=self.now)
        while not undoing.is_over(going):
            undoing.go_on(session, going, lambda _, numbers: set(), now=self.now)
        undoing.finish(session, going, now=self.now)

    def add_order(self, session: Session) -> None:
        fields = {"kind": self.chance.choice(["order", "repair"]), "starts_at": self._day()}
        records.add(session, self._who(session), fields, by=self.by, now=self.now)

    def change_order(self, session: Session) -> None:
        changes = {"starts_at": self._day()}, {"status": "cancelled"}, {"status": "done"}, {"kind": "repair"}
        records.change(session, self._order(session), self.chance.choice(changes), by=self.by, now=self.now)

    def _change(self, session: Session, **fields: Any) -> None:
        customers.change(session, self._who(session), fields, by=self.by, now=self.now)

    def _take(self, session: Session, content: str, **more: Any) -> None:
        found = importing.open_file(session, content.encode(), by=self.by, now=self.now, **more)
        entry: Import = taking.at_once(session, found, "list.csv", basis=BASIS, by=self.by, now=self.now)
        self.taken.append(entry.id)

    def _who(self, session: Session) -> int:
        return self._one_of(session, Customer.id)

    def _order(self, session: Session) -> int:
        return self._one_of(session, CustomerRecord.id)

    def _one_of(self, session: Session, number: InstrumentedAttribute[int]) -> int:
        found: list[int] = [0, *session.scalars(select(number).order_by(number))]
        return self.chance.choice(found)

    def _address(self) -> str:
        return "" if self.chance.random() < 0.1 else self.chance.choice(ADDRESSES)

    def _day(self) -> datetime:
        return self.now + timedelta(days=self.chance.randint(-90, 20))


@pytest.mark.parametrize("seed", range(4))
def test_the_side_tables_say_what_the_book_says_after_every_act(seed: int, cast: Cast, now: datetime) -> None:
    shop = Shop(seed, cast, now)
    for step in count():
        if step >= STEPS and shop.done == shop.acts.keys():
            break
        assert step < 10 * STEPS, shop.acts.keys() - shop.done
        act = shop.act()
        with reading() as session:
            assert laid_ready(session) == read_plainly(session), act
            assert latest_laid_ready(session) == latest_read_plainly(session), act


def test_a_customer_who_is_gone_for_good_leaves_nothing_behind(cast: Cast, now: datetime) -> None:
    shop = Shop(1, cast, now)
    with unit() as session:
        ana = customers.create(session, {"first_name": "Ana"}, by=cast.olive, now=now).id
        for day in (3, 2, 1):
            fields = {"kind": "order", "starts_at": now - timedelta(days=day)}
            records.add(session, ana, fields, by=shop.by, now=now)
    with unit() as session:
        session.execute(text("DELETE FROM customers"))
    with reading() as session:
        assert laid_ready(session) == [] == latest_laid_ready(session)


@pytest.mark.parametrize("table", ["preferences", "suppressions"])
def test_what_is_taken_away_or_moved_by_hand_counts_too(table: str, cast: Cast, now: datetime) -> None:
    """Nobody does so today; a repair of the file may."""
    with unit() as session:
        fields = {"first_name": "Ana", "email": ADDRESSES[0]}, {"first_name": "Ben", "email": ADDRESSES[1]}
        ana, ben = (customers.create(session, one, by=cast.olive, now=now).id for one in fields)
        consent.withdraw(session, ana, "email", "marketing", how="link", now=now)
        suppressions.suppress(
            session, "email", suppressions.fingerprint(ADDRESSES[0]), reason="complained", now=now
        )
    moved = {
        "preferences": f"customer_id = {ben}",
        "suppressions": f"address_hash = '{suppressions.fingerprint(ADDRESSES[1])}'",
    }
    for statement in (f"UPDATE {table} SET {moved[table]}", f"DELETE FROM {table}"):
        with unit() as session:
            session.execute(text(statement))
        with reading() as session:
            assert laid_ready(session) == read_plainly(session), statement


def test_who_bought_before_an_order_that_lies_ahead_bought_lately(cast: Cast, now: datetime) -> None:
    rule = {"record": {"kind": "order", "started_within": {"months": 12}}}
    with unit() as session:
        for days in ([-3, 9], [9], [-900, 9], [-3], [-900]):
            person = customers.create(session, {"first_name": "Ana"}, by=cast.olive, now=now).id
            for day in days:
                fields = {"kind": "order", "starts_at": now + timedelta(days=day), "status": "done"}
                records.add(session, person, fields, by=cast.olive, now=now)
        own = segments.create(session, name="Bought", rule=rule, by=cast.olive, now=now).id
        assert segments.refresh(session, own, by=cast.olive, now=now).count == 2


def laid_ready(session: Session) -> list[tuple[Any, ...]]:
    columns = Aside.customer_id, Aside.email_marketing, Aside.email_newsletter, Aside.email_operational
    return [tuple(row) for row in session.execute(select(*columns).order_by(Aside.customer_id))]


def read_plainly(session: Session) -> list[tuple[Any, ...]]:
    """By the question that the engine asks of each before a message leaves."""
    reasons = [why_left_out(EMAIL_REACH, kind) for kind in MessageType]
    rows = session.execute(select(Customer.id, Customer.deleted_at, *reasons).order_by(Customer.id))
    told = ((number, ["deleted"] * len(why) if gone else why) for number, gone, *why in rows)
    return [(number, *why) for number, why in told if any(why)]


def latest_laid_ready(session: Session) -> list[tuple[Any, ...]]:
    columns = LatestRecord.customer_id, LatestRecord.kind, LatestRecord.at
    return [tuple(row) for row in session.execute(select(*columns).order_by(*columns[:2]))]


def latest_read_plainly(session: Session) -> list[tuple[Any, ...]]:
    whose = CustomerRecord.customer_id, CustomerRecord.kind
    latest = select(*whose, func.max(CustomerRecord.starts_at)).where(CustomerRecord.status != "cancelled")
    return [tuple(row) for row in session.execute(latest.group_by(*whose).order_by(*whose))]
