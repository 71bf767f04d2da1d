"""A shop with a worker in this process, whose mail account is a scripted server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.book.consent import fingerprint
from domain.book.customers import Customer
from domain.ledger import deliveries
from domain.ledger.deliveries import Books, Line
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.shop import shop
from jobs import sending
from jobs.queue import close_queue, open_queue, queue
from jobs.worker import Worker
from tests.cast import Cast
from tests.twins.smtp_server import ScriptedServer

PATIENCE = 20.0  # seconds


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


HOUR = timedelta(hours=1)
