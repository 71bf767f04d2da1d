"""Two processes send the same dispatch, and one of them is killed: the other goes on within seconds."""

import time

import pytest

from tests.faults.conftest import Shop
from tests.faults.patience import until
from tests.faults.truth import IN_FLIGHT, nobody_twice_nobody_lost

RECIPIENTS = 400
SOON = 10.0  # seconds until it has what the dead one held; how long the rest takes is the machine's affair


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
        until(lambda: not shop_on_disk.held_by(doomed.pid))
        took = time.monotonic() - killed
        until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
    finally:
        doomed.kill()
        other.terminate()
        assert other.wait(30) == 0
    nobody_twice_nobody_lost(shop_on_disk, dispatch_id, RECIPIENTS, at_most_unsure=IN_FLIGHT)
    assert took < SOON
