"""The clock on the wall jumps: twice a year by law, and now and then by mistake. Nothing fires twice, nobody waits for ever."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import time_machine

from data.database import now, reading, unit
from data.liveness import Pulse
from domain.ledger.deliveries import State
from domain.sending import runs, schedules, workers
from domain.sending.calendar import appointment
from domain.sending.dispatches import Dispatch, of_campaign
from jobs import clock
from tests.domain.test_calendar_zones import changes_of
from tests.jobs.conftest import HOUR, PATIENCE, Desk
from tests.twins.smtp_server import ScriptedServer, say

ZONES: Final = [
    "Europe/London",
    "Europe/Berlin",
    "Europe/Chisinau",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "Atlantic/Azores",
    "Asia/Beirut",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Chatham",
]
STEP: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)
JUMPS: Final = [HOUR, -HOUR, DAY, -DAY]


@pytest.mark.parametrize("key", ZONES)
def test_a_schedule_at_a_clock_change_fires_exactly_once_and_not_early(desk: Desk, key: str) -> None:
    desk.write_in("Ana")
    changes = list(changes_of(ZoneInfo(key)))
    assert changes, f"{key} has no change in that year"
    for change, wall in ((change, change.walls[2]) for change in changes):
        campaign_id = desk.campaign()
        with time_machine.travel(change.at - 4 * HOUR, tick=False) as at:
            due = scheduled(desk, campaign_id, wall, change.zone)
            for moment in steps(change.at - 4 * HOUR, change.at + 4 * HOUR):
                at.move_to(moment)
                clock.tick(now())
                clock.tick(now())
                assert len(launches(campaign_id)) == (moment >= due), f"{wall} in {key} at {moment}"
        (dispatch,) = launches(campaign_id)
        assert timedelta(0) <= dispatch.created_at - due < STEP


def scheduled(desk: Desk, campaign_id: int, wall: datetime, zone: ZoneInfo) -> datetime:
    """When it is due."""
    when = appointment(f"{wall:%Y-%m-%dT%H:%M}", zone, now=now())
    with unit() as session:
        schedules.schedule(session, campaign_id, when, by=desk.cast.olive, now=now())
    return when.instant


def steps(first: datetime, last: datetime) -> Iterator[datetime]:
    return itertools.takewhile(lambda at: at <= last, (first + i * STEP for i in itertools.count()))


def launches(campaign_id: int) -> list[Dispatch]:
    with reading() as session:
        return of_campaign(session, campaign_id)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_clock_that_jumps_in_mid_send_repeats_nobody_and_holds_up_nobody(
    desk: Desk, jump: timedelta
) -> None:
    """Two workers, and only one of them sees the jump; then the other does as well."""
    desk.write_in(*[f"Ana{i}" for i in range(200)])
    dispatch_id = desk.press(desk.campaign())
    with desk.mail_server(ScriptedServer(delay=0.005)) as server:
        jumped = jumps_after(lambda: len(server.received) > 40, jump)
        with Pulse(desk.folder / "pulses" / "beside.lock"):
            beside = threading.Thread(target=run, args=(dispatch_id, jumped), daemon=True)
            beside.start()
            books = desk.until_over(dispatch_id)
            beside.join(PATIENCE)
            assert not beside.is_alive()
    got = [one.recipient for one in server.received]
    assert len(got) == len(set(got)) == books.sent == 200


def test_a_worker_that_another_clock_thinks_dead_goes_on_and_nobody_is_left_in_doubt(desk: Desk) -> None:
    """A second machine, a day ahead, takes its rows from it in mid send, five times over; late answers still count."""
    desk.write_in(*[f"Ana{i}" for i in range(200)])
    dispatch_id = desk.press(desk.campaign())
    taken = 0
    with desk.mail_server(ScriptedServer(delay=0.05)) as server:
        for step in range(20, 120, 20):
            desk.until(lambda: len(server.received) > step)  # noqa: B023
            clock.rescue_the_dead(now() + DAY, worker_id=0, pulses=desk.folder / "pulses")
            taken += desk.books(dispatch_id).not_sure
        desk.until_over(dispatch_id)
        desk.until(lambda: desk.books(dispatch_id).sent == 200)
    got = [one.recipient for one in server.received]
    assert len(got) == len(set(got)) == 200
    assert taken > 0, "nothing was taken from it in mid send"


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_who_was_put_off_is_tried_again_whatever_the_clock_did_meanwhile(desk: Desk, jump: timedelta) -> None:
    """Set back, the second try comes later by as much; it comes, and only once."""
    desk.write_in("Ana")
    later = iter([say("451 4.7.1 greylisted")])
    server = ScriptedServer(lambda stage, _: next(later, None) if stage == "rcpt" else None)
    start = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=True) as at, desk.mail_server(server):
        dispatch_id = desk.press(desk.campaign())
        desk.until(lambda: desk.lines(dispatch_id)["ana@example.org"].state is State.DEFERRED)
        at.move_to(start + jump)
        clock.sweep(now(), worker_id=0, running=set(), pulses=desk.folder / "pulses")
        at.move_to(start + max(jump, timedelta(0)) + 2 * HOUR)
        assert desk.until_over(dispatch_id).sent == 1
    assert len(server.received) == 1


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_schedule_fires_once_though_the_clock_is_set_to_and_fro(desk: Desk, jump: timedelta) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    nine = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    with time_machine.travel(nine - 2 * HOUR, tick=False) as at:
        scheduled(desk, campaign_id, nine.replace(tzinfo=None), ZoneInfo("Etc/UTC"))
        for moment in (nine - HOUR, nine, nine + jump, nine, nine + HOUR, nine - HOUR, nine + 2 * HOUR):
            at.move_to(moment)
            clock.tick(now())
    (dispatch,) = launches(campaign_id)
    assert dispatch.created_at == nine


def jumps_after(true: Callable[[], bool], jump: timedelta) -> Callable[[], datetime]:
    return lambda: now() + (jump if true() else timedelta(0))


def run(dispatch_id: int, at: Callable[[], datetime]) -> None:
    with unit() as session:
        me = workers.sign_on(session, pid=1, host="here", lock_name="beside.lock", now=now()).id
    runs.run(dispatch_id, me, clock=at, stopping=threading.Event())
