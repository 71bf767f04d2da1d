"""Quiet hours on the shop's wall: when marketing waits, and the first moment at which it goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.database import reading, unit
from domain.refusal import Refusal
from domain.sending.calendar import Quiet, quiet_until
from domain.shop import shop as shops
from tests.cast import Cast

LONDON = ZoneInfo("Europe/London")
NIGHT = Quiet(21 * 60, 8 * 60, sundays=False)
NIGHT_AND_SUNDAY = Quiet(21 * 60, 8 * 60, sundays=True)


def wall(said: str, zone: ZoneInfo = LONDON, fold: int = 0) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-18T20:59:59", None),
        ("2026-11-18T21:00", "2026-11-19T08:00"),
        ("2026-11-18T23:30", "2026-11-19T08:00"),
        ("2026-11-19T00:00", "2026-11-19T08:00"),
        ("2026-11-19T07:59:59", "2026-11-19T08:00"),
        ("2026-11-19T08:00", None),
        ("2026-11-22T12:00", None),  # a Sunday like any other day
    ],
)
def test_a_night_over_midnight_is_one_span(at: str, ends: str | None) -> None:
    assert quiet_until(NIGHT, LONDON, wall(at)) == (wall(ends) if ends else None)


@pytest.mark.parametrize(
    ("at", "ends"),
    [("2026-11-18T12:59", None), ("2026-11-18T13:00", "2026-11-18T14:30"), ("2026-11-18T14:30", None)],
)
def test_a_quiet_lunch_lies_within_a_day(at: str, ends: str | None) -> None:
    lunch = Quiet(13 * 60, 14 * 60 + 30, sundays=False)
    assert quiet_until(lunch, LONDON, wall(at)) == (wall(ends) if ends else None)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-21T20:59", None),  # Saturday
        ("2026-11-21T22:00", "2026-11-23T08:00"),  # Saturday night, Sunday and the night after it are one
        ("2026-11-22T12:00", "2026-11-23T08:00"),
        ("2026-11-23T02:00", "2026-11-23T08:00"),
        ("2026-11-23T08:00", None),
    ],
)
def test_a_quiet_sunday_joins_the_nights_beside_it(at: str, ends: str | None) -> None:
    assert quiet_until(NIGHT_AND_SUNDAY, LONDON, wall(at)) == (wall(ends) if ends else None)


def test_a_quiet_sunday_alone_is_the_whole_day_of_the_shop() -> None:
    sunday = Quiet(None, None, sundays=True)
    zone = ZoneInfo("Pacific/Auckland")  # there it is Sunday while London still has Saturday
    assert quiet_until(sunday, zone, wall("2026-11-21T23:59", zone)) is None
    assert quiet_until(sunday, zone, wall("2026-11-22T00:00", zone)) == wall("2026-11-23T00:00", zone)
    assert quiet_until(sunday, zone, wall("2026-11-23T00:00", zone)) is None


@pytest.mark.parametrize("none", [Quiet(None, None, False), Quiet(540, 540, False), Quiet(540, None, False)])
def test_no_hours_are_no_quiet(none: Quiet) -> None:
    start = wall("2026-11-21T00:00")
    assert all(quiet_until(none, LONDON, start + timedelta(minutes=7 * n)) is None for n in range(500))


def test_an_end_that_the_clocks_skip_is_the_first_moment_after_the_gap() -> None:
    early = Quiet(23 * 60, 90, sundays=False)  # until 01:30, which London skips on 29 March 2026
    assert quiet_until(early, LONDON, wall("2026-03-29T00:10")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert quiet_until(early, LONDON, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) is None


def test_an_end_that_comes_twice_is_the_first_of_both() -> None:
    early = Quiet(23 * 60, 90, sundays=False)  # 01:30 comes twice on 25 October 2026
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert quiet_until(early, LONDON, wall("2026-10-25T00:10")) == first
    assert quiet_until(early, LONDON, wall("2026-10-25T01:10", fold=1)) is None


def test_a_night_over_a_clock_change_ends_by_the_wall() -> None:
    assert quiet_until(NIGHT, LONDON, wall("2026-03-28T22:00")) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert quiet_until(NIGHT, LONDON, wall("2026-10-24T22:00")) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


def test_a_span_that_the_clocks_skip_altogether_is_not_there() -> None:
    skipped = Quiet(70, 110, sundays=False)
    assert quiet_until(skipped, LONDON, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) is None


def test_a_sunday_without_a_midnight_begins_with_its_first_moment() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # Friday 24 April 2026 has no midnight; a Sunday like it: Santiago
    santiago = ZoneInfo("America/Santiago")  # Sunday 6 September 2026 begins at 01:00
    sunday = Quiet(None, None, sundays=True)
    before = datetime(2026, 9, 6, 3, 59, 59, tzinfo=UTC)
    assert quiet_until(sunday, santiago, before) is None
    assert quiet_until(sunday, santiago, before + timedelta(seconds=1)) == wall("2026-09-07T00:00", santiago)
    night = Quiet(22 * 60, 0, sundays=False)
    assert quiet_until(night, cairo, wall("2026-04-23T23:00", cairo)) == wall("2026-04-24T01:00", cairo)


zones = st.sampled_from(
    ["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"]
)
minutes = st.integers(0, 1439)
moments = st.integers(0, 2 * 366 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(minutes, minutes, st.booleans(), zones, moments)
@settings(max_examples=300, deadline=None)
def test_at_its_end_it_is_over_and_until_then_it_lasts(
    from_minute: int, until_minute: int, sundays: bool, name: str, moment: datetime
) -> None:
    quiet, zone = Quiet(from_minute, until_minute, sundays), ZoneInfo(name)
    end = quiet_until(quiet, zone, moment)
    if end is None:
        return
    assert end.utcoffset() == timedelta(0)
    assert moment < end <= moment + timedelta(days=3)
    assert quiet_until(quiet, zone, end) is None
    halfway = moment + (end - moment) / 2
    assert quiet_until(quiet, zone, halfway) == end


@given(minutes, minutes, st.booleans(), moments)
@settings(max_examples=300, deadline=None)
def test_where_no_clock_jumps_the_wall_alone_decides(
    from_minute: int, until_minute: int, sundays: bool, moment: datetime
) -> None:
    minute = moment.hour * 60 + moment.minute
    if from_minute <= until_minute:
        by_the_wall = from_minute <= minute < until_minute
    else:
        by_the_wall = minute >= from_minute or minute < until_minute
    by_the_wall |= sundays and moment.weekday() == 6
    found = quiet_until(Quiet(from_minute, until_minute, sundays), ZoneInfo("UTC"), moment)
    assert (found is not None) == by_the_wall


# --- the owner's setting


def rules_kept() -> dict[str, Any]:
    with reading() as session:
        shop = shops.read(session)
        return {"quiet": shop.quiet, "cap": shop.cap}


def test_the_owner_sets_the_hours_and_takes_them_back(cast: Cast, now: datetime) -> None:
    hours = {"quiet_from": "21:00", "quiet_until": "08:05", "quiet_sundays": True}
    with unit() as session:
        shops.change(session, hours, by=cast.olive, now=now)
    assert rules_kept()["quiet"] == Quiet(21 * 60, 8 * 60 + 5, sundays=True)
    with unit() as session:
        shops.change(session, {"quiet_from": "", "quiet_until": None}, by=cast.olive, now=now)
    assert rules_kept()["quiet"] == Quiet(None, None, sundays=True)


def test_a_new_shop_has_no_rules(shop_db: Path) -> None:
    assert rules_kept() == {"quiet": Quiet(None, None, sundays=False), "cap": None}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"quiet_from": "21:00"}, "quiet_until"),
        ({"quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": "25:00", "quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": "nine", "quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": 540, "quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_sundays": "yes"}, "quiet_sundays"),
        ({"cap_messages": 2}, "cap_days"),
        ({"cap_days": 7}, "cap_messages"),
        ({"cap_messages": 0, "cap_days": 7}, "cap_messages"),
        ({"cap_messages": 2, "cap_days": 366}, "cap_days"),
        ({"cap_messages": "two", "cap_days": 7}, "cap_messages"),
        ({"cap_messages": 2.5, "cap_days": 7}, "cap_messages"),
        ({"cap_messages": True, "cap_days": 7}, "cap_messages"),
        ({"cap_messages": "\u0662\u0663\u0664\u0665\u0666", "cap_days": 7}, "cap_messages"),
    ],
)
def test_half_a_rule_or_a_wrong_one_is_refused_beside_its_field(
    cast: Cast, now: datetime, fields: dict[str, Any], at: str
) -> None:
    with pytest.raises(Refusal) as refused, unit() as session:
        shops.change(session, fields, by=cast.olive, now=now)
    assert refused.value.details["field"] == at
    assert rules_kept()["cap"] is None


def test_only_the_owner_sets_rules(cast: Cast, now: datetime) -> None:
    for somebody in (cast.max_, *cast.who_may_only_look()):
        with pytest.raises(Refusal), unit() as session:
            shops.change(session, {"quiet_sundays": True}, by=somebody, now=now)
    assert rules_kept()["quiet"] == Quiet(None, None, sundays=False)
