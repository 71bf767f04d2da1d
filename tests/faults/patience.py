"""Waiting for something to come true, and no longer than is bearable."""

import subprocess
import time
from collections.abc import Callable
from typing import Final

from tests.faults.conftest import Shop

PATIENCE: Final = 60.0  # seconds, on a busy machine


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def finish(shop: Shop, dispatch_id: int) -> None:
    """One more worker, until the dispatch is closed."""
    worker = shop.worker()
    try:
        until(lambda: shop.dispatch(dispatch_id).finished_at is not None)
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
