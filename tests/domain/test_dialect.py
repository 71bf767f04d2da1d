"""The filter language of other programs: every operator it knows means what it says, every other is refused by name."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.book import groups
from domain.book.person import Customer, Tag
from domain.refusal import Refusal
from tests.cast import Cast

ADDED = {"Ana": 1, "Ben": 10, "Cid": 100, "Dot": 400}


@pytest.fixture
def book(cast: Cast, now: datetime) -> None:
    with unit() as session:
        tags = {name: Tag(name=name) for name in ("gold", "pearls")}
        has: dict[str, dict[str, Any]] = {
            "Ana": {"tags": [tags["gold"]], "status": "vip", "company": "Orchid"},
            "Ben": {"tags": [tags["gold"], tags["pearls"]], "marketing_opt_out": True},
            "Cid": {"attrs": {"ring": 54}, "company": "Beech"},
            "Dot": {"tags": [tags["pearls"]], "attrs": {"ring": 60}},
        }
        for name, days in ADDED.items():
            then = now - timedelta(days=days)
            session.add(
                Customer(first_name=name, created_at=then, active_at=then, updated_at=now, **has[name])
            )
        session.flush()
        fair = groups.create(session, "Fair", by=cast.olive, now=now)
        groups.add_members(session, fair.id, [3], by=cast.olive, now=now)


def meant(where: dict[str, Any], now: datetime) -> set[str]:
    given = {"type": "dynamic", "filter": {"datatype": "contact", "where": where}}
    with reading() as session:
        ids = audiences.matching(session, Audience.parse(given), now=now)
        return set(session.scalars(select(Customer.first_name).where(Customer.id.in_(ids))))


@pytest.mark.parametrize(
    ("where", "who"),
    [
        ({"tags": {"$in": ["gold", "pearls"]}}, {"Ana", "Ben", "Dot"}),
        ({"tags": {"$nin": ["gold"]}}, {"Cid", "Dot"}),
        ({"tags": {"$in": []}}, set()),
        ({"tags": {"$nin": []}}, set(ADDED)),
        ({"tags": {"$exists": True}}, {"Ana", "Ben", "Dot"}),
        ({"tags": {"$exists": False}}, {"Cid"}),
        ({"tags": "gold"}, {"Ana", "Ben"}),
        ({"tags": {"$not": {"$in": ["gold"]}}}, {"Cid", "Dot"}),
        ({"groups": {"$in": [1]}}, {"Cid"}),
        ({"status": "vip"}, {"Ana"}),
        ({"status": {"$ne": "vip"}}, {"Ben", "Cid", "Dot"}),
        ({"status": {"$in": ["vip", "lead"]}}, {"Ana"}),
        ({"status": {"$nin": ["vip"]}}, {"Ben", "Cid", "Dot"}),
        ({"company": {"$exists": True}}, {"Ana", "Cid"}),
        ({"company": None}, {"Ben", "Dot"}),
        ({"company": {"$ne": None}}, {"Ana", "Cid"}),
        ({"attrs.ring": {"$gt": 54}}, {"Dot"}),
        ({"attrs.ring": {"$gte": 54}}, {"Cid", "Dot"}),
        ({"attrs.ring": {"$lt": 60}}, {"Cid"}),
        ({"attrs.ring": {"$gte": 54, "$lte": 54}}, {"Cid"}),
        ({"attrs.ring": {"$exists": False}}, {"Ana", "Ben"}),
        ({"marketingOptOut": True}, {"Ben"}),
        ({"marketingOptOut": {"$in": [True]}}, {"Ben"}),
        ({"marketingOptOut": {"$exists": True}}, set(ADDED)),
        ({"createdAt": {"$gt": "2026-11-11"}}, {"Ana"}),
        ({"createdAt": {"$gte": "2026-11-11"}}, {"Ana", "Ben"}),
        ({"createdAt": {"$lt": "2026-11-11"}}, {"Cid", "Dot"}),
        ({"createdAt": {"$lte": "2026-11-11"}}, {"Ben", "Cid", "Dot"}),
        ({"createdAt": "2026-11-11"}, {"Ben"}),
        ({"createdAt": {"$ne": "2026-11-11"}}, {"Ana", "Cid", "Dot"}),
        ({"createdAt": {"$in": ["2026-11-11", "2026-11-20"]}}, {"Ana", "Ben"}),
        ({"createdAt": {"$exists": False}}, set()),
        ({"$or": [{"status": "vip"}, {"tags": "pearls"}]}, {"Ana", "Ben", "Dot"}),
        ({"$and": [{"tags": "gold"}, {"$not": {"status": "vip"}}]}, {"Ben"}),
        ({"tags": "gold", "status": "vip"}, {"Ana"}),
        ({}, set(ADDED)),
    ],
)
def test_an_operator_means_what_it_says(
    book: None, now: datetime, where: dict[str, Any], who: set[str]
) -> None:
    assert meant(where, now) == who


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ({"tags": {"$all": ["gold"]}}, "$all"),
        ({"tags": {"$gt": "gold"}}, "$gt"),
        ({"status": {"$regex": "v"}}, "$regex"),
        ({"$nor": [{"status": "vip"}]}, "$nor"),
        ({"status": {"$in": "vip"}}, "in"),
        ({"createdAt": {"$in": "2026-11-11"}}, "$in"),
        ({"company": {"$exists": "yes"}}, "$exists"),
        ({"groups": {"$exists": True}}, "groups"),
        ({"shoeSize": {"$gt": 3}}, "shoeSize"),
    ],
)
def test_what_it_does_not_know_is_named(book: None, now: datetime, where: dict[str, Any], named: str) -> None:
    with pytest.raises(Refusal) as refused:
        meant(where, now)
    assert refused.value.code == "bad_rule"
    assert named in refused.value.sentence
