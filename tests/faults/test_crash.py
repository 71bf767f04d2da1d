"""`kill -9` at any moment, with two workers on one file: nobody is written to twice, nobody is forgotten, the books balance.

KILLS in the environment says how many; `make kill-test N=1000` sets it.
"""

import os
import random
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Final

import pytest

from data.database import reading
from domain.sending.campaigns import Status, get
from tests.faults import crew
from tests.faults.conftest import Shop
from tests.faults.patience import finish, until
from tests.faults.truth import IN_FLIGHT, nobody_twice_nobody_lost

KILLS: Final = int(os.environ.get("KILLS", "100"))
RECIPIENTS: Final = 400  # of each of the sends that follow one another
CREW: Final = 2
LOOKS_FOR: Final = 3.0  # seconds, for a worker that holds messages; there is none where a send is just over
MID_SEND: Final = 1 / 3  # at least this share of the killed must have held messages


@dataclass
class Season:
    """Sends one after another, and what became of them."""

    shop: Shop
    kills: int = 0
    processes: int = 0  # killed; some kills take both
    hits: int = 0  # of these processes: those that held messages
    sent: int = 0
    unsure: int = 0
    unsure_but_there: int = 0
    over: int = 0
    current: tuple[int, int] | None = None  # campaign, dispatch
    killed_before: int = 0
    launched: list[int] = field(default_factory=list)

    def press(self) -> None:
        """The next campaign, to people of its own: so the sink's one list tells the sends apart."""
        customers = self.shop.write_in(RECIPIENTS, self.prefix)
        campaign_id = self.shop.campaign(audience={"type": "manual", "customerIds": customers})
        self.current = campaign_id, self.shop.launch(campaign_id)
        self.launched.append(self.current[1])
        self.killed_before = self.processes

    @property
    def prefix(self) -> str:
        return f"of{self.over}to"

    def is_over(self) -> bool:
        return self.current is not None and self.shop.dispatch(self.current[1]).finished_at is not None

    def check(self) -> None:
        """A send that is over: the sink's list and the books."""
        assert self.current
        campaign_id, dispatch_id = self.current
        most = (self.processes - self.killed_before) * IN_FLIGHT
        seen = nobody_twice_nobody_lost(
            self.shop, dispatch_id, RECIPIENTS, at_most_unsure=most, among=self.prefix
        )
        with reading() as session:
            assert get(session, campaign_id).status is Status.SENT
        self.sent, self.unsure = self.sent + len(seen.sent), self.unsure + len(seen.unsure)
        self.unsure_but_there += len(seen.unsure & set(seen.got))
        self.over, self.current = self.over + 1, None

    def books_balance(self) -> None:
        for dispatch_id in self.launched:
            assert self.shop.books(dispatch_id).recipients == RECIPIENTS


@pytest.mark.delay(50)
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param("pipelining", marks=pytest.mark.offers()),
        pytest.param("chunking", marks=pytest.mark.offers("--chunking")),
    ],
)
def test_whenever_workers_are_killed_nobody_gets_it_twice_and_nobody_is_lost(
    shop_on_disk: Shop, offers: str
) -> None:
    season, chance = Season(shop_on_disk), random.Random(f"{offers} 20261121")
    workers = [shop_on_disk.quick_worker() for _ in range(CREW)]
    try:
        while season.kills < KILLS // 2:
            if season.is_over():
                season.check()
            if season.current is None:
                season.press()
            kill_some(season, workers, chance)
        until(season.is_over)
        season.check()
        assert season.shop.sink.received().total() == season.sent + season.unsure_but_there
    finally:
        for worker in workers:
            crew.dismiss(worker)
    print(
        f"\n{offers}: {season.kills} kills of {season.processes} processes, {season.hits} of them in mid send; "
        f"{season.over} sends to {season.over * RECIPIENTS:,} people: {season.sent:,} sent, 0 twice, 0 lost, "
        f"{season.unsure} not sure ({season.unsure / season.processes:.1f} a process; {season.unsure_but_there} of "
        f"them had got it)"
    )
    assert season.hits >= season.processes * MID_SEND, "the kills came too late to mean anything"


def kill_some(season: Season, workers: list[BaseProcess], chance: random.Random) -> None:
    victims = chance.choice([[0], [1], [0, 1]])
    wait_for_a_moment(season, [workers[i] for i in victims], chance)
    for i in victims:
        crew.kill(workers[i])
    season.kills, season.processes = season.kills + 1, season.processes + len(victims)
    season.hits += sum(season.shop.held_by(workers[i].pid) > 0 for i in victims)
    season.books_balance()
    for i in victims:
        workers[i] = season.shop.quick_worker()


def wait_for_a_moment(season: Season, victims: list[BaseProcess], chance: random.Random) -> None:
    """Mostly one in mid send, however slow the machine; else any, so that starts and ends are hit as well."""
    end = time.monotonic() + LOOKS_FOR
    mid_send = chance.random() < 0.75
    while mid_send and not any(season.shop.held_by(one.pid) for one in victims) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 0.3))


@pytest.mark.delay(50)
@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(120, id="lockstep", marks=pytest.mark.offers("--no-pipelining")),
        pytest.param(500, id="pipelining", marks=pytest.mark.offers()),
        pytest.param(1500, id="chunking", marks=pytest.mark.offers("--chunking")),
    ],
)
def test_a_polite_stop_drains_and_leaves_no_doubt(shop_on_disk: Shop, recipients: int) -> None:
    """So many that a send outlasts four workers, also where each of them is told late."""
    shop_on_disk.write_in(recipients)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    in_mid_send = 0
    for _ in range(4):
        before = shop_on_disk.sink.received().total()
        worker = shop_on_disk.quick_worker()
        until(lambda: shop_on_disk.sink.received().total() > before)  # noqa: B023
        crew.dismiss(worker, within=30)
        books, got = shop_on_disk.books(dispatch_id), shop_on_disk.sink.received().total()
        in_mid_send += books.queued > 0
        assert books.not_sure == 0
        assert books.sent == got, "it left before it had written down what it heard"
    assert in_mid_send >= 3
    finish(shop_on_disk, dispatch_id)
    nobody_twice_nobody_lost(shop_on_disk, dispatch_id, recipients, at_most_unsure=0)
