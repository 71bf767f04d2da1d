"""The days of a customer that come round: each kind is kept, found by a rule, and never doubled."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.book import customers
from domain.book.customers import Customer
from domain.refusal import Refusal
from tests.cast import Cast


def with_dates(cast: Cast, now: datetime, *dates: dict[str, str]) -> int:
    with unit() as session:
        fields: dict[str, Any] = {"first_name": "Ana", "dates": list(dates)}
        return customers.create(session, fields, by=cast.max_, now=now).id


def found(rule: dict[str, Any], now: datetime) -> list[int]:
    meant = Audience.parse({"type": "rule", "rule": rule})
    with reading() as session:
        return list(session.scalars(audiences.matching(session, meant, now=now)))


@pytest.mark.parametrize("kind", ["wedding", "engagement", "name_day", "custom"])
def test_a_day_written_into_the_form_is_found_by_a_rule(cast: Cast, now: datetime, kind: str) -> None:
    soon, later = now + timedelta(days=13), now + timedelta(days=15)
    ana = with_dates(cast, now, {"kind": kind, "date": f"{soon:--%m-%d}", "note": "first meeting"})
    with_dates(cast, now, {"kind": kind, "date": f"{later:1999-%m-%d}"})
    assert found({"date": kind, "within_days": 14}, now) == [ana]
    assert found({"date": kind, "within_days": 14, "note": "First meeting"}, now) == [ana]
    assert found({"date": kind, "within_days": 14, "note": "another"}, now) == []


def test_two_dates_of_one_kind_need_a_note_of_their_own(cast: Cast, now: datetime) -> None:
    one, other = {"kind": "wedding", "date": "2001-06-08"}, {"kind": "wedding", "date": "2019-06-08"}
    with pytest.raises(Refusal, match="two dates of the kind wedding") as refused:
        with_dates(cast, now, one, other)
    assert refused.value.details["field"] == "dates"
    with pytest.raises(Refusal, match="two dates called with tom"):
        with_dates(cast, now, one | {"note": "With Tom"}, other | {"note": "with tom"})
    ana = with_dates(cast, now, one, other | {"note": "With Tom"})
    assert days_of(ana) == ["2001-06-08", "2019-06-08"]


def test_saving_the_other_days_leaves_the_birthday_alone(cast: Cast, now: datetime) -> None:
    ana = with_dates(
        cast, now, {"kind": "birthday", "date": "1984-05-17"}, {"kind": "name_day", "date": "--07-26"}
    )
    with unit() as session:
        customers.change(session, ana, {"dates": []}, by=cast.max_, now=now)
    assert days_of(ana) == ["1984-05-17"]


def days_of(customer_id: int) -> list[str]:
    with reading() as session:
        person: Customer = customers.get(session, customer_id)
        return sorted(str(one.as_day) for one in person.dates)
