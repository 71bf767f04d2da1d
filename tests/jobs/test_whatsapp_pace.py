"""How fast messages go by WhatsApp: as fast as the platform lets the shop, never faster, and to so many people a day."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from data.database import now, unit
from data.whatsapp_twin import Asked, Twin
from domain.sending.dispatches import Hold
from domain.shop import whatsapp
from domain.shop.whatsapp_reach import WhatsAppReached
from jobs.queue import Queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import counter, worker


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin() as running:
        running.manners.sent = running.manners.delivered = running.manners.failed = None
        running.account.tier = "TIER_UNLIMITED"
        yield running


def numbers(many: int) -> list[str]:
    return [f"+4917000{number:05}" for number in range(many)]


def seconds(twin: Twin) -> float:
    moments = [one.at for one in twin.sent]
    return max(moments) - min(moments)


def posts(twin: Twin) -> list[Asked]:
    return [one for one in twin.calls if one.method == "POST" and one.path.endswith("/messages")]


def test_it_could_go_faster_than_the_platform_takes_messages(desk: Desk, twin: Twin) -> None:
    """By the work it is, whatever else this computer has to do; the platform's own work is counted too."""
    twin.account.per_second = 100_000
    with counter(desk, twin, per_second=100_000) as shop:
        shop.know(*numbers(400))
        dispatch = shop.press()
        begun = time.process_time()
        with worker(desk.folder):
            assert desk.until_over(dispatch).sent == 400
        a_second_of_work = 400 / (time.process_time() - begun)
    print(f"\n{a_second_of_work:.0f} messages a second of work, {400 / seconds(twin):.0f} a second just now")
    assert a_second_of_work >= whatsapp.PER_SECOND


@pytest.mark.parametrize(("limit", "people", "workers"), [(80, 200, 1), (20, 50, 2)])
def test_no_second_sees_more_than_the_platform_takes(
    desk: Desk, twin: Twin, limit: int, people: int, workers: int
) -> None:
    """The platform refuses the first message too many, and none is refused."""
    twin.account.per_second = limit
    with counter(desk, twin, per_second=limit) as shop:
        shop.know(*numbers(people))
        dispatch = shop.press()
        with worker(desk.folder), Worker(Queue(desk.folder / "handbill.db"), desk.folder) as other:
            if workers == 2:
                threading.Thread(target=other.look_at, args=(dispatch,), daemon=True).start()
            books = desk.until_over(dispatch)
    assert (books.sent, len(twin.sent), len(posts(twin))) == (people, people, people)
    print(f"\n{people / seconds(twin):.0f} a second of {limit}")


def test_two_messages_to_one_person_have_six_seconds_between_them(
    desk: Desk, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is one, for the sake of the test; the platform refuses what comes sooner. The shop waits a little longer."""
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(seconds=2))
    twin.account.per_person = 1.0
    with counter(desk, twin) as shop:
        [ana, *others] = shop.know(*numbers(5))
        to_ana = {"audience": {"type": "manual", "customerIds": [ana]}}
        to_others = {"audience": {"type": "manual", "customerIds": others}}
        sends = [shop.press(**to_ana), shop.press(**to_ana), shop.press(**to_others)]
        with worker(desk.folder):
            assert [desk.until_over(one).sent for one in sends] == [1, 1, 4]
    assert len(posts(twin)) == 6
    first, second = [one.at for one in twin.sent if one.number.endswith("00000")]
    assert second - first >= 1.0


def test_as_many_people_as_the_platform_allows_a_day_and_the_rest_when_there_is_room(
    desk: Desk, twin: Twin, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(0))
    twin.account.tier, twin.account.per_person = "TIER_5", 0.0
    with counter(desk, twin) as shop:
        people = shop.know(*numbers(8))
        dispatch = shop.press()
        begun = now()
        with worker(desk.folder):
            desk.until(lambda: desk.dispatch(dispatch).held_for is Hold.REACH)
            held = desk.dispatch(dispatch).held_until
            assert held is not None
            assert timedelta(hours=24) <= held - begun <= timedelta(hours=24, minutes=1)
            assert (desk.books(dispatch).sent, desk.books(dispatch).queued) == (5, 3)
            again = shop.press(audience={"type": "manual", "customerIds": people})
            desk.until(lambda: desk.dispatch(again).held_for is Hold.REACH)
            assert desk.books(again).sent == 5, "who was written to within the day counts once"
            a_day_later()
            assert desk.until_over(dispatch).sent == 8
    assert len({one.number for one in twin.sent}) == 8


def a_day_later() -> None:
    with unit() as session:
        session.execute(update(WhatsAppReached).values(at=now() - timedelta(hours=25)))


def test_the_reach_is_the_platforms_word(desk: Desk, twin: Twin) -> None:
    told = {"TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_100K": 100_000, "TIER_UNLIMITED": None}
    assert {tier: whatsapp.reach_of(tier) for tier in told} == told
    assert whatsapp.reach_of("") == whatsapp.reach_of("something new") == 250
