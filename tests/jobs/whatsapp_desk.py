"""A shop that is connected to the simulated WhatsApp, with a worker in this process, or in another one."""

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from data.config import Config, use_config
from data.database import now, open_database, unit
from data.secrets import use_keys
from data.whatsapp_twin import Twin
from domain.book import consent
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.results import connections
from domain.sending import engine
from domain.shop import whatsapp
from jobs import whatsapp as whatsapp_jobs
from jobs.queue import open_queue, queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk

SUNDAY = {"template": {"name": "open_on_sunday", "language": "en"}}
ENOUGH = 0
FEW = 8  # rows claimed at once, so that there is something left for the other process
STARTS_WITHIN = 30.0  # seconds, also on a busy machine
NURSERY: Any = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["tests.faults.crew"])  # as the crash tests do: it is one for all
READY = {
    "template": {"name": "ready_to_collect", "language": "en"},
    "body": [
        {"name": "1", "field": "first_name", "fallback": "friend"},
        {"name": "2", "text": "ring"},
        {"name": "3", "text": "Saturday"},
    ],
}


@dataclass
class Counter:
    """The desk of the shop, and the platform at the other end."""

    desk: Desk
    twin: Twin

    def know(self, *numbers: str, says_yes: bool = True, **facts: Any) -> list[int]:
        """Customers with these numbers, who said yes to marketing by WhatsApp."""
        moment = now()
        with unit() as session:
            for number in numbers:
                usual = {"first_name": f"Ana{number[-3:]}", "phone": number, "phone_key": number}
                rest = {"active_at": moment, "created_at": moment, "updated_at": moment, "attrs": {}}
                row = {**usual, "phone_hash": fingerprint(number), **rest, **facts}
                session.execute(insert(Customer), [row])
            found = session.query(Customer).where(Customer.phone_key.in_(numbers)).order_by(Customer.id)
            ids = [one.id for one in found]
            if says_yes:
                for number_ in ids:
                    consent.grant(session, number_, "whatsapp", "marketing", how="form", now=moment)
            return ids

    def campaign(self, content: dict[str, Any] = SUNDAY, **fields: Any) -> int:
        return self.desk.campaign(channel="whatsapp", subject="", text_body="", content=content, **fields)

    def press(self, content: dict[str, Any] = SUNDAY, **fields: Any) -> int:
        return self.desk.press(self.campaign(content, **fields))


@contextmanager
def counter(desk: Desk, twin: Twin, *, per_second: int | None = None) -> Iterator[Counter]:
    """Connected, and the templates are known; no worker yet."""
    use_config(Config(data=desk.folder, whatsapp_api_url=twin.url))
    connect(desk, twin)
    if per_second is not None:
        with unit() as session:
            whatsapp.kept(session, now=now()).per_second = per_second
    yield Counter(desk, twin)


def connect(desk: Desk, twin: Twin, **changed: str) -> None:
    keys: dict[str, str | None] = {
        "phone_number_id": twin.account.phone_number_id,
        "business_account_id": twin.account.business_account_id,
        "access_token": twin.account.access_token,
        "app_secret": twin.account.app_secret,
        "verify_token": twin.account.verify_token,
        **changed,
    }
    with unit() as session:
        connections.change(session, "whatsapp", keys, by=desk.cast.olive, now=now())
    whatsapp_jobs.refresh()


def worker(folder: Path) -> Worker:
    return Worker(queue(), folder)


@contextmanager
def another_process(folder: Path, twin: Twin) -> Iterator[Connection]:
    """A worker that shares nothing with this one but the files. It lends a hand with the sends whose numbers it is sent."""
    heard, said = multiprocessing.Pipe()
    process = NURSERY.Process(target=_work, args=(folder, twin.url, said), daemon=True)
    process.start()
    assert heard.poll(STARTS_WITHIN), "the other worker did not start"
    yield heard
    heard.send(ENOUGH)
    process.join(STARTS_WITHIN)
    assert process.exitcode == 0


def _work(folder: Path, url: str, told: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_config(Config(data=folder, whatsapp_api_url=url))
    use_keys(b"test" * 8)
    open_database(folder / "handbill.db")
    engine.LEASE = FEW
    with Worker(open_queue(folder / "handbill.db"), folder) as other:
        told.send("running")
        while (dispatch := told.recv()) != ENOUGH:
            threading.Thread(target=other.look_at, args=(dispatch,), daemon=True).start()
