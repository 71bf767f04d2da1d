"""`kill -9` in the middle of a send by WhatsApp: as by email, nobody gets it twice, nobody is forgotten, the books balance."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import insert

from data.config import Config, use_config
from data.database import now, unit
from data.whatsapp_twin import Act, Asked, Twin
from domain.book import consent
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.ledger.deliveries import State
from domain.results import connections
from domain.sending.engine import CONNECTIONS
from jobs import whatsapp as whatsapp_jobs
from tests.faults import crew
from tests.faults.conftest import Shop, Sink
from tests.faults.patience import until

KILLS: Final = int(os.environ.get("KILLS", "100")) // 12
RECIPIENTS: Final = 300
IN_FLIGHT: Final = CONNECTIONS * 8  # of one process, at most
ANSWERS_AFTER: Final = 0.15  # seconds, so that there is something to be killed in
TEMPLATE: Final = {"template": {"name": "open_on_sunday", "language": "en"}}


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    """No mail goes out here."""
    return Sink(9, tmp_path / "received")


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin() as running:
        running.account.tier, running.account.per_second = "TIER_UNLIMITED", 100_000
        running.account.per_person = 0.0
        running.manners.sent = running.manners.delivered = running.manners.failed = None
        yield running


def test_whenever_a_worker_is_killed_nobody_gets_it_twice_and_nobody_is_lost(
    shop_on_disk: Shop, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some messages are taken, and the answer comes late; some are taken, and no answer comes at all."""
    monkeypatch.setenv("HANDBILL_WHATSAPP_API_URL", twin.url)
    connect(shop_on_disk, twin)
    chance, hits = random.Random(20261121), 0
    twin.act = lambda asked: late(asked, chance)
    audience = {"type": "manual", "customerIds": know(RECIPIENTS)}
    facts: dict[str, Any] = {"channel": "whatsapp", "subject": "", "text_body": "", "content": TEMPLATE}
    dispatch = shop_on_disk.launch(shop_on_disk.campaign(audience=audience, **facts))
    settings = {"HANDBILL_WHATSAPP_API_URL": twin.url}
    killed, worker = 0, shop_on_disk.quick_worker(settings)
    while killed < KILLS and shop_on_disk.dispatch(dispatch).finished_at is None:
        wait_for_some(shop_on_disk, dispatch, twin, len(twin.sent) + chance.randrange(4, 40))
        crew.kill(worker)
        killed, hits = killed + 1, hits + (shop_on_disk.held_by(worker.pid) > 0)
        worker = shop_on_disk.quick_worker(settings)
    until(lambda: shop_on_disk.dispatch(dispatch).finished_at is not None)
    crew.dismiss(worker)
    got = Counter("+" + one.number for one in twin.sent)
    sent, unsure = (shop_on_disk.addresses(dispatch, state) for state in (State.SENT, State.UNKNOWN))
    books = shop_on_disk.books(dispatch)
    print(
        f"\n{killed} kills, {hits} in mid send: {books.sent} sent, 0 twice, 0 lost, {books.not_sure} not sure"
    )
    assert got.total() == len(got), f"written to twice: {got.most_common(3)}"
    assert sent <= set(got) <= sent | unsure
    assert (books.recipients, books.sent + books.not_sure) == (RECIPIENTS, RECIPIENTS)
    assert books.not_sure <= killed * IN_FLIGHT + RECIPIENTS // 10
    assert hits >= killed // 2, "the kills came too late to mean anything"


def wait_for_some(shop: Shop, dispatch: int, twin: Twin, wanted: int) -> None:
    until(lambda: len(twin.sent) >= wanted or shop.dispatch(dispatch).finished_at is not None)


def late(asked: Asked, chance: random.Random) -> Act | None:
    if asked.method != "POST":
        return None
    return Act(takes=True, waits=ANSWERS_AFTER, hangs_up=chance.random() < 0.03)


def connect(shop: Shop, twin: Twin) -> None:
    keys: dict[str, str | None] = {
        name: getattr(twin.account, name)
        for name in ("phone_number_id", "business_account_id", "access_token", "app_secret", "verify_token")
    }
    use_config(Config(data=shop.folder, whatsapp_api_url=twin.url))
    with unit() as session:
        connections.change(session, "whatsapp", keys, by=shop.olive, now=now())
    whatsapp_jobs.refresh()


def know(many: int) -> list[int]:
    moment = now()
    rows = [
        {
            "first_name": f"Ana {number}",
            "phone": f"+4917000{number:05}",
            "phone_key": f"+4917000{number:05}",
            "phone_hash": fingerprint(f"+4917000{number:05}"),
            "active_at": moment,
            "created_at": moment,
            "updated_at": moment,
            "attrs": {},
        }
        for number in range(many)
    ]
    with unit() as session:
        found = list(session.scalars(insert(Customer).returning(Customer.id), rows))
        for one in found:
            consent.grant(session, one, "whatsapp", "marketing", how="form", now=moment)
        return found
