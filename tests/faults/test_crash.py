"""`kill -9` at any moment: nobody is written to twice, nobody is forgotten, and the books balance."""

import random
import subprocess
import time

import pytest

from data.database import reading
from domain.ledger.deliveries import State
from domain.sending.campaigns import get
from domain.sending.engine import CONNECTIONS
from tests.faults.conftest import Shop

RECIPIENTS, KILLS = 500, 20
PATIENCE = 60  # seconds that a started worker may take to bring a dispatch to its end


@pytest.mark.delay(60)
def test_twenty_kills_in_mid_send_lose_nobody_and_repeat_nobody(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    campaign_id = shop_on_disk.campaign()
    dispatch_id = shop_on_disk.launch(campaign_id)
    chance = random.Random(20261121)
    hits = 0
    for _ in range(KILLS):
        before = shop_on_disk.books(dispatch_id)
        worker = shop_on_disk.worker()
        time.sleep(chance.uniform(0.05, 0.8))
        worker.kill()
        worker.wait(10)
        hits += before.queued > 0 and shop_on_disk.books(dispatch_id).queued > 0
        books = shop_on_disk.books(dispatch_id)
        assert books.recipients == RECIPIENTS
    finish(shop_on_disk, dispatch_id)

    books, got = shop_on_disk.books(dispatch_id), shop_on_disk.sink.received()
    sent = shop_on_disk.addresses(dispatch_id, State.SENT)
    unsure = shop_on_disk.addresses(dispatch_id, State.UNKNOWN)
    print(
        f"\n{hits} of {KILLS} kills in mid send: {books}; {len(got)} received, {len(unsure & set(got))} of the unsure"
    )
    assert max(got.values()) == 1, "somebody was written to twice"
    assert sent <= set(got), "somebody counts as sent and got nothing"
    assert set(got) <= sent | unsure, "somebody got it and does not stand in the books"
    assert books.sent + books.not_sure == RECIPIENTS
    assert books.not_sure <= KILLS * CONNECTIONS
    assert hits >= KILLS // 2, "the kills came too late to mean anything"
    with reading() as session:
        assert get(session, campaign_id).status == "sent"


@pytest.mark.delay(60)
def test_a_polite_stop_drains_and_leaves_no_doubt(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(200)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    for _ in range(3):
        worker = shop_on_disk.worker()
        time.sleep(0.5)
        worker.terminate()
        assert worker.wait(30) == 0
    assert shop_on_disk.books(dispatch_id).sent > 0
    finish(shop_on_disk, dispatch_id)
    assert shop_on_disk.books(dispatch_id).sent == 200
    assert sum(shop_on_disk.sink.received().values()) == 200


def finish(shop: Shop, dispatch_id: int) -> None:
    """One more worker, until the dispatch is closed."""
    worker = shop.worker()
    try:
        until = time.monotonic() + PATIENCE
        while shop.dispatch(dispatch_id).finished_at is None and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
    assert shop.dispatch(dispatch_id).finished_at is not None, "the dispatch never ended"
