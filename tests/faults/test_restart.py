"""A schedule outlives the process that knew it: started again, it fires by itself, once, and says when it was late."""

from datetime import datetime, timedelta
from typing import Any

from data.database import now, reading, unit
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Status
from domain.sending.dispatches import Dispatch
from tests.faults.conftest import Shop
from tests.faults.patience import until


def test_a_schedule_fires_by_itself_after_a_restart_and_not_early(shop_on_disk: Shop) -> None:
    due = now() + timedelta(seconds=6)
    campaign_id = scheduled(shop_on_disk, due)
    first = shop_on_disk.worker()
    first.kill()
    first.wait(10)
    assert launches(campaign_id) == []
    second = shop_on_disk.worker()
    try:
        until(lambda: is_sent(campaign_id))
    finally:
        second.terminate()
        second.wait(30)
    (dispatch,) = launches(campaign_id)
    assert dispatch.created_at >= due
    assert dispatch.late_reason == ""
    assert set(shop_on_disk.sink.received().values()) == {1}


def test_a_schedule_whose_time_came_while_nobody_worked_fires_at_the_start_and_says_why(
    shop_on_disk: Shop,
) -> None:
    first = shop_on_disk.worker()
    first.kill()
    first.wait(10)
    campaign_id = scheduled(shop_on_disk, now() - timedelta(minutes=5))
    second = shop_on_disk.worker()
    try:
        until(lambda: is_sent(campaign_id))
    finally:
        second.terminate()
        second.wait(30)
    (dispatch,) = launches(campaign_id)
    assert dispatch.late_reason.startswith("Started 5 min late")
    assert set(shop_on_disk.sink.received().values()) == {1}


def scheduled(shop: Shop, due: datetime) -> int:
    shop.write_in(3)
    campaign_id = shop.campaign()
    with unit() as session:
        campaign: Any = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, due
    return campaign_id


def launches(campaign_id: int) -> list[Dispatch]:
    with reading() as session:
        return dispatches.of_campaign(session, campaign_id)


def is_sent(campaign_id: int) -> bool:
    with reading() as session:
        return campaigns.get(session, campaign_id).status is Status.SENT
