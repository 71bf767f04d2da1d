"""A mail account never sends more than its provider takes, whoever asks, and however often."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from data.database import unit
from domain.shop import limits
from domain.shop.limits import EPOCH, TICK, Grant, Journeys, Limits, MailMinute, MailPace
from domain.shop.places import SECOND as MICRO
from domain.shop.places import Places, still
from domain.shop.whatsapp import ExactLimits

pytestmark = pytest.mark.thorough

START = datetime(2026, 11, 21, 9, 30, 17, 250_000, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{name: 1}) for name in ("seconds", "minutes", "hours", "days"))


def asked(account: Limits, wanted: int, at: datetime, account_id: int = 1) -> Grant:
    with unit() as session:
        return limits.grant(session, account_id, account, wanted, now=at)


def looked(account: Limits, at: datetime) -> Grant:
    with unit() as session:
        return limits.room(session, 1, account, now=at)


def most_in_any(window: timedelta, sent: Sequence[tuple[datetime, int]]) -> int:
    """The fullest window that begins with one of them; `window` without its end."""
    return max(
        (sum(count for at, count in sent if first <= at < first + window) for first, _ in sent), default=0
    )


small = st.one_of(st.none(), st.integers(1, 6))


def around(window: timedelta, by: timedelta) -> st.SearchStrategy[timedelta]:
    """Faults live where a window is just about to let go."""
    return st.timedeltas(max(window - by, timedelta(0)), window + by)


steps = st.one_of(
    around(timedelta(0), timedelta(milliseconds=80)),
    around(SECOND, timedelta(milliseconds=80)),
    around(HOUR, 2 * MINUTE),
    around(DAY, 2 * MINUTE),
    around(timedelta(0), DAY),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    per_second=st.one_of(st.none(), st.integers(1, 5), st.sampled_from([14, 97, 400])),
    per_hour=small,
    per_day=st.one_of(st.none(), st.integers(1, 12)),
    asks=st.lists(st.tuples(steps, st.integers(1, 8)), min_size=2, max_size=20),
)
def test_no_sliding_second_hour_or_day_ever_sees_more_than_the_limit(
    shop_db: Path,
    per_second: int | None,
    per_hour: int | None,
    per_day: int | None,
    asks: list[tuple[timedelta, int]],
) -> None:
    _empty()
    account, at, sent = Limits(per_second, per_hour, per_day), START, []
    for pause, wanted in asks:
        at += pause
        told = asked(account, wanted, at)
        assert 0 <= told.granted <= wanted
        if told.granted < wanted:
            assert told.why
            assert told.until is not None
            assert told.until > at
        else:
            assert (told.why, told.until) == ("", None)
        sent.append((at, told.granted))
    for limit, window in ((per_second, SECOND), (per_hour, HOUR), (per_day, DAY)):
        assert limit is None or most_in_any(window, sent) <= limit


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    account=st.builds(Limits, st.one_of(st.none(), st.integers(1, 200)), small, st.one_of(st.none(), st.integers(1, 9))),
    asks=st.lists(st.tuples(steps, st.integers(1, 300)), min_size=1, max_size=10),
)  # fmt: skip
def test_who_comes_back_when_told_to_is_served(
    shop_db: Path, account: Limits, asks: list[tuple[timedelta, int]]
) -> None:
    _empty()
    at = START
    for pause, wanted in asks:
        at += pause
        told = asked(account, wanted, at)
        if told.until is not None:
            assert looked(account, told.until).granted >= 1
            assert looked(account, told.until - timedelta(microseconds=1)).granted == 0


@pytest.mark.parametrize("every", [3, 9, 49, 51])
@pytest.mark.parametrize("per_second", [1, 2, 14, 20, 97, 400])
def test_asked_all_the_time_no_second_sees_too_many(shop_db: Path, per_second: int, every: int) -> None:
    sent = []
    with unit() as session:
        for at in (START + timedelta(milliseconds=tick) for tick in range(0, 2_000, every)):
            told = limits.grant(session, 1, Limits(per_second), 1_000, now=at)
            sent.append((at, told.granted))
    assert most_in_any(SECOND, sent) <= per_second


def test_the_pace_is_nearly_the_whole_limit(shop_db: Path) -> None:
    """Asked all the time, an account of 14 a second sends at least 12 of them."""
    sent = 0
    for tick in range(1_000):
        sent += asked(Limits(per_second=14), 5, START + timedelta(milliseconds=10 * tick)).granted
    assert 120 <= sent <= 140


@pytest.mark.parametrize("way", [1, 100])  # milliseconds there, and as many back
def test_where_each_answer_is_waited_for_the_whole_limit_goes_and_never_more(way: int) -> None:
    """However long a message takes on its way: as it comes, with a stall now and then."""
    exact, chance, journeys = ExactLimits, random.Random(way), Journeys(80)
    places = Places([], 80, exact.journey // TICK, exact.spread // TICK, exact.hurry)
    at, arrived, under_way = 0, list[int](), list[tuple[int, int]]()  # when it is answered, its turn
    while len(arrived) < 2_000:
        turn = next(places.turns(at))
        if under_way and under_way[0][0] <= turn:
            answered, its_turn = heappop(under_way)
            was_there = journeys.arrived(EPOCH + its_turn * TICK, EPOCH + answered * TICK)
            places.note_arrived({its_turn: (was_there - EPOCH) // TICK})
            continue
        at, places.taken = turn, still(places.taken, turn)
        places.take([turn])
        late = chance.randrange(3_000) + (200_000 if chance.random() < 0.005 else 0)
        arrived.append(turn + way * 1_000 + late)
        heappush(under_way, (arrived[-1] + way * 1_000 + chance.randrange(2_000), turn))
    arrived.sort()
    assert min(later - first for first, later in zip(arrived, arrived[80:], strict=False)) >= MICRO
    known = 240  # messages, by when it is known how long the way is
    a_second = (1_999 - known) * MICRO / (arrived[-1] - arrived[known])
    assert a_second >= (79 if way == 1 else 78)


def test_a_fast_account_grants_several_at_once(shop_db: Path) -> None:
    told = asked(Limits(per_second=500), 100, START)
    assert 40 <= told.granted <= 50
    assert told.why == "second"
    assert sorted(set(told.turns)) == list(told.turns), "each has a turn of its own"


def test_without_limits_nothing_is_asked_of_the_database(shop_db: Path) -> None:
    assert asked(Limits(per_connection=20), 5_000, START) == Grant(5_000, "", None)
    assert looked(Limits(), START).granted > 1_000_000
    with unit() as session:
        assert session.scalars(select(MailMinute)).all() == []
        assert session.scalars(select(MailPace)).all() == []


def test_several_workers_share_one_limit_exactly(shop_db: Path) -> None:
    account = Limits(per_hour=50)
    with ThreadPoolExecutor(8) as workers:
        told = list(workers.map(lambda _: asked(account, 3, START).granted, range(40)))
    assert sum(told) == 50


def test_a_look_takes_nothing_away(shop_db: Path) -> None:
    account = Limits(per_hour=3)
    assert [looked(account, START).granted for _ in range(5)] == [3] * 5
    assert asked(account, 9, START).granted == 3


def test_an_hour_is_free_again_when_its_minute_has_left_entirely(shop_db: Path) -> None:
    account = Limits(per_hour=10)
    assert asked(account, 10, START).granted == 10
    told = asked(account, 4, START + timedelta(minutes=30))
    assert (told.granted, told.why, told.until) == (0, "hour", datetime(2026, 11, 21, 10, 31, tzinfo=UTC))
    assert told.until is not None
    assert asked(account, 4, told.until).granted == 4


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (Limits(per_second=1, per_hour=5, per_day=1), "day"),
        (Limits(per_second=1, per_hour=1, per_day=5), "hour"),
        (Limits(per_second=1, per_hour=5, per_day=5), "second"),
    ],
)
def test_the_limit_that_lets_go_last_is_named(shop_db: Path, account: Limits, why: str) -> None:
    assert asked(account, 1, START).granted == 1
    assert asked(account, 1, START + timedelta(milliseconds=100)).why == why


def test_each_account_has_limits_of_its_own(shop_db: Path) -> None:
    account = Limits(per_second=1, per_day=1)
    assert [asked(account, 1, START, number).granted for number in (0, 1, 2, 1)] == [1, 1, 1, 0]


def test_a_lowered_limit_counts_what_went_before(shop_db: Path) -> None:
    asked(Limits(per_day=500), 300, START)
    told = asked(Limits(per_day=200), 1, START + HOUR)
    assert (told.granted, told.why) == (0, "day")


@pytest.mark.parametrize("back", [timedelta(seconds=3), HOUR, timedelta(days=400)])
def test_a_clock_set_back_does_not_stop_the_pace(shop_db: Path, back: timedelta) -> None:
    asked(Limits(per_second=1), 1, START)
    assert asked(Limits(per_second=1), 1, START - back).granted == 1


def test_a_clock_that_was_a_year_ahead_blocks_no_day(shop_db: Path) -> None:
    asked(Limits(per_day=5), 5, START + timedelta(days=365))
    assert asked(Limits(per_day=5), 5, START).granted == 5


def test_a_clock_set_back_an_hour_does_not_open_the_day_anew(shop_db: Path) -> None:
    asked(Limits(per_day=5), 5, START)
    assert asked(Limits(per_day=5), 5, START - HOUR).granted == 0


def test_old_minutes_are_forgotten_and_a_day_is_not(shop_db: Path) -> None:
    account = Limits(per_day=5)
    asked(account, 2, START)
    asked(account, 3, START + timedelta(days=2, hours=1))
    with unit() as session:
        limits.forget_old(session, now=START + timedelta(days=2, hours=2))
        assert [one.messages for one in session.scalars(select(MailMinute))] == [3]
    assert asked(account, 3, START + timedelta(days=2, hours=3)).granted == 2


def _empty() -> None:
    with unit() as session:
        session.execute(delete(MailPace))
        session.execute(delete(MailMinute))
