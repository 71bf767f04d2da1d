"""A launch on two channels, and the question days later, cut short at every step: both or none, and nobody twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import update

from data.database import now, reading, unit
from data.whatsapp_twin import Twin
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.ledger.deliveries import Delivery
from domain.sending import campaigns, dispatches, sibling, siblings
from domain.sending.campaigns import Status
from domain.sending.dispatches import Dispatch, Part
from domain.sending.sibling import Sibling
from tests.faults import crew
from tests.faults.conftest import Shop
from tests.faults.patience import until
from tests.faults.test_failpoints import dies_at
from tests.faults.test_whatsapp_crash import TEMPLATE, connect, know

PEOPLE: Final = 60  # half of them have an address
SEND: Final = ("tests.faults.press", "send")


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    with Twin() as running:
        monkeypatch.setenv("HANDBILL_WHATSAPP_API_URL", running.url)
        running.account.tier, running.account.per_second = "TIER_UNLIMITED", 100_000
        running.manners.sent = running.manners.delivered = running.manners.failed = None
        yield running


@pytest.fixture
def campaign(shop_on_disk: Shop, twin: Twin) -> int:
    """By email, beside it to whoever has no address, and after three days to whoever has not opened it."""
    connect(shop_on_disk, twin)
    people = know(PEOPLE)
    with unit() as session:
        for number in people[::2]:
            key = f"p{number}@host.example"
            row = update(Customer).where(Customer.id == number)
            session.execute(row.values(email=key, email_key=key, email_hash=fingerprint(key)))
    made = shop_on_disk.campaign(audience={"type": "manual", "customerIds": people})
    with unit() as session:
        given = {"content": TEMPLATE, "goes": "after"}
        siblings.write(session, made, given, by=shop_on_disk.olive, now=now())
    return made


def test_a_press_cut_short_leaves_neither_and_one_that_was_written_sends_both(
    shop_on_disk: Shop, twin: Twin, campaign: int
) -> None:
    settings = {"HANDBILL_WHATSAPP_API_URL": twin.url}
    for place in ("rows_inserted", "also"):
        dies_at(shop_on_disk, place, *SEND, str(campaign), settings=settings)
        assert (status(campaign), sends(campaign), rows()) == (Status.DRAFT, {}, 0)
    dies_at(shop_on_disk, "launched", *SEND, str(campaign), settings=settings)
    assert sends(campaign).keys() == {Part.MAIN, Part.ALSO}
    worker = shop_on_disk.quick_worker(settings)
    try:
        until(lambda: status(campaign) is Status.SENT)
    finally:
        crew.dismiss(worker)
    assert set(shop_on_disk.sink.received().values()) == {1}
    assert len(shop_on_disk.sink.received()) == PEOPLE // 2
    assert set(got(twin).values()) == {1}
    assert len(got(twin)) == PEOPLE // 2


def test_a_question_cut_short_is_asked_by_the_next_worker_and_by_two_of_them_once(
    shop_on_disk: Shop, twin: Twin, campaign: int
) -> None:
    settings = {"HANDBILL_WHATSAPP_API_URL": twin.url}
    shop_on_disk.launch(campaign)
    workers = [shop_on_disk.quick_worker(settings)]
    until(lambda: status(campaign) is Status.SENT)
    crew.dismiss(workers.pop())
    the_day_has_come(campaign)
    for place in ("asked", "asked_rows"):
        dies_at(shop_on_disk, place, settings=settings)
        assert Part.ASKED not in sends(campaign)
        assert asked_at(campaign) is None
    workers = [shop_on_disk.quick_worker(settings) for _ in range(2)]
    try:
        until(lambda: (one := sends(campaign).get(Part.ASKED)) and one.finished_at)
    finally:
        for worker in workers:
            crew.dismiss(worker)
    assert shop_on_disk.books(sends(campaign)[Part.ASKED].id).sent == PEOPLE // 2
    assert (len(got(twin)), set(got(twin).values())) == (PEOPLE, {1})


def the_day_has_come(campaign_id: int) -> None:
    a_minute_ago = now() - timedelta(minutes=1)
    with unit() as session:
        mine = update(Sibling).where(Sibling.campaign_id == campaign_id, Sibling.due_at.is_not(None))
        assert session.execute(mine.values(due_at=a_minute_ago)).rowcount == 1  # type: ignore[attr-defined]


def status(campaign_id: int) -> Status:
    with reading() as session:
        return campaigns.get(session, campaign_id).status


def sends(campaign_id: int) -> dict[Part, Dispatch]:
    with reading() as session:
        return {one.part: one for one in dispatches.of_campaign(session, campaign_id)}


def asked_at(campaign_id: int) -> Any:
    with reading() as session:
        there = sibling.of(session, campaign_id)
    return there.asked_at if there else None


def rows() -> int:
    with reading() as session:
        return session.query(Delivery).count()


def got(twin: Twin) -> Counter[str]:
    return Counter(one.number for one in twin.sent)
