"""How fast messages go by WhatsApp: as fast as the platform lets the shop, never faster, and to so many people a day."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from data.database import now, reading, unit
from data.whatsapp_twin import Asked, Twin
from data.whatsapp_twin.account import TIERS
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Hold
from domain.shop import provider_keys, whatsapp
from domain.shop.whatsapp_reach import WhatsAppReached
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import FEW, another_process, counter, worker
from tests.twins.open_door import open_door


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


def by_hand(people: list[int]) -> dict[str, Any]:
    return {"type": "manual", "customerIds": people}


def fullest_second(twin: Twin) -> int:
    """Wherever it begins."""
    moments = sorted(one.at for one in twin.sent)
    return max(bisect_left(moments, at + 1.0) - place for place, at in enumerate(moments))


def holders(dispatch_id: int) -> set[int | None]:
    with reading() as session:
        return set(session.scalars(select(Delivery.claimed_by).where(Delivery.dispatch_id == dispatch_id)))


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


def test_no_second_sees_more_than_the_platform_takes_from_two_processes_and_hardly_less(
    desk: Desk, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sends at once share the number. The platform refuses the first message too many, and none is refused."""
    monkeypatch.setattr("domain.sending.engine.LEASE", FEW)
    with counter(desk, twin) as shop, worker(desk.folder), another_process(desk.folder, twin) as other:
        people = shop.know(*numbers(200))
        sends = [shop.press(audience=by_hand(half)) for half in (people[:100], people[100:])]
        for one in sends:
            other.send(one)
        assert [desk.until_over(one).sent for one in sends] == [100, 100]
    assert (len(twin.sent), len(posts(twin))) == (200, 200)
    assert fullest_second(twin) <= 80
    assert len({holder for one in sends for holder in holders(one)}) == 2


def test_a_number_that_is_shared_with_the_app_on_a_telephone_has_twenty(desk: Desk, twin: Twin) -> None:
    twin.account.on_phone_app, twin.account.per_second = True, 20
    with counter(desk, twin) as shop:
        shop.know(*numbers(30))
        dispatch = shop.press()
        with worker(desk.folder):
            assert desk.until_over(dispatch).sent == 30
    assert len(posts(twin)) == 30
    assert fullest_second(twin) <= 20


def test_two_messages_to_one_person_have_six_seconds_between_them_and_nobody_else_waits(
    desk: Desk, twin: Twin, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is one, for the sake of the test; the platform refuses what comes sooner. The shop waits a little longer."""
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(seconds=2))
    monkeypatch.setattr(
        "domain.channels.whatsapp.AT_ONCE", 1
    )  # whoever waited on the line would be in the way
    twin.account.per_person = 1.0
    with counter(desk, twin) as shop:
        [ana, *others] = shop.know(*numbers(5))
        sends = [shop.press(audience=by_hand([ana])), shop.press(audience=by_hand([ana, *others]))]
        with worker(desk.folder):
            assert [desk.until_over(one).sent for one in sends] == [1, 5]
    assert len(posts(twin)) == 6
    first, second = [one.at for one in twin.sent if one.number.endswith("00000")]
    assert second - first >= 1.0
    assert max(one.at for one in twin.sent if not one.number.endswith("00000")) < second


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


def test_two_sends_at_once_never_reach_one_person_more_than_the_day_has_room_for(
    desk: Desk, twin: Twin, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform takes one too many and fails it later. Once it allows more, the rest goes by itself."""
    monkeypatch.setitem(TIERS, "TIER_5", 5)
    twin.account.tier = "TIER_5"
    with open_door() as port, counter(desk, twin) as shop:
        secret = provider_keys.secret("whatsapp", 1)
        assert twin.report_to(f"http://127.0.0.1:{port}/webhooks/whatsapp/{secret}")
        people = shop.know(*numbers(8))
        sends = [shop.press(audience=by_hand(half)) for half in (people[:4], people[4:])]
        with worker(desk.folder):
            desk.until(lambda: Hold.REACH in {desk.dispatch(one).held_for for one in sends})
            desk.until(lambda: sum(desk.books(one).sent for one in sends) == 5)
            twin.set_tier("TIER_250")
            assert [desk.until_over(one).sent for one in sends] == [4, 4]
    assert [one.fails for one in twin.sent] == [0] * 8


def a_day_later() -> None:
    with unit() as session:
        session.execute(update(WhatsAppReached).values(at=now() - timedelta(hours=25)))


def test_the_reach_is_the_platforms_word(desk: Desk, twin: Twin) -> None:
    told = {"TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_100K": 100_000, "TIER_UNLIMITED": None}
    assert {tier: whatsapp.reach_of(tier) for tier in told} == told
    assert whatsapp.reach_of("") == whatsapp.reach_of("something new") == 250
