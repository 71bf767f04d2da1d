"""Many press at once: one launch, and the others are told."""

import threading
from collections import Counter

import pytest

from data.database import now, reading, unit
from domain.ledger import deliveries, steps
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches
from domain.sending.launches import Press
from domain.shop.people import CLOCK
from jobs import sending
from tests.jobs.conftest import HOUR, Desk

CONTENDERS, ROUNDS = 8, 12


@pytest.mark.parametrize("with_the_clock", [False, True])
def test_of_all_who_press_together_one_wins(desk: Desk, with_the_clock: bool) -> None:
    desk.write_in("Ana", "Ben")
    for _ in range(ROUNDS):
        campaign_id = desk.campaign()
        if with_the_clock:
            make_due(campaign_id)
        ends = press_together(campaign_id, desk, with_the_clock)
        assert ends == {"launched": 1, "already_sending": CONTENDERS - 1}
        with reading() as session:
            (dispatch,) = dispatches.of_campaign(session, campaign_id)
            assert deliveries.books(session, dispatch.id).recipients == 2


def test_a_row_is_claimed_by_one_worker_only(desk: Desk) -> None:
    desk.write_in(*[f"Ana{i}" for i in range(200)])
    dispatch_id = desk.press(desk.campaign())
    taken: list[int] = []
    guard = threading.Lock()

    def work(worker_id: int) -> None:
        while True:
            with unit() as session:
                lot = steps.claim(session, dispatch_id, worker_id, now=now(), most=7)
            if not lot:
                return
            with guard:
                taken.extend(one.id for one in lot)

    in_threads([lambda i=i: work(i) for i in range(1, 5)])
    assert len(taken) == len(set(taken)) == 200


def test_a_worker_that_was_thought_dead_can_do_no_harm(desk: Desk) -> None:
    """Its rows went back and were claimed again; its own late steps change nothing."""
    from domain.audience.reach import EMAIL_REACH
    from domain.book.consent import MessageType
    from domain.ledger.deliveries import State
    from domain.ledger.steps import Result

    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    with unit() as session:
        (old,) = steps.claim(session, dispatch_id, 1, now=now(), most=10)
    with unit() as session:
        assert steps.rescue(session, 1, now=now()) == (1, 0)
        (new,) = steps.claim(session, dispatch_id, 2, now=now(), most=10)
    with unit() as session:
        held = [(old.id, old.attempt)]
        went = steps.hand_over(session, dispatch_id, 1, held, EMAIL_REACH, MessageType.MARKETING, now=now())
        assert went == set()
        steps.settle(session, 1, [Result(old.id, old.attempt, State.SENT)], now=now())
    assert desk.books(dispatch_id).queued == 1
    with unit() as session:
        held = [(new.id, new.attempt)]
        assert steps.hand_over(
            session, dispatch_id, 2, held, EMAIL_REACH, MessageType.MARKETING, now=now()
        ) == {new.id}
        assert steps.rescue(session, 2, now=now()) == (0, 1)
        steps.settle(
            session, 2, [Result(new.id, new.attempt, State.SENT)], now=now()
        )  # late, but from the right one
    assert desk.books(dispatch_id).sent == 1


def press_together(campaign_id: int, desk: Desk, with_the_clock: bool) -> Counter[str]:
    ends: Counter[str] = Counter()
    start = threading.Barrier(CONTENDERS)

    def press(i: int) -> None:
        by = CLOCK if with_the_clock and i == 0 else desk.cast.olive
        start.wait()
        try:
            sending.send_now(campaign_id, Press(), by)
            ends["launched"] += 1
        except Refusal as refusal:
            ends[refusal.code] += 1

    in_threads([lambda i=i: press(i) for i in range(CONTENDERS)])
    return ends


def make_due(campaign_id: int) -> None:
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = campaigns.Status.SCHEDULED, now() - HOUR


def in_threads(jobs: list) -> None:  # type: ignore[type-arg]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
