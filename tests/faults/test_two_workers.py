"""Two processes send the same dispatch, and one of them is killed: the other goes on within seconds."""

import time

import pytest

from domain.ledger.deliveries import State
from tests.faults.conftest import Shop
from tests.faults.patience import until

RECIPIENTS = 400
SOON = 10.0  # seconds


@pytest.mark.delay(60)
def test_when_one_of_two_workers_is_killed_the_other_goes_on(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    doomed = shop_on_disk.worker()
    other = shop_on_disk.worker()
    try:
        dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
        until(lambda: len(shop_on_disk.sink.received()) > 80)
        doomed.kill()
        doomed.wait(10)
        killed = time.monotonic()
        assert shop_on_disk.books(dispatch_id).queued > 0, "the kill came too late to mean anything"
        until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
        took = time.monotonic() - killed
    finally:
        doomed.kill()
        other.terminate()
        assert other.wait(30) == 0
    books, got = shop_on_disk.books(dispatch_id), shop_on_disk.sink.received()
    sent = shop_on_disk.addresses(dispatch_id, State.SENT)
    assert max(got.values()) == 1
    assert sent <= set(got) <= sent | shop_on_disk.addresses(dispatch_id, State.UNKNOWN)
    assert books.sent + books.not_sure == books.recipients == RECIPIENTS
    assert books.not_sure <= 10
    assert took < SOON
