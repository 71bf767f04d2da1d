"""The disk is full, or another program holds the database: nothing leaves unwritten, and the send resumes by itself."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, exc
from sqlalchemy.orm import Session

from data import database, liveness
from data.database import unit
from domain.ledger.deliveries import REACHED
from domain.sending import desk as ledger_desk
from domain.sending import engine, workers
from jobs import sending
from jobs.queue import queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk
from tests.twins.smtp_server import ScriptedServer, say

LONG = say("250 2.0.0 queued as " + "x" * 270)  # what is written down needs room
HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


class Disk:
    """As large as the file is now while `full`, boundless otherwise."""

    full = False

    def checked_out(self, connection: Any, *_: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages if self.full else 1_073_741_823}")


@pytest.fixture
def disk(desk: Desk) -> Iterator[Disk]:
    disk = Disk()
    engine_ = database.database()
    event.listen(engine_, "checkout", disk.checked_out)
    yield disk
    event.remove(engine_, "checkout", disk.checked_out)


@contextmanager
def another_program_writes(file: str) -> Iterator[None]:
    """From outside this process, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdin
    with process.stdin, process.stdout as said:
        assert said.readline() == "held\n"
        yield
    process.wait(10)


def nobody_got_it_unwritten(desk: Desk, dispatch_id: int, server: ScriptedServer) -> None:
    got = [one.recipient for one in server.received]  # first: what comes later is written by then
    lines = desk.lines(dispatch_id)
    assert len(got) == len(set(got))
    assert all(lines[address].state in REACHED for address in got)


def test_a_full_disk_sends_nothing_unwritten_and_the_send_resumes_by_itself(
    desk: Desk, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ledger_desk, "TROUBLE_WAIT", 0.1)
    desk.write_in(*[f"Ana{i}" for i in range(300)])
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer({"final": LONG}, delay=0.05)) as server:
        dispatch_id = desk.press(campaign_id)
        desk.until(lambda: len(server.received) > 20)
        disk.full = True
        desk.until(lambda: "could not be written" in caplog.text)
        before = len(server.received)
        for _ in range(10):
            nobody_got_it_unwritten(desk, dispatch_id, server)
        assert before < 300, "the disk was full too late to mean anything"
        disk.full = False
        books = desk.until_over(dispatch_id)
    nobody_got_it_unwritten(desk, dispatch_id, server)
    assert (books.sent, len(server.received)) == (300, 300)
    assert desk.read(campaign_id).status == "sent"


def test_a_database_held_by_another_program_loses_nobody_and_repeats_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    file = desk.folder / "handbill.db"
    database.open_database(file)
    desk.write_in(*[f"Ana{i}" for i in range(300)])
    dispatch_id = desk.press(desk.campaign())
    with desk.mail_server(ScriptedServer(delay=0.1)) as server:
        desk.until(lambda: len(server.received) > 20)
        with another_program_writes(str(file)):
            desk.until(lambda: "could not be written" in caplog.text)
            nobody_got_it_unwritten(desk, dispatch_id, server)
            held = len(server.received)
        assert held < 300
        books = desk.until_over(dispatch_id)
    assert books.sent == len(server.received) == len({one.recipient for one in server.received}) == 300


def test_a_ledger_that_gets_no_connection_waits_instead_of_doubting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the pool's connections are out: what the server said is kept on the desk."""
    monkeypatch.setattr(ledger_desk, "TROUBLE_WAIT", 0.05)
    refused = 0

    @contextmanager
    def crowded() -> Iterator[Session]:
        nonlocal refused
        if 3 <= (refused := refused + 1) <= 6:
            raise exc.TimeoutError("no connection became free")
        with unit() as session:
            yield session

    monkeypatch.setattr(ledger_desk, "unit", crowded)
    desk.write_in(*[f"Ana{i}" for i in range(40)])
    with desk.mail_server(ScriptedServer(delay=0.01)) as server:
        books = desk.until_over(desk.press(desk.campaign()))
    assert refused > 6
    assert (books.sent, books.not_sure, len(server.received)) == (40, 0, 40)


def test_a_launch_stands_even_if_nobody_could_be_woken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock finds it within seconds; whoever pressed is not told of a failure that was none."""
    desk.write_in("Ana")

    def locked(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(queue().huey.storage, "enqueue", locked)
        dispatch_id = desk.press(desk.campaign())
    with desk.mail_server(ScriptedServer()):
        assert desk.until_over(dispatch_id).sent == 1


def test_a_worker_ends_in_good_order_though_it_can_not_sign_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> None:
        raise exc.OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(workers, "sign_off", locked)
    with Worker(queue(), desk.folder) as worker:
        pass
    assert not list(worker.pulses.glob("*.lock"))


def test_a_watch_that_can_not_look_looks_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a stop would wait for a slow server as long as the server likes."""
    looks = 0
    look = engine._still_sending

    def seldom(dispatch_id: int) -> bool:
        nonlocal looks
        if (looks := looks + 1) == 1:
            raise exc.OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))
        return look(dispatch_id)

    monkeypatch.setattr(engine, "_still_sending", seldom)
    monkeypatch.setattr(engine, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(engine, "DRAIN", 0.1)
    desk.write_in("Ana")
    server = ScriptedServer(lambda stage, _: say("") if stage == "banner" else None, delay=30)
    with desk.mail_server(server):
        dispatch_id = desk.press(desk.campaign())
        desk.until(lambda: looks > 0)
        sending.stop(dispatch_id, desk.cast.olive)
        assert desk.until_over(dispatch_id).cancelled == 1


def test_a_worker_that_just_starts_is_not_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = liveness.fcntl.flock

    def swept_meanwhile(file: int, how: int) -> None:
        monkeypatch.setattr(liveness.fcntl, "flock", lock)
        liveness.sweep_away(tmp_path)
        lock(file, how)

    monkeypatch.setattr(liveness.fcntl, "flock", swept_meanwhile)
    with liveness.Pulse(tmp_path / "new.lock") as pulse:
        assert liveness.is_beating(pulse.path)
