"""A schedule outlives the process that knew it: started again, it fires by itself, once, and says when it was late."""

from datetime import datetime, timedelta
from typing import Any

from data.database import now, reading, unit
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Status
from domain.sending.dispatches import Dispatch
from tests.faults import crew
from tests.faults.conftest import Shop
from tests.faults.patience import until


def test_a_schedule_fires_by_itself_after_a_restart_and_not_early(shop_on_disk: Shop) -> None:
    first = shop_on_disk.quick_worker()
    due = now() + timedelta(seconds=6)
    campaign_id = scheduled(shop_on_disk, due)
    crew.kill(first)
    assert launches(campaign_id) == []
    dispatch = sent_by_the_next_worker(shop_on_disk, campaign_id)
    assert dispatch.created_at >= due
    assert dispatch.late_reason == ""


def test_a_schedule_whose_time_came_while_nobody_worked_fires_at_the_start_and_says_why(
    shop_on_disk: Shop,
) -> None:
    crew.kill(shop_on_disk.quick_worker())
    campaign_id = scheduled(shop_on_disk, now() - timedelta(minutes=5))
    dispatch = sent_by_the_next_worker(shop_on_disk, campaign_id)
    assert dispatch.late_reason.startswith("Started 5 min late")


def scheduled(shop: Shop, due: datetime) -> int:
    shop.write_in(3)
    campaign_id = shop.campaign()
    with unit() as session:
        campaign: Any = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, due
    return campaign_id


def sent_by_the_next_worker(shop: Shop, campaign_id: int) -> Dispatch:
    """By itself, in one launch, and to nobody twice."""
    worker = shop.quick_worker()
    try:
        until(lambda: is_sent(campaign_id))
    finally:
        crew.dismiss(worker)
    (dispatch,) = launches(campaign_id)
    assert set(shop.sink.received().values()) == {1}
    return dispatch


def launches(campaign_id: int) -> list[Dispatch]:
    with reading() as session:
        return dispatches.of_campaign(session, campaign_id)


def is_sent(campaign_id: int) -> bool:
    with reading() as session:
        return campaigns.get(session, campaign_id).status is Status.SENT
