"""Another program holds the database, for a copy or by mistake: pages go on, nobody is written to twice, it is told.

HOLD in the environment says for how many seconds; `make kill-test` holds it for thirty.
"""

import os
import time
from typing import Final

import httpx
import pytest

from data.database import unit
from domain.shop import shop as shops
from tests.browser.server import started
from tests.faults.conftest import PASSWORD, Shop
from tests.faults.patience import until
from tests.faults.truth import HALF_A_MINUTE, health_in, nobody_twice_nobody_lost, nothing_left_unwritten
from tests.jobs.test_storage_trouble import another_program_writes

HOLD: Final = float(os.environ.get("HOLD", "8"))  # seconds
RECIPIENTS: Final = 600
SOON: Final = 1.0  # seconds: the 95th of a hundred pages
PAGES: Final = (
    "/marketing",
    "/marketing/campaigns",
    "/customers",
    "/api/marketing/campaigns",
    "/api/marketing/customers",
    "/api/marketing/dispatches",
    "/health",
)


@pytest.mark.delay(100)
def test_a_held_database_slows_no_page_and_repeats_nobody(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    with unit() as session:
        shops.open_doors(session, by=shop_on_disk.olive)
    settings = {**shop_on_disk.settings(), "HANDBILL_SECRET": ""}
    with started(shop_on_disk.folder, settings) as shop, httpx.Client(base_url=shop.url, timeout=60) as olive:
        sign_in(olive)
        look_round(olive, seconds=1)  # the first page of a process takes longer
        dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
        until(lambda: len(shop_on_disk.sink.received()) > 20)
        with another_program_writes(str(shop_on_disk.folder / "handbill.db")):
            took = look_round(olive, HOLD)
            nothing_left_unwritten(shop_on_disk, dispatch_id)
            assert shop_on_disk.books(dispatch_id).queued > 0, "it was held too late to mean anything"
            assert health_in(max(0.0, HALF_A_MINUTE - HOLD)) == "degraded", "nobody is told"
        until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
        until(lambda: health_in(0) == "ok")
    p95 = took[int(len(took) * 0.95)]
    print(
        f"\nheld for {HOLD:.0f} s in mid send: {len(took)} pages, median {took[len(took) // 2] * 1000:.0f} ms, "
        f"p95 {p95 * 1000:.0f} ms, slowest {took[-1] * 1000:.0f} ms"
    )
    assert p95 < SOON
    nobody_twice_nobody_lost(shop_on_disk, dispatch_id, RECIPIENTS, at_most_unsure=0)


def sign_in(olive: httpx.Client) -> None:
    """With the cookie of the pages and the token of programs."""
    who = {"email": "olive@marlow.example", "password": PASSWORD}
    assert olive.post("/sign-in", data=who, headers={"Origin": str(olive.base_url)}).status_code == 303
    token = olive.post("/api/auth/login", json=who).json()["accessToken"]
    olive.headers["Authorization"] = f"Bearer {token}"


def look_round(olive: httpx.Client, seconds: float) -> list[float]:
    """How long each page took, the quickest first."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for page in PAGES:
            began = time.monotonic()
            answer = olive.get(page)
            took.append(time.monotonic() - began)
            assert answer.status_code == 200, f"{page}: {answer.status_code}"
        time.sleep(0.05)
    return sorted(took)
