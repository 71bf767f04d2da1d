"""Many press at once: one launch, and the others are told."""

import os
import threading
from collections import Counter
from datetime import timedelta

from data.database import now, reading, unit
from domain.ledger import deliveries, steps
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches
from domain.sending.launches import Press
from domain.shop.people import CLOCK, Actor
from jobs import sending
from tests.jobs.conftest import HOUR, Desk

CONTENDERS = 8
ROUNDS = int(os.environ.get("ROUNDS", "500"))


def test_of_all_who_press_together_one_wins(desk: Desk) -> None:
    """Pages, programs with a key of their own and, every other time, the clock; each with its own connection."""
    desk.write_in("Ana", "Ben")
    races = [desk.campaign() for _ in range(ROUNDS)]
    for campaign_id in races[::2]:
        make_due(campaign_id)
    ends = press_together(races, desk)
    assert ends == {"launched": ROUNDS, "already_sending": ROUNDS * (CONTENDERS - 1)}
    for campaign_id in races:
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
    from domain.book.message_types import MessageType
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


def press_together(races: list[int], desk: Desk) -> Counter[str]:
    """All stand at the line before each race. An end that is no refusal breaks the line, and the test with it."""
    ends: list[str] = []
    line = threading.Barrier(CONTENDERS, timeout=60)

    def contend(i: int) -> None:
        try:
            for n, campaign_id in enumerate(races):
                line.wait()
                ends.append(press(campaign_id, *who(i, n, desk)))
        except BaseException:
            line.abort()
            raise

    in_threads([lambda i=i: contend(i) for i in range(CONTENDERS)])
    return Counter(ends)


def who(i: int, n: int, desk: Desk) -> tuple[Press, Actor]:
    """The contenders: the clock, a page with its undo window, programs, and people without any of it."""
    if i == 0 and n % 2 == 0:
        return Press(), CLOCK
    if i == 1:
        return Press(undo=timedelta(seconds=30)), desk.cast.olive
    if i in (2, 3):
        return Press(nonce=f"program {i}, campaign {n}"), desk.cast.max_
    return Press(), desk.cast.olive


def press(campaign_id: int, press: Press, by: Actor) -> str:
    try:
        sending.send_now(campaign_id, press, by)
    except Refusal as refusal:
        return refusal.code
    return "launched"


def make_due(campaign_id: int) -> None:
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = campaigns.Status.SCHEDULED, now() - HOUR


def in_threads(jobs: list) -> None:  # type: ignore[type-arg]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
