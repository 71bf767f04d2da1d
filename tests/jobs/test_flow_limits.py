"""What a provider allows is kept to the message, and what it does not allow now goes out by itself later."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from data.database import now, reading, unit
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Hold
from domain.shop import mail_accounts
from domain.shop.limits import Limits
from domain.shop.mail_accounts import Wish
from jobs import sending
from tests.jobs.conftest import HOUR, Desk, Looks, it_has_looked, within_looks
from tests.twins.smtp_acts import Act
from tests.twins.smtp_server import CHUNKED, EXTENSIONS, ScriptedServer, Stage, late

NOON = datetime(2026, 12, 2, 12, 0, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEXT = MINUTE - timedelta(
    seconds=30
)  # from NOON to the end of its minute: it counts until that has left entirely
PROMPT = 3.0  # seconds
IN_TIME = timedelta(seconds=8)  # within which a change in the settings shows: two looks of the clock
TEN_AN_HOUR, TEN_A_DAY = Limits(per_hour=10), Limits(per_day=10)
THIRTY, TWO_HUNDRED = ([f"Ana{i}" for i in range(many)] for many in (30, 200))


class TimedServer(ScriptedServer):
    """Notes when each message was there in full."""

    def __init__(self, extensions: tuple[str, ...], delay: float) -> None:
        self.came: list[float] = []
        watched: tuple[Stage, ...] = ("final",)
        super().__init__(self._note, watched=watched, extensions=extensions, delay=delay)

    def _note(self, stage: str, address: str) -> Act | None:
        self.came.append(time.monotonic())
        return None

    @property
    def busiest_second(self) -> int:
        moments = sorted(self.came)
        return max(bisect_left(moments, moment + 1.0) - i for i, moment in enumerate(moments))

    @property
    def seconds(self) -> float:
        return max(self.came) - min(self.came)


class StallingServer(TimedServer):
    """Answers nobody from the first second of its work to the third."""

    def _note(self, stage: str, address: str) -> Act | None:
        super()._note(stage, address)
        since = time.monotonic() - self.came[0]
        return late("250 2.0.0 queued", after=3.0 - since) if 1.0 < since < 3.0 else None


@pytest.mark.parametrize(
    ("limit", "people", "workers", "extensions", "delay"),
    [
        (3, 8, 1, EXTENSIONS, 0.0),
        (14, 28, 2, EXTENSIONS, 0.0),
        (100, 200, 2, EXTENSIONS, 0.0),
        (14, 28, 1, CHUNKED, 0.0),
        (100, 200, 1, CHUNKED, 0.02),
        (100, 200, 1, EXTENSIONS, 0.02),
        (14, 28, 1, (), 0.02),
    ],
)
def test_no_second_at_the_server_sees_more_than_the_limit_and_hardly_less(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    people: int,
    workers: int,
    extensions: tuple[str, ...],
    delay: float,
) -> None:
    monkeypatch.setattr(
        "domain.sending.engine.LEASE", 8
    )  # so that there is something left for the other worker
    desk.write_in(*[f"Ana{i}" for i in range(people)])
    dispatch_id = desk.press(desk.campaign())
    server = TimedServer(extensions, delay)
    beside = desk.another_worker(dispatch_id) if workers == 2 else nullcontext()
    before = stood_in_line()
    with desk.mail_accounts((server, Limits(per_second=limit))), beside:
        books = desk.until_over(dispatch_id)
        in_line = stood_in_line() - before
    assert books.sent == len({one.recipient for one in server.received}) == len(server.came) == people
    assert server.busiest_second <= limit
    assert server.seconds <= 1.4 * people / limit + in_line
    assert who_carried(dispatch_id) == workers


def stood_in_line() -> float:
    """Seconds that threads of this process were ready to go on and others had the processors: none on a quiet machine."""
    waited = 0.0
    for thread in Path("/proc/self/task").glob("[0-9]*/schedstat"):
        with suppress(OSError):  # it has ended meanwhile
            waited += int(thread.read_text().split()[1]) / 1e9
    return waited


def who_carried(dispatch_id: int) -> int:
    """How many workers."""
    with reading() as session:
        mine = (Delivery.dispatch_id == dispatch_id) & Delivery.claimed_by.is_not(None)
        return len(set(session.scalars(select(Delivery.claimed_by).where(mine))))


@pytest.mark.parametrize("extensions", [CHUNKED, EXTENSIONS], ids=["chunks", "pipeline"])
def test_what_was_held_up_by_a_server_that_stalls_does_not_come_all_at_once(
    desk: Desk, extensions: tuple[str, ...]
) -> None:
    desk.write_in(*TWO_HUNDRED)  # so many that ten connections are open
    server = StallingServer(extensions, delay=0.0)
    with desk.mail_accounts((server, Limits(per_second=14))):
        dispatch_id = desk.press(desk.campaign())
        desk.until(lambda: desk.books(dispatch_id).sent >= 45)
        sending.stop(dispatch_id, desk.cast.olive)
        desk.until_over(dispatch_id)
    assert server.busiest_second <= 14


def test_a_stop_does_not_wait_for_those_who_wait_for_their_second(desk: Desk) -> None:
    """On ten connections so many wait at the gate that it would be half a minute."""
    desk.write_in(*TWO_HUNDRED)
    with desk.mail_accounts((ScriptedServer(), Limits(per_second=1))):
        dispatch_id = desk.press(desk.campaign())
        desk.until(lambda: desk.books(dispatch_id).sent >= 2)
        sending.stop(dispatch_id, desk.cast.olive)
        stopped = time.monotonic()
        books = desk.until_over(dispatch_id)
    assert time.monotonic() - stopped < PROMPT
    assert (books.sent + books.cancelled, books.not_sure) == (200, 0)


# An hour and a day


@pytest.fixture
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


def until_held(desk: Desk, dispatch_id: int, why: Hold, until: datetime, *, sent: int) -> None:
    desk.until(lambda: desk.dispatch(dispatch_id).held_until == until)
    dispatch, books = desk.dispatch(dispatch_id), desk.books(dispatch_id)
    assert (dispatch.state, dispatch.held_for) == ("sending", why)
    assert (books.sent, books.queued) == (sent, books.recipients - sent)


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize(
    ("limits", "why", "span"),
    [(TEN_AN_HOUR, Hold.HOUR, HOUR), (TEN_A_DAY, Hold.DAY, DAY)],
    ids=["hour", "day"],
)
def test_ten_go_and_the_next_ten_by_themselves_when_their_time_has_come(
    desk: Desk, at: time_machine.Traveller, limits: Limits, why: Hold, span: timedelta
) -> None:
    desk.write_in(*THIRTY)
    server = ScriptedServer()
    with desk.mail_accounts((server, limits)):
        dispatch_id = desk.press(desk.campaign())
        for sent in (10, 20):
            until = now().replace(second=0, microsecond=0) + MINUTE + span
            until_held(desk, dispatch_id, why, until, sent=sent)
            assert len(server.received) == sent
            at.move_to(until)
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure) == (30, 0)
    assert len({one.recipient for one in server.received}) == len(server.received) == 30


@pytest.mark.usefixtures("brisk")
def test_while_it_waits_nobody_knocks_at_the_server(
    desk: Desk, at: time_machine.Traveller, looks: Looks
) -> None:
    desk.write_in(*THIRTY)
    server = ScriptedServer()
    with desk.mail_accounts((server, TEN_AN_HOUR)):
        dispatch_id = desk.press(desk.campaign())
        until_held(desk, dispatch_id, Hold.HOUR, NOON + NEXT + HOUR, sent=10)
        desk.until(lambda: not server.open_ones)
        connections = server.connections
        it_has_looked(desk, looks)
    assert (server.connections, len(server.received)) == (connections, 10)


@pytest.mark.usefixtures("brisk")
def test_two_sends_share_the_hour(desk: Desk, at: time_machine.Traveller) -> None:
    desk.write_in(*THIRTY[:8])
    first, second = desk.press(desk.campaign()), desk.press(desk.campaign(name="Other"))
    server = ScriptedServer()
    with desk.mail_accounts((server, TEN_AN_HOUR)):
        desk.until(lambda: desk.books(first).sent + desk.books(second).sent == 10)
        desk.until(lambda: Hold.HOUR in {desk.dispatch(one).held_for for one in (first, second)})
        assert len(server.received) == 10
        at.move_to(NOON + NEXT + HOUR)
        assert desk.until_over(first).sent == desk.until_over(second).sent == 8
    assert len(server.received) == 16


def test_two_workers_share_the_hour(
    desk: Desk, at: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.sending.engine.LEASE", 4)
    desk.write_in(*THIRTY)
    dispatch_id = desk.press(desk.campaign())
    server = ScriptedServer(delay=0.02)
    with desk.mail_accounts((server, TEN_AN_HOUR)), desk.another_worker(dispatch_id):
        desk.until(lambda: desk.books(dispatch_id).sent == 10)
        until_held(desk, dispatch_id, Hold.HOUR, NOON + NEXT + HOUR, sent=10)
        assert who_carried(dispatch_id) == 2
    assert len({one.recipient for one in server.received}) == len(server.received) == 10


@pytest.mark.usefixtures("brisk")
def test_a_send_that_waits_can_be_paused_let_go_on_and_stopped(
    desk: Desk, at: time_machine.Traveller
) -> None:
    desk.write_in(*THIRTY)
    server = ScriptedServer()
    with desk.mail_accounts((server, TEN_AN_HOUR)):
        dispatch_id = desk.press(desk.campaign())
        until_held(desk, dispatch_id, Hold.HOUR, NOON + NEXT + HOUR, sent=10)
        sending.pause(dispatch_id, desk.cast.olive)
        paused = desk.dispatch(dispatch_id)
        assert (paused.state, paused.held_for, paused.held_until) == ("paused", Hold.PERSON, None)
        sending.resume(dispatch_id, desk.cast.olive)
        until_held(desk, dispatch_id, Hold.HOUR, NOON + NEXT + HOUR, sent=10)
        sending.stop(dispatch_id, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.cancelled, len(server.received)) == (10, 20, 10)


def test_once_the_limit_is_raised_it_goes_on_within_seconds(
    desk: Desk, at: time_machine.Traveller, looks: Looks
) -> None:
    desk.write_in(*THIRTY)
    server = ScriptedServer()
    with desk.mail_accounts((server, TEN_AN_HOUR)) as (account_id,):
        dispatch_id = desk.press(desk.campaign())
        until_held(desk, dispatch_id, Hold.HOUR, NOON + NEXT + HOUR, sent=10)
        wish = Wish("127.0.0.1", server.port, "none", limits=Limits(per_hour=100))
        with unit() as session:
            mail_accounts.change(session, account_id, wish, by=desk.cast.olive, now=now())
        raised = looks()
        desk.until(lambda: desk.dispatch(dispatch_id).held_for is Hold.NONE)
        assert within_looks(looks, raised) < IN_TIME
        assert desk.until_over(dispatch_id).sent == 30
