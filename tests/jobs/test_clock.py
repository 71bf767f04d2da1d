"""Schedules fire by themselves: at their time, once, in the right zone, also after a restart; late ones say why."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from data.database import now, reading, unit
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, schedules, workers
from domain.sending.calendar import appointment, resolved
from domain.shop import notices
from jobs import clock
from tests.jobs.conftest import Desk
from tests.twins.smtp_server import ScriptedServer

NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NINE - timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def scheduled(at: time_machine.Traveller, desk: Desk) -> int:
    """A campaign to Ana, for nine o'clock."""
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    with unit() as session:
        when = appointment("2026-12-01T09:00", LONDON, now=now())
        schedules.schedule(session, campaign_id, when, by=desk.cast.olive, now=now())
    return campaign_id


def launches(campaign_id: int) -> list[dispatches.Dispatch]:
    with reading() as session:
        return dispatches.of_campaign(session, campaign_id)


def test_a_schedule_is_never_early_and_fires_once(
    desk: Desk, scheduled: int, at: time_machine.Traveller
) -> None:
    at.move_to(NINE - timedelta(microseconds=1))
    clock.tick(now())
    assert launches(scheduled) == []
    at.move_to(NINE)
    for _ in range(3):
        clock.tick(now())
    (dispatch,) = launches(scheduled)
    assert dispatch.due_at == NINE
    assert dispatch.late_reason == ""
    assert desk.read(scheduled).status == "sending"


def test_a_late_schedule_says_that_handbill_was_off(
    desk: Desk, scheduled: int, at: time_machine.Traveller
) -> None:
    at.move_to(NINE - timedelta(minutes=2))
    with unit() as session:
        workers.sign_on(session, pid=1, host="here", lock_name="gone", now=now())
    at.move_to(NINE + timedelta(minutes=41))
    with unit() as session:
        workers.sign_on(session, pid=2, host="here", lock_name="new", now=now())
    clock.tick(now())
    (dispatch,) = launches(scheduled)
    assert dispatch.late_reason == "Started 41 min late: Handbill was not running from 08:58 to 09:41."


def test_more_than_six_hours_late_asks_instead_of_sending(
    desk: Desk, scheduled: int, at: time_machine.Traveller
) -> None:
    at.move_to(NINE + timedelta(hours=6, seconds=1))
    clock.tick(now())
    campaign = desk.read(scheduled)
    assert launches(scheduled) == []
    assert campaign.status == "draft"
    assert "more than 6 hours ago" in campaign.last_launch_error
    with reading() as session:
        (notice,) = notices.unseen(session)
    assert "was not sent" in notice.sentence


def test_a_schedule_that_finds_nobody_is_on_record_and_the_owner_learns_of_it(
    desk: Desk, scheduled: int, at: time_machine.Traveller
) -> None:
    from domain.book import customers

    with unit() as session:
        customers.delete(session, 1, by=desk.cast.olive, now=now())
    at.move_to(NINE)
    clock.tick(now())
    (dispatch,) = launches(scheduled)
    assert (dispatch.outcome, dispatch.recipients) == ("nobody", 0)
    assert desk.read(scheduled).status == "draft"
    with reading() as session:
        assert "No recipients found for this campaign" in notices.unseen(session)[0].sentence


def test_a_scheduled_campaign_can_be_taken_back_and_then_does_not_fire(
    desk: Desk, scheduled: int, at: time_machine.Traveller
) -> None:
    with unit() as session:
        schedules.unschedule(session, scheduled, by=desk.cast.olive, now=now())
    at.move_to(NINE + timedelta(minutes=1))
    clock.tick(now())
    assert launches(scheduled) == []


def test_a_deleted_campaign_does_not_fire(desk: Desk, scheduled: int, at: time_machine.Traveller) -> None:
    with unit() as session:
        campaigns.delete(session, scheduled, by=desk.cast.olive, now=now())
    at.move_to(NINE)
    clock.tick(now())
    assert launches(scheduled) == []


def test_a_scheduled_campaign_is_locked_until_it_is_a_draft_again(desk: Desk, scheduled: int) -> None:
    with pytest.raises(Refusal, match="scheduled"), unit() as session:
        campaigns.change(session, scheduled, {"subject": "x"}, by=desk.cast.olive, now=now())


def test_a_schedule_fires_by_itself_while_a_worker_runs(desk: Desk) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    due = now() + timedelta(seconds=1)
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = campaigns.Status.SCHEDULED, due
    with desk.mail_server(ScriptedServer()):
        desk.until(lambda: desk.read(campaign_id).status == "sent")
    (dispatch,) = launches(campaign_id)
    late = dispatch.created_at - due
    assert timedelta(0) <= late < timedelta(seconds=5)  # "a second when idle" is the bench's


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2027-03-28T01:30", "Europe/London", "2027-03-28T01:00"),  # skipped: the first moment after the gap
        ("2027-10-31T01:30", "Europe/London", "2027-10-31T00:30"),  # twice: the first of both
        ("2027-03-14T02:15", "America/New_York", "2027-03-14T07:00"),
        ("2027-10-03T02:10", "Australia/Lord_Howe", "2027-10-02T15:30"),  # half an hour only
        ("2027-06-01T09:00", "Asia/Kolkata", "2027-06-01T03:30"),
    ],
)
def test_a_wall_clock_time_means_one_moment(wall: str, zone: str, utc: str) -> None:
    assert f"{resolved(datetime.fromisoformat(wall), ZoneInfo(zone)):%Y-%m-%dT%H:%M}" == utc


def test_a_skipped_time_is_explained() -> None:
    when = appointment("2027-03-28T01:30", LONDON, now=NINE)
    assert when.note.startswith("01:30 does not exist on that day")
    assert when.note.endswith("It will be sent at 02:00.")


@pytest.mark.parametrize(
    ("wall", "code"),
    [("2026-11-30T09:00", "in_the_past"), ("tomorrow", "invalid"), ("2099-01-01T00:00", "invalid")],
)
def test_a_time_that_can_not_be_is_refused(wall: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        appointment(wall, LONDON, now=NINE)
    assert refused.value.code == code
