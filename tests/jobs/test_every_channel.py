"""What holds of a send by whatever channel. A channel that is found by itself, and is not tried here, fails the last test."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from data.config import Config, use_config
from data.database import now, unit
from data.whatsapp_twin import Act as Deed
from data.whatsapp_twin import Asked, Twin
from domain.book import consent
from domain.channels import channel
from domain.ledger.deliveries import State
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from jobs import sending
from jobs.queue import queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import counter
from tests.twins.smtp_server import Act, ScriptedServer, Stage, drop


class Way(ABC):
    """A channel with somebody at the other end. Silent, they take a message and say nothing."""

    name: str

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.is_silent = False

    @abstractmethod
    @contextmanager
    def at_the_other_end(self) -> Iterator[None]: ...

    @abstractmethod
    def know(self, many: int) -> list[int]: ...

    @abstractmethod
    def campaign(self) -> int: ...

    @abstractmethod
    def got(self) -> list[str]:
        """Who was written to, as often as they were."""

    @abstractmethod
    def go_away(self) -> None:
        """Nobody answers there any more."""


class ByEmail(Way):
    name = "email"

    @contextmanager
    def at_the_other_end(self) -> Iterator[None]:
        with ScriptedServer(self._act) as self.server:
            url = f"smtp://127.0.0.1:{self.server.port}?security=none"
            use_config(Config(data=self.desk.folder, smtp_url=url))  # type: ignore[arg-type]
            yield

    def know(self, many: int) -> list[int]:
        return self.desk.write_in(*[f"Ana{number}" for number in range(many)])

    def campaign(self) -> int:
        return self.desk.campaign()

    def got(self) -> list[str]:
        return [one.recipient for one in self.server.received]

    def go_away(self) -> None:
        use_config(Config(data=self.desk.folder, smtp_url="smtp://127.0.0.1:9?security=none"))  # type: ignore[arg-type]

    def _act(self, stage: Stage, address: str) -> Act | None:
        return drop(accept=True) if stage == "final" and self.is_silent else None


class ByWhatsApp(Way):
    name = "whatsapp"

    @contextmanager
    def at_the_other_end(self) -> Iterator[None]:
        with Twin(act=self._act) as self.twin, counter(self.desk, self.twin) as self.shop:
            self.twin.account.per_person = 0.0
            yield

    def know(self, many: int) -> list[int]:
        return self.shop.know(*[f"+4917000{number:05}" for number in range(many)])

    def campaign(self) -> int:
        return self.shop.campaign()

    def got(self) -> list[str]:
        return ["+" + one.number for one in self.twin.sent]

    def go_away(self) -> None:
        use_config(Config(data=self.desk.folder, whatsapp_api_url="http://127.0.0.1:9"))

    def _act(self, asked: Asked) -> Deed | None:
        if asked.method != "POST" or not asked.path.endswith("/messages"):
            return None
        return Deed(takes=True, hangs_up=True) if self.is_silent else None


WAYS: dict[str, type[Way]] = {one.name: one for one in (ByEmail, ByWhatsApp)}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: pytest.FixtureRequest, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(0))
    made: Way = request.param(desk)
    with made.at_the_other_end():
        yield made


def worker(way: Way) -> Worker:
    return Worker(queue(), way.desk.folder)


def test_everybody_gets_it_once_and_a_second_press_reaches_nobody_new(way: Way) -> None:
    way.know(30)
    dispatch = way.desk.press(way.campaign())
    with worker(way):
        assert way.desk.until_over(dispatch).sent == 30
    assert len(way.got()) == len(set(way.got())) == 30
    assert all(line.state is State.SENT for line in way.desk.lines(dispatch).values())


def test_whoever_says_no_after_the_press_is_left_out(way: Way) -> None:
    [ana, *_] = way.know(5)
    dispatch = way.desk.press(way.campaign())
    with unit() as session:
        consent.withdraw(session, ana, way.name, "marketing", how="staff", now=now())
    with worker(way):
        books = way.desk.until_over(dispatch)
    assert (books.sent, books.skipped, len(way.got())) == (4, 1, 4)


def test_what_is_paused_on_the_way_loses_nobody_and_writes_to_nobody_twice(way: Way) -> None:
    way.know(60)
    dispatch = way.desk.press(way.campaign())
    with worker(way):
        way.desk.until(lambda: len(way.got()) > 5)
        olive = way.desk.cast.olive
        if way.desk.dispatch(dispatch).state is DispatchState.SENDING:
            sending.pause(dispatch, olive)
            sending.resume(dispatch, olive)
        assert way.desk.until_over(dispatch).sent == 60
    assert len(way.got()) == len(set(way.got())) == 60


def test_where_no_answer_comes_it_is_not_sure_and_not_sent_again(way: Way) -> None:
    way.is_silent = True
    way.know(3)
    dispatch = way.desk.press(way.campaign())
    with worker(way):
        books = way.desk.until_over(dispatch)
    assert (books.not_sure, books.sent, books.failed) == (3, 0, 0)
    assert len(way.got()) == len(set(way.got())) == 3


def test_where_nobody_is_there_the_campaign_is_a_draft_again_and_says_why(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.sending.routing.PAUSES", (0.01,))
    way.know(3)
    campaign = way.campaign()
    dispatch = way.desk.press(campaign)
    way.go_away()
    with worker(way):
        books = way.desk.until_over(dispatch)
    plan = way.desk.read(campaign)
    assert (books.cancelled, plan.status) == (3, Status.DRAFT)
    assert "0 of 3 reached" in plan.last_launch_error
    assert way.got() == []


def test_every_channel_there_is_is_tried_here() -> None:
    assert {one.name for one in channel.every()} == set(WAYS)
