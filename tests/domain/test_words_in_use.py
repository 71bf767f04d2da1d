"""A word of the shop that a segment or a waiting campaign speaks of stays, and who asks is told what does."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import segments
from domain.audience.names import Thing
from domain.book import categories, customers, groups, own_fields, record_kinds, staff, statuses
from domain.refusal import Refusal
from domain.sending import campaigns, uses
from tests.cast import Cast

EVERYBODY: dict[str, Any] = {"field": "created_at", "op": "within_days", "value": 30}


def with_words(cast: Cast, now: datetime) -> int:
    """A shop with one word of each sort that nobody uses; the number of its group."""
    with unit() as session:
        categories.add(session, "Rings", by=cast.olive, now=now)
        staff.add(session, "Ana", by=cast.olive, now=now)
        own_fields.define(session, "Ring size", by=cast.olive, now=now)
        record_kinds.add(session, {"label": "Valuation"}, by=cast.olive, now=now)
        return groups.create(session, "Evening", by=cast.olive, now=now).id


def segment(cast: Cast, now: datetime, name: str, leaf: dict[str, Any]) -> None:
    with unit() as session:
        rule = {"all": [EVERYBODY, {"not": {"any": [leaf]}}]}
        segments.create(session, name=name, rule=rule, by=cast.olive, now=now)


def test_every_sort_of_word_is_kept_while_a_segment_speaks_of_it(cast: Cast, now: datetime) -> None:
    group = with_words(cast, now)
    by: dict[str, Any] = {"by": cast.olive, "now": now}
    record = {"kind": "workshop", "state": "upcoming"}
    rest = [{"key": "customer", "label": "Customer"}]
    cases: list[tuple[str, str | int, dict[str, Any], Callable[[Session, list[str]], Any]]] = [
        (Thing.CATEGORY, "Rings", {"record": record | {"category": "Rings"}},
         lambda session, used: categories.delete(session, "Rings", used_by=used, **by)),
        (Thing.STAFF, "Ana", {"record": record | {"staff": "Ana"}},
         lambda session, used: staff.delete(session, "Ana", used_by=used, **by)),
        (Thing.KIND, "valuation", {"record": {"kind": "valuation"}},
         lambda session, used: record_kinds.delete(session, "valuation", used_by=used, **by)),
        (uses.OWN_FIELD, "ring_size", {"field": "attrs.ring_size", "op": "is_set"},
         lambda session, used: own_fields.delete(session, "ring_size", used_by=used, **by)),
        (Thing.GROUP, group, {"in_group": group},
         lambda session, used: groups.delete(session, group, used_by=used, **by)),
        (Thing.STATUS, "former", {"field": "status", "op": "eq", "value": "former"},
         lambda session, used: statuses.save(session, rest, used_by=lambda key: used if key == "former" else [], **by)),
    ]  # fmt: skip
    for thing, key, leaf, delete in cases:
        segment(cast, now, f"About {key}", leaf)
        with pytest.raises(Refusal, match=f"still used by the segment About {key}"), unit() as session:
            delete(session, uses.named(session, thing, key))
        with unit() as session:
            delete(session, [])


def test_waiting_campaigns_and_tags_are_told_in_any_case(cast: Cast, now: datetime) -> None:
    with unit() as session:
        customers.create(session, {"first_name": "Ana", "tags": ["Gold"]}, by=cast.olive, now=now)
        audience = {"type": "all", "exclude": {"tags": ["gold"]}}
        one = campaigns.create(session, {"name": "Spring", "audience": audience}, by=cast.olive, now=now).id
    segment(cast, now, "Golden", {"tag": ["GOLD"]})
    with reading() as session:
        found = uses.of(session, Thing.TAG, "Gold")
        assert [use.words for use in found] == ["the draft Spring", "the segment Golden"]
        assert found[0].id == one
        assert uses.of(session, Thing.TAG, "silver") == []
