"""A shop on disk whose mail goes to a sink that writes down, before it says yes, whom it accepted."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

import main
from data.database import close_database, now, reading, unit
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.ledger import deliveries
from domain.ledger.deliveries import IS_HELD, Books, Delivery, State
from domain.sending import campaigns, dispatches, launches
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.sending.workers import Worker
from domain.shop import people, shop
from domain.shop.people import Actor, Role
from jobs.queue import close_queue, queue
from tests import nursery
from tests.faults import crew

PROJECT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"


@dataclass
class Sink:
    """The truth about who got what: a process of its own, with a list of its own."""

    port: int
    record: Path

    def received(self) -> Counter[str]:
        return Counter(self.record.read_text().split()) if self.record.exists() else Counter()


@dataclass
class Shop:
    folder: Path
    sink: Sink
    olive: Actor

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings()}

    def settings(self) -> dict[str, str]:
        return {
            "HANDBILL_DATA": str(self.folder),
            "HANDBILL_SMTP_URL": f"smtp://127.0.0.1:{self.sink.port}?security=none",
        }

    def quick_worker(self, settings: Mapping[str, str] | None = None) -> BaseProcess:
        """The same process without the second that its imports take."""
        return crew.worker({**self.settings(), **(settings or {})})

    def worker(self) -> "subprocess.Popen[str]":
        """A separate process that sends; returned once it runs."""
        process = subprocess.Popen(
            [sys.executable, "main.py", "worker"],
            cwd=PROJECT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout
        with process.stdout as said:
            assert "running" in said.readline()
        return process

    def write_in(self, customers: int, prefix: str = "c") -> list[int]:
        """Their numbers in the book."""
        moment = now()
        rows = [
            {
                "first_name": f"Ann {i}",
                "email": f"{prefix}{i}@host{i % 7}.example",
                "email_key": f"{prefix}{i}@host{i % 7}.example",
                "email_hash": fingerprint(f"{prefix}{i}@host{i % 7}.example"),
                "active_at": moment,
                "created_at": moment,
                "updated_at": moment,
                "attrs": {},
            }
            for i in range(customers)
        ]
        with unit() as session:
            return list(session.scalars(insert(Customer).returning(Customer.id), rows))

    def campaign(self, **fields: object) -> int:
        content = {
            "name": "Christmas viewing",
            "subject": "Hello {{ firstName }}",
            "text_body": "Dear {{ firstName }}, come in.",
        }
        with unit() as session:
            return campaigns.create(session, {**content, **fields}, by=self.olive, now=now()).id

    def launch(self, campaign_id: int) -> int:
        with unit() as session:
            dispatch = launches.launch(session, campaign_id, Press(), by=self.olive, now=now())
        queue().wake(dispatch.id)
        return dispatch.id

    def books(self, dispatch_id: int) -> Books:
        with reading() as session:
            return deliveries.books(session, dispatch_id)

    def dispatch(self, dispatch_id: int) -> Dispatch:
        with reading() as session:
            return dispatches.get(session, dispatch_id)

    def held_by(self, pid: int | None) -> int:
        """Messages that this process has taken and not settled, whether it lives or not."""
        its_own = (Delivery.claimed_by == Worker.id) & (Worker.pid == pid)
        with reading() as session:
            held = select(func.count()).select_from(Delivery).join(Worker, its_own).where(IS_HELD)
            return session.scalar(held) or 0

    def addresses(self, dispatch_id: int, state: State) -> set[str]:
        with reading() as session:
            rows = deliveries.lines(session, dispatch_id, states=(state,), limit=1_000_000)
        return {row.address for row in rows}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "offers(*flags): flags of the mail sink, such as --chunking")


@pytest.fixture
def sink(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sink]:
    """Answers each command late by the milliseconds of the marker `delay`; the marker `offers` has more of its flags."""
    marker, offers = request.node.get_closest_marker("delay"), request.node.get_closest_marker("offers")
    delay = str(marker.args[0]) if marker else "0"
    record = tmp_path / "received"
    words = ["--port", "0", "--record", str(record), "--delay", delay, *(offers.args if offers else ())]
    process, line = nursery.born_and_heard("tests.twins.smtp_server", words, os.environ)
    yield Sink(int(line.split()[-1]), record)
    process.terminate()
    process.join(30)


@pytest.fixture
def shop_on_disk(tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    folder = tmp_path / "data"
    shop_ = Shop(folder, sink, Actor(None, "Olive", Role.OWNER))
    for name, value in shop_.settings().items():
        monkeypatch.setenv(name, value)
    main.open_shop()
    with unit() as session:
        owner = people.found_shop_owner(
            session, email="olive@marlow.example", name="Olive", password=PASSWORD, now=now()
        )
        shop_.olive = owner.as_actor("command")
        facts = {"name": "Marlow", "postal_address": "1 High Street", "sender_email": "hello@marlow.example"}
        shop.change(session, facts, by=shop_.olive, now=now())
    yield shop_
    close_queue()
    close_database()
