"""A send that waits by itself, for the morning or for its account's limit, tells it later: when, for what, how long."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.ledger.deliveries import Delivery, State
from domain.sending import (
    dispatches,
    endings,
    reports,
    resending,
    restoring,
    runs,
    schedules,
    standstill,
    workers,
)
from domain.sending.calendar import appointment
from domain.sending.dispatches import Dispatch, Hold
from domain.sending.pauses import Pause
from domain.sending.resending import Which
from domain.sending.workers import Worker
from domain.shop import audit, installation, shop
from jobs import clock
from tests.jobs.conftest import HOUR, Desk
from tests.twins.smtp_server import ScriptedServer, say
from ui.parts import holds
from ui.parts.send_report import look_at

LONDON = ZoneInfo("Europe/London")
MINUTE = timedelta(minutes=1)
NINE_AT_NIGHT = datetime(2026, 12, 1, 21, 0, tzinfo=UTC)
HALF_PAST = NINE_AT_NIGHT + 30 * MINUTE
EIGHT = NINE_AT_NIGHT + 11 * HOUR
HANDBILL = "Handbill"


@pytest.fixture
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NINE_AT_NIGHT - HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def evening(at: time_machine.Traveller, desk: Desk) -> int:
    """Quiet from nine to eight, and a campaign to Ana and Ben that is due at half past nine."""
    quiet_nights(desk)
    desk.write_in("Ana", "Ben")
    return planned(desk)


def quiet_nights(desk: Desk) -> None:
    with unit() as session:
        fields = {"timezone": "Europe/London", "quiet_from": "21:00", "quiet_until": "08:00"}
        shop.change(session, fields, by=desk.cast.olive, now=now())


def planned(desk: Desk) -> int:
    campaign_id = desk.campaign()
    with unit() as session:
        when = appointment("2026-12-01T21:30", LONDON, now=now())
        schedules.schedule(session, campaign_id, when, by=desk.cast.olive, now=now())
    return campaign_id


def fired(campaign_id: int) -> int:
    clock.tick(now())
    with reading() as session:
        (dispatch,) = dispatches.of_campaign(session, campaign_id)
    return dispatch.id


def account_at(desk: Desk, server: ScriptedServer) -> None:
    """The shop's account, and nobody at work but whoever a test sends there."""
    url = f"smtp://127.0.0.1:{server.port}?security=none"
    use_config(Config(data=desk.folder, smtp_url=url))  # type: ignore[arg-type]


def run(dispatch_id: int) -> None:
    """As a worker does when it finds that something is to be done; it was there all the time."""
    with unit() as session:
        me = Worker(pid=1, host="here", lock_name="beside.lock", started_at=now(), beat_at=now())
        session.add(me)
    runs.run(dispatch_id, me.id, clock=now, stopping=threading.Event())


def held_at_half_past(
    desk: Desk, server: ScriptedServer, campaign_id: int, at: time_machine.Traveller
) -> int:
    """Its time has come, and with it the night."""
    account_at(desk, server)
    at.move_to(HALF_PAST)
    dispatch_id = fired(campaign_id)
    run(dispatch_id)
    return dispatch_id


def pauses(dispatch_id: int) -> tuple[Pause, ...]:
    with reading() as session:
        return reports.report(session, dispatch_id, now=now()).pauses


def hold(dispatch_id: int, why: Hold, until: datetime, moment: datetime) -> None:
    with unit() as session:
        standstill.hold(session, dispatch_id, why, until, now=moment)


def go_on(dispatch_id: int, moment: datetime) -> None:
    with unit() as session:
        standstill.let_go_on(session, dispatch_id, now=moment)


def diary(dispatch_id: int, action: str) -> list[audit.AuditEntry]:
    with reading() as session:
        return audit.of(session, action, dispatch_id)


def test_a_night_is_told_and_why_it_started_late(
    desk: Desk, evening: int, at: time_machine.Traveller
) -> None:
    with ScriptedServer() as server:
        dispatch_id = held_at_half_past(desk, server, evening, at)
        held = desk.dispatch(dispatch_id)
        assert (held.held_for, held.held_until, held.late_reason) == (Hold.QUIET, EIGHT, "")
        assert pauses(dispatch_id) == (Pause(HANDBILL, HALF_PAST, None, Hold.QUIET),)
        assert not server.received
        at.move_to(EIGHT)
        run(dispatch_id)
        assert len(server.received) == 2
    assert pauses(dispatch_id) == (Pause(HANDBILL, HALF_PAST, EIGHT, Hold.QUIET),)
    sent = desk.dispatch(dispatch_id)
    assert sent.late_reason == "Started 10 h 30 min late: it waited for the end of your quiet hours."
    assert sent.started_at == EIGHT


