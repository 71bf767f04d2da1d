"""A shop with a worker in this process, whose mail account is a scripted server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.ledger import deliveries
from domain.ledger.deliveries import Books, Line
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.shop import mail, mail_accounts, shop
from domain.shop.limits import Limits
from domain.shop.mail import MailSettings
from domain.shop.mail_accounts import Wish
from jobs import clock, sending
from jobs.queue import Queue, close_queue, open_queue, queue
from jobs.worker import Worker
from tests.cast import Cast
from tests.twins.smtp_server import ScriptedServer

Looks = Callable[[], int]
PATIENCE = 60.0  # seconds, on a busy machine


@dataclass
class Desk:
    """What a person at the counter does, and what they then read."""

    cast: Cast
    folder: Path

    def write_in(self, *names: str) -> list[int]:
        moment = now()
        with unit() as session:
            for name in names:
                address = f"{name.lower()}@example.org"
                facts = {
                    "first_name": name,
                    "email": address,
                    "email_key": address,
                    "email_hash": fingerprint(address),
                }
                rest = {"active_at": moment, "created_at": moment, "updated_at": moment, "attrs": {}}
                session.execute(insert(Customer), [facts | rest])
            return [one.id for one in session.query(Customer).order_by(Customer.id)]

    def campaign(self, **fields: Any) -> int:
        usual = {
            "name": "Viewing",
            "subject": "Hello {{ firstName }}",
            "text_body": "Dear {{ firstName }},\n\ncome in.",
        }
        with unit() as session:
            return campaigns.create(session, usual | fields, by=self.cast.olive, now=now()).id

    def press(self, campaign_id: int, press: Press | None = None) -> int:
        return sending.send_now(campaign_id, press or Press(), self.cast.olive).id

    def read(self, campaign_id: int) -> Campaign:
        with reading() as session:
            return campaigns.get(session, campaign_id)

    def dispatch(self, dispatch_id: int) -> Dispatch:
        with reading() as session:
            return dispatches.get(session, dispatch_id)

    def books(self, dispatch_id: int) -> Books:
        with reading() as session:
            return deliveries.books(session, dispatch_id)

    def lines(self, dispatch_id: int) -> dict[str, Line]:
        with reading() as session:
            return {line.address: line for line in deliveries.lines(session, dispatch_id, limit=1000)}

    def until(self, true: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)

    def until_over(self, dispatch_id: int) -> Books:
        self.until(lambda: self.dispatch(dispatch_id).finished_at is not None)
        books = self.books(dispatch_id)
        assert books.queued == 0
        assert books.recipients == self.dispatch(dispatch_id).recipients
        return books

    @contextmanager
    def mail_server(self, server: ScriptedServer, **account: str) -> Iterator[ScriptedServer]:
        """The shop's account is this server, and a worker is at work."""
        user = f"{account['username']}:{account['password']}@" if account else ""
        with server:
            url = f"smtp://{user}127.0.0.1:{server.port}?security=none"
            use_config(Config(data=self.folder, smtp_url=url))  # type: ignore[arg-type]
            with Worker(queue(), self.folder):
                yield server

    @contextmanager
    def mail_accounts(self, *given: tuple[ScriptedServer, Limits]) -> Iterator[list[int]]:
        """These servers are accounts of the shop, the first choice first, and a worker is at work. Gives their numbers."""
        with ExitStack() as open_ones:
            for server, _ in given:
                open_ones.enter_context(server)
            use_config(Config(data=self.folder))
            numbers = [self.add_account(server, limits) for server, limits in given]
            open_ones.enter_context(Worker(queue(), self.folder))
            yield numbers

    @contextmanager
    def another_worker(self, dispatch_id: int) -> Iterator[None]:
        """As if of another process: it lends a hand with this send as soon as it has begun.

        Not sooner: there is one wake-up, and who comes first would take it away from the one who is to begin.
        """
        self.until(lambda: self.dispatch(dispatch_id).started_at is not None)
        with Worker(Queue(self.folder / "handbill.db"), self.folder) as other:
            beside = threading.Thread(target=other.look_at, args=(dispatch_id,), daemon=True)
            beside.start()
            yield
            beside.join(PATIENCE)
            assert not beside.is_alive()

    def add_account(self, server: ScriptedServer, limits: Limits) -> int:
        user, password = server.login or ("", "")
        wish = Wish("127.0.0.1", server.port, "none", user, password, limits=limits)
        with unit() as session:
            return mail_accounts.add(session, wish, by=self.cast.olive, now=now()).id

    def account(self, account_id: int) -> MailSettings:
        with reading() as session:
            return mail.get(session, account_id)


@pytest.fixture
def desk(shop_db: Path, cast: Cast) -> Iterator[Desk]:
    open_queue(shop_db)
    # Live from the start, so that a press before `mail_server` is not one in practice.
    use_config(Config(data=shop_db.parent, smtp_url="smtp://127.0.0.1:9?security=none"))  # type: ignore[arg-type]
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "1 High Street", "sender_email": "hello@marlow.example"}
        shop.change(session, facts, by=cast.olive, now=now())
    yield Desk(cast, shop_db.parent)
    close_queue()


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that looks round more often, so that a test about a night or a day takes seconds."""
    monkeypatch.setattr(clock, "SWEEP_EVERY", timedelta(seconds=0.5))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """How often the worker of this process has looked round so far. On a busy machine that tells more than seconds."""
    done = 0
    sweep = clock.sweep

    def counted(*args: Any, **others: Any) -> None:
        nonlocal done
        sweep(*args, **others)
        done += 1

    monkeypatch.setattr(clock, "sweep", counted)
    return lambda: done


def it_has_looked(desk: Desk, looks: Looks) -> None:
    """At everything, from now on: the look that is under way may have begun before."""
    enough = looks() + 2
    desk.until(lambda: looks() >= enough)


def within_looks(looks: Looks, before: int) -> timedelta:
    """The time that they take where nothing else keeps the machine busy."""
    return (looks() - before) * clock.SWEEP_EVERY


HOUR = timedelta(hours=1)
