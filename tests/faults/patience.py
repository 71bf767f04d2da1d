"""Waiting for something to come true, and no longer than is bearable."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from tests.faults import crew
from tests.faults.conftest import Shop

PATIENCE: Final = 60.0  # seconds, on a busy machine


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def finish(shop: Shop, dispatch_id: int, settings: Mapping[str, str] | None = None) -> None:
    """One more worker, without any fault, until the dispatch is closed."""
    worker = shop.quick_worker(settings)
    try:
        until(lambda: shop.dispatch(dispatch_id).finished_at is not None)
    finally:
        crew.dismiss(worker)
