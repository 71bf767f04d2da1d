"""Nobody gets a message twice because they stand in the book twice: one for each address, whoever is meant (R8)."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from data.database import now, reading, unit
from domain.book import customers
from domain.book.customers import Customer
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending.launches import Press
from jobs import sending
from tests.jobs.conftest import Desk

SEED, BOOK, AUDIENCES = 20261121, 120, 60
LOCALS = ["ana", "ben.b", "benb", "cleo+shop", "cleo", "d-e_f"]
DOMAINS = ["example.org", "m\u00fcnchen.example", "xn--mnchen-3ya.example", "Example.Org", "shop.example"]


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def book(desk: Desk, chance: random.Random) -> list[int]:
    """Far fewer mailboxes than people, each written in many ways; some are deleted, opted out or known to be bad."""
    with unit() as session:
        people = [
            customers.create(session, somebody(chance, number), by=desk.cast.olive, now=now())
            for number in range(BOOK)
        ]
        for one in chance.sample(people, BOOK // 4):
            one.email_trouble = chance.choice([None, "bounced"])
            one.deleted_at = chance.choice([None, now()])
            one.marketing_opt_out = chance.random() < 0.5
        return [one.id for one in people]


def test_one_message_for_each_address_whoever_is_meant(
    desk: Desk, book: list[int], chance: random.Random
) -> None:
    launched = 0
    for audience in audiences(chance, book):
        try:
            dispatch_id = desk.press(desk.campaign(audience=audience), Press(undo=timedelta(minutes=1)))
        except Refusal as refusal:
            assert refusal.code == "no_recipients"  # noqa: PT017
            continue
        launched += 1
        with reading() as session:
            rows = session.query(Delivery).filter_by(dispatch_id=dispatch_id).all()
            meant = [session.get_one(Customer, row.customer_id or 0) for row in rows]
        going = [row.address_key for row in rows if row.state is State.QUEUED]
        may_go = {one.email_key for one in meant if one.email_key and is_welcome(one)}
        assert len(going) == len(set(going)), audience
        assert set(going) == may_go, audience
        assert len({row.customer_id for row in rows}) == len(rows)
        assert desk.books(dispatch_id).recipients == desk.dispatch(dispatch_id).recipients == len(rows)
        sending.undo(dispatch_id, desk.cast.olive)
    assert launched > AUDIENCES // 2


def somebody(chance: random.Random, number: int) -> dict[str, Any]:
    local, domain = chance.choice(LOCALS), chance.choice(DOMAINS)
    typed = chance.choice([str, str.upper, str.title])(local) + "@" + domain
    padded = chance.choice(["", " "]) + typed + chance.choice(["", "  "])
    tags = chance.sample(["gold", "silver", "regular"], chance.randint(0, 2))
    return {"first_name": f"P{number}", "email": chance.choice([padded, padded, padded, ""]), "tags": tags}


def audiences(chance: random.Random, book: list[int]) -> Iterator[dict[str, Any]]:
    yield {"type": "all"}
    for _ in range(AUDIENCES):
        some = chance.sample(book, chance.randint(1, BOOK // 2))
        yield chance.choice(
            [
                {"type": "manual", "customerIds": some + some[:3]},
                {"type": "tags", "tags": chance.sample(["gold", "silver", "regular"], chance.randint(1, 3))},
            ]
        )


def is_welcome(one: Customer) -> bool:
    return one.deleted_at is None and not one.marketing_opt_out and one.email_trouble is None
