"""Quiet hours in the life of a send: who waits, who does not, and what happens when they begin or end in its middle."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from data.database import now, reading, unit
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Hold
from domain.shop import shop
from domain.shop.limits import Limits
from jobs import posting, sending
from tests.jobs.conftest import HOUR, Desk, Looks, within_looks
from tests.twins.smtp_server import ScriptedServer, Stage

WEDNESDAY = datetime(2026, 12, 2, tzinfo=UTC)
EVENING, MORNING = WEDNESDAY + 22 * HOUR, WEDNESDAY + 32 * HOUR  # inside them, and their end
SUNDAY = WEDNESDAY + timedelta(days=4)
SECOND = timedelta(seconds=1)
MANY = 60
IN_TIME = timedelta(seconds=8)  # within which a change in the settings shows: two looks of the clock


@pytest.fixture
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def quiet(desk: Desk, at: time_machine.Traveller) -> Desk:
    """From nine in the evening to eight in the morning."""
    rule(desk, quiet_from="21:00", quiet_until="08:00")
    return desk


def rule(desk: Desk, **rules: object) -> None:
    with unit() as session:
        shop.change(session, rules, by=desk.cast.olive, now=now())


def last_hand_over(dispatch_id: int) -> datetime:
    with reading() as session:
        of_it = Delivery.dispatch_id == dispatch_id
        return session.scalars(select(func.max(Delivery.handed_at)).where(of_it)).one()


def until_held(desk: Desk, dispatch_id: int, until: datetime) -> None:
    desk.until(lambda: desk.dispatch(dispatch_id).held_until == until)
    assert (desk.dispatch(dispatch_id).state, desk.dispatch(dispatch_id).held_for) == ("sending", Hold.QUIET)


@pytest.mark.usefixtures("brisk")
def test_marketing_waits_for_the_morning_and_then_goes_by_itself(
    quiet: Desk, at: time_machine.Traveller
) -> None:
    quiet.write_in("Ana", "Ben")
    with quiet.mail_server(ScriptedServer()) as server:
        dispatch_id = quiet.press(quiet.campaign())
        until_held(quiet, dispatch_id, MORNING)
        at.move_to(MORNING - 5 * SECOND)
        assert not server.connections
        assert quiet.until_over(dispatch_id).sent == 2
        assert (quiet.dispatch(dispatch_id).finished_at or EVENING) >= MORNING
    assert len(server.received) == 2


def test_what_is_no_marketing_goes_at_once(quiet: Desk) -> None:
    quiet.write_in("Ana")
    with quiet.mail_server(ScriptedServer()):
        dispatch_id = quiet.press(quiet.campaign(message_type="operational"))
        assert quiet.until_over(dispatch_id).sent == 1
    assert quiet.dispatch(dispatch_id).held_for is Hold.NONE


def test_a_test_to_oneself_goes_at_once(quiet: Desk) -> None:
    quiet.write_in("Ana")
    with quiet.mail_server(ScriptedServer()) as server:
        posting.try_out(quiet.campaign(), "olive@marlow.example", quiet.cast.olive)
    assert [one.recipient for one in server.received] == ["olive@marlow.example"]


@pytest.mark.usefixtures("brisk")
def test_quiet_hours_that_begin_in_mid_send_hold_the_rest(quiet: Desk, at: time_machine.Traveller) -> None:
    """Also those whose rows were taken before, and who only waited for their account's pace."""
    quiet.write_in(*[f"Ana{i}" for i in range(MANY)])
    nine = EVENING - HOUR
    came: list[str] = []
    watched: tuple[Stage, ...] = ("final",)
    server = ScriptedServer(lambda _, address: came.append(address), watched=watched)
    at.move_to(nine - HOUR)
    dispatch_id = quiet.press(quiet.campaign())
    with quiet.mail_accounts((server, Limits(per_second=10))):
        quiet.until(lambda: len(came) > 5)
        at.move_to(nine - SECOND)
        until_held(quiet, dispatch_id, MORNING)
        held = quiet.books(dispatch_id)
        assert 0 < held.sent == len(came) < MANY
        assert (held.not_sure, held.queued) == (0, MANY - held.sent)
        assert last_hand_over(dispatch_id) < nine + 1.5 * SECOND, "somebody was written to in the night"
        at.move_to(MORNING)
        assert quiet.until_over(dispatch_id).sent == MANY
    assert len({one.recipient for one in server.received}) == len(server.received) == MANY


@pytest.mark.usefixtures("brisk")
def test_a_quiet_sunday_lasts_until_monday(desk: Desk, at: time_machine.Traveller) -> None:
    rule(desk, quiet_sundays=True)
    desk.write_in("Ana")
    at.move_to(SUNDAY + 12 * HOUR)
    with desk.mail_server(ScriptedServer()):
        dispatch_id = desk.press(desk.campaign())
        until_held(desk, dispatch_id, SUNDAY + 24 * HOUR)
        at.move_to(SUNDAY + 24 * HOUR)
        assert desk.until_over(dispatch_id).sent == 1


def test_once_they_are_switched_off_it_goes_on_within_seconds(quiet: Desk, looks: Looks) -> None:
    quiet.write_in("Ana")
    with quiet.mail_server(ScriptedServer()):
        dispatch_id = quiet.press(quiet.campaign())
        until_held(quiet, dispatch_id, MORNING)
        before = looks()
        rule(quiet, quiet_from=None, quiet_until=None)
        quiet.until(lambda: quiet.dispatch(dispatch_id).held_for is Hold.NONE)
        assert within_looks(looks, before) < IN_TIME
        assert quiet.until_over(dispatch_id).sent == 1


def test_once_they_are_longer_the_waiting_send_says_so(quiet: Desk) -> None:
    quiet.write_in("Ana")
    with quiet.mail_server(ScriptedServer()) as server:
        dispatch_id = quiet.press(quiet.campaign())
        until_held(quiet, dispatch_id, MORNING)
        rule(quiet, quiet_until="10:00")
        until_held(quiet, dispatch_id, MORNING + 2 * HOUR)
    assert not server.received


@pytest.mark.usefixtures("brisk")
def test_a_pause_in_the_night_outlives_the_morning(quiet: Desk, at: time_machine.Traveller) -> None:
    quiet.write_in("Ana")
    with quiet.mail_server(ScriptedServer()) as server:
        dispatch_id = quiet.press(quiet.campaign())
        until_held(quiet, dispatch_id, MORNING)
        sending.pause(dispatch_id, quiet.cast.olive)
        at.move_to(MORNING + HOUR)
        looked = len(server.commands)
        quiet.until(lambda: now() > MORNING + HOUR + 2 * SECOND)
        assert len(server.commands) == looked == 0
        sending.resume(dispatch_id, quiet.cast.olive)
        assert quiet.until_over(dispatch_id).sent == 1