def test_a_send_that_was_due_in_an_outage_and_then_met_the_night_says_both(
    desk: Desk, evening: int, at: time_machine.Traveller
) -> None:
    with ScriptedServer() as server:
        account_at(desk, server)
        at.move_to(HALF_PAST - 2 * MINUTE)
        with unit() as session:
            workers.sign_on(session, pid=1, host="here", lock_name="gone", now=now())
        at.move_to(HALF_PAST + 41 * MINUTE)
        with unit() as session:
            workers.sign_on(session, pid=2, host="here", lock_name="new", now=now())
        dispatch_id = fired(evening)
        run(dispatch_id)
        at.move_to(EIGHT)
        run(dispatch_id)
    assert desk.dispatch(dispatch_id).late_reason == (
        "Started 10 h 30 min late: Handbill was not running from 21:28 to 22:11, "
        "and it waited for the end of your quiet hours."
    )


def test_a_send_that_was_paused_before_its_first_message_says_by_whom(
    desk: Desk, evening: int, at: time_machine.Traveller
) -> None:
    with ScriptedServer() as server:
        dispatch_id = held_at_half_past(desk, server, evening, at)
        at.move_to(EIGHT - HOUR)
        with unit() as session:
            standstill.pause(session, dispatch_id, by=desk.cast.max_, now=now())
        at.move_to(EIGHT + HOUR)
        with unit() as session:
            standstill.resume(session, dispatch_id, by=desk.cast.olive, now=now())
        run(dispatch_id)
        assert len(server.received) == 2
    assert desk.dispatch(dispatch_id).late_reason == (
        "Started 11 h 30 min late: it waited for the end of your quiet hours, and Max had paused it."
    )


def test_what_waits_after_its_first_message_did_not_start_late(
    desk: Desk, evening: int, at: time_machine.Traveller
) -> None:
    """Nor does a second try of everybody, days later."""
    no = iter([say("550 5.7.1 not today")] * 2)
    with ScriptedServer(lambda stage, _: next(no, None) if stage == "rcpt" else None) as server:
        account_at(desk, server)
        with unit() as session:
            fields = {"quiet_from": None, "quiet_until": None}
            shop.change(session, fields, by=desk.cast.olive, now=now())
        at.move_to(HALF_PAST)
        dispatch_id = fired(evening)
        run(dispatch_id)
        assert desk.books(dispatch_id).failed == 2
        at.move_to(HALF_PAST + 48 * HOUR)
        with unit() as session:
            resending.retry(session, dispatch_id, Which.FAILED, by=desk.cast.olive, now=now())
        run(dispatch_id)
        assert desk.books(dispatch_id).sent == 2
    assert desk.dispatch(dispatch_id).late_reason == ""


