"""How facts read on screen."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.ledger.deliveries import State
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from domain.shop.people import Role
from ui import words

LONDON = ZoneInfo("Europe/London")


def test_every_state_of_the_domain_has_words() -> None:
    assert set(Status) <= set(words.CAMPAIGN)
    assert set(DispatchState) <= set(words.DISPATCH)
    assert set(State) <= set(words.DELIVERY)
    assert set(Role) <= set(words.ROLE)


def test_people_are_named_and_the_rest_counted() -> None:
    assert words.named(["Ana", "Ben", "Cleo"], 342) == "Ana, Ben and 340 others"
    assert words.named(["Ana", "Ben"], 3) == "Ana, Ben and 1 other"
    assert words.named(["Ana", "Ben"], 2) == "Ana and Ben"
    assert words.named(["Ana"], 1) == "Ana"
    assert words.named([], 1) == "1 person"


def test_a_moment_is_told_on_the_shops_clock() -> None:
    now = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 23:30 in London
    assert words.when(now, LONDON, now) == "Today, 23:30"
    assert words.when(now + timedelta(hours=1), LONDON, now) == "Tomorrow, 00:30"
    assert words.when(datetime(2025, 5, 3, 9, 0, tzinfo=UTC), LONDON, now) == "3 May 2025, 10:00"
    assert words.moment_in_full(now, LONDON) == "Wednesday 1 July 2026 at 23:30"


def test_a_wait_is_told_roughly() -> None:
    assert [words.lasting(s) for s in (3, 42, 150, 9000)] == [
        "a few seconds",
        "about 40 s",
        "about 2 min",
        "about 2 h",
    ]


def test_a_share_of_nothing_is_no_figure() -> None:
    assert words.percent(0, 0) is None
    assert words.percent(1, 3) == 33