def test_a_wait_that_is_found_again_and_again_is_one_wait(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    for minutes in range(5):
        hold(dispatch_id, Hold.QUIET, start + HOUR, start + minutes * MINUTE)
    go_on(dispatch_id, start + HOUR)
    go_on(dispatch_id, start + 2 * HOUR)
    assert len(diary(dispatch_id, "dispatch.held")) == len(diary(dispatch_id, "dispatch.went_on")) == 1
    assert pauses(dispatch_id) == (Pause(HANDBILL, start, start + HOUR, Hold.QUIET),)


def test_waits_for_the_same_limit_are_told_in_one_line(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    for hours in (1, 2, 3):
        hold(dispatch_id, Hold.HOUR, start + (hours + 1) * HOUR, start + hours * HOUR)
        go_on(dispatch_id, start + hours * HOUR + 50 * MINUTE)
    last = start + 3 * HOUR + 50 * MINUTE
    assert pauses(dispatch_id) == (Pause(HANDBILL, start + HOUR, last, Hold.HOUR, times=3),)


def test_another_reason_is_another_line(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    hold(dispatch_id, Hold.HOUR, start + HOUR, start)
    hold(dispatch_id, Hold.QUIET, start + 9 * HOUR, start + HOUR)
    with unit() as session:
        standstill.pause(session, dispatch_id, by=desk.cast.olive, now=start + 2 * HOUR)
    assert pauses(dispatch_id) == (
        Pause(HANDBILL, start, start + HOUR, Hold.HOUR),
        Pause(HANDBILL, start + HOUR, start + 2 * HOUR, Hold.QUIET),
        Pause("Olive", start + 2 * HOUR, None),
    )


def test_a_wait_ends_with_a_stop_and_with_trouble(desk: Desk) -> None:
    desk.write_in("Ana")
    for end in (stop, fail):
        dispatch_id = desk.press(desk.campaign())
        start = desk.dispatch(dispatch_id).created_at
        hold(dispatch_id, Hold.DAY, start + 24 * HOUR, start + HOUR)
        end(desk, dispatch_id, start + 2 * HOUR)
        assert pauses(dispatch_id) == (Pause(HANDBILL, start + HOUR, start + 2 * HOUR, Hold.DAY),)


def stop(desk: Desk, dispatch_id: int, moment: datetime) -> None:
    with unit() as session:
        endings.stop(session, dispatch_id, by=desk.cast.olive, now=moment)


def fail(desk: Desk, dispatch_id: int, moment: datetime) -> None:
    with unit() as session:
        endings.fail(session, dispatch_id, "The mail server is gone.", now=moment)


def test_a_send_that_is_paused_is_not_held_as_well(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    with unit() as session:
        standstill.pause(session, dispatch_id, by=desk.cast.olive, now=start + MINUTE)
    hold(dispatch_id, Hold.HOUR, start + HOUR, start + 2 * MINUTE)
    go_on(dispatch_id, start + HOUR)
    assert desk.dispatch(dispatch_id).held_for is Hold.PERSON
    assert pauses(dispatch_id) == (Pause("Olive", start + MINUTE, None),)


def test_a_restore_is_told_as_a_pause(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    with unit() as session:
        standstill.pause(session, dispatch_id, by=desk.cast.max_, now=start + MINUTE)
        installation.put_up_fence(session, start, now=start + HOUR)
        restoring.confirm(session, by=desk.cast.olive, now=start + 2 * HOUR)
    with unit() as session:
        standstill.resume(session, dispatch_id, by=desk.cast.olive, now=start + 3 * HOUR)
    assert pauses(dispatch_id) == (
        Pause("Max", start + MINUTE, start + 2 * HOUR),
        Pause(HANDBILL, start + 2 * HOUR, start + 3 * HOUR, Hold.RESTORED),
    )


def test_a_send_that_began_before_its_night_keeps_its_beginning(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    with unit() as session:
        dispatches.note_started(session, dispatch_id, start + MINUTE)
        first = (
            session.query(Delivery).filter_by(dispatch_id=dispatch_id).order_by(Delivery.id).limit(1).one()
        )
        first.state, first.handed_at = State.SENT, start + MINUTE
    hold(dispatch_id, Hold.QUIET, start + 9 * HOUR, start + 2 * MINUTE)
    after: Dispatch = desk.dispatch(dispatch_id)
    assert (after.held_for, after.started_at) == (Hold.QUIET, start + MINUTE)


def test_no_next_try_is_named_while_somebody_has_to_press_something(
    desk: Desk, at: time_machine.Traveller
) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    soon, start = NINE_AT_NIGHT, now()
    with unit() as session:
        first = session.query(Delivery).filter_by(dispatch_id=dispatch_id).one()
        first.state, first.next_at = State.DEFERRED, soon
    assert put_off(dispatch_id) == (
        "The mail server said “later”. The next try is at 21:00. Handbill goes on trying for a day."
    )
    hold(dispatch_id, Hold.QUIET, EIGHT, start)
    assert "The next try is at 08:00 tomorrow." in put_off(dispatch_id), "the night lasts longer"
    with unit() as session:
        standstill.pause(session, dispatch_id, by=desk.cast.olive, now=start)
    assert put_off(dispatch_id) == (
        "The mail server said “later”. They are tried again once somebody presses “Go on”."
    )


def put_off(dispatch_id: int) -> str:
    (note,) = [note for note in look_at(dispatch_id).notes if note.testid == "put-off"]
    return note.body


@pytest.mark.parametrize(
    ("pause", "told"),
    [
        (Pause("Olive", HALF_PAST, HALF_PAST + HOUR), ("Paused", "By Olive, from 21:30 to 22:30")),
        (Pause("Olive", HALF_PAST, None), ("Paused", "By Olive, since 21:30")),
        (
            Pause(HANDBILL, HALF_PAST, EIGHT, Hold.QUIET),
            ("Waited", "For the end of quiet hours, from 21:30 to 08:00"),
        ),
        (
            Pause(HANDBILL, HALF_PAST - 3 * HOUR, None, Hold.HOUR, times=12),
            ("Waits", "For the mail account’s limit for an hour, 12 times, since 18:30"),
        ),
        (
            Pause(HANDBILL, HALF_PAST - 48 * HOUR, HALF_PAST, Hold.DAY),
            ("Waited", "For the mail account’s limit for a day, from 29 Nov, 21:30 to 21:30"),
        ),
        (
            Pause(HANDBILL, HALF_PAST, HALF_PAST + HOUR, Hold.RESTORED),
            ("Paused", "After the shop was restored from a copy, from 21:30 to 22:30"),
        ),
    ],
)
def test_each_standstill_is_one_line_of_the_story(pause: Pause, told: tuple[str, str]) -> None:
    assert holds.told_pause(pause, ZoneInfo("UTC"), HALF_PAST + HOUR) == told
