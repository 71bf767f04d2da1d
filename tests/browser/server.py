"""A really started Handbill on a free port of this machine, with a folder of its own."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy.orm import Session

from data.config import Config, use_config
from data.database import now, open_database, unit
from data.secrets import use_keys
from domain import tables as tables  # all of them are known before the first is used
from domain.sample import open_sample_shop
from domain.shop import people
from domain.shop import shop as shops
from domain.shop.people import Actor, Role, User
from tests import nursery

ROOT = Path(__file__).parents[2]
SECRET = "a secret that only the browser tests know"
PASSWORD = "correct horse battery"
STAFF = {
    "max": Role.MANAGER,
    "sal": Role.SALESPERSON,
    "wes": Role.WORKSHOP,
    "ada": Role.ACCOUNTANT,
}
STARTS_WITHIN, ENDS_WITHIN = 60.0, 30.0  # seconds, also on a busy machine
NOT_FOR_THE_CHILD = ("PYTEST_", "NICEGUI_", "HANDBILL_")


@dataclass(frozen=True)
class Server:
    """`data` is the shop's folder; the database in it may be looked into while the shop is open."""

    url: str
    port: int
    data: Path
    pid: int

    @property
    def database(self) -> Path:
        return self.data / "handbill.db"


def email_of(who: str) -> str:
    return f"{who}@marlow.example"


@contextmanager
def started(data: Path, settings: Mapping[str, str], *program: str) -> Iterator[Server]:
    """`program` is what is started, `main serve` by itself. `settings` are more of the HANDBILL_ variables. What the server says is kept in `server.log` beside its data."""
    port = free_port()
    environment = _environment(data, port) | dict(settings)
    log = data / "server.log"
    name, *words = program or ("main", "serve")
    process = nursery.born(name, words, environment, log)
    assert process.pid
    try:
        _wait_until_open(process, port, log)
        yield Server(f"http://127.0.0.1:{port}", port, data, process.pid)
    finally:
        _end(process)


def furnish(server: Server) -> None:
    """Olive's shop as the tests find it: its name, its staff and the sample customers.

    The test process stays connected to the shop's database, so that a test can look at what was really written.
    """
    look_into(server)
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None, "the owner was not created from the environment"
        _name(session, olive.as_actor("command"))
        _hire(session, olive)
        open_sample_shop(session, by=olive.as_actor("command"), now=now())


def look_into(server: Server) -> None:
    """From now on `reading()` and `unit()` of the test process are about this shop."""
    use_config(Config(data=server.data))
    use_keys(SECRET.encode())
    open_database(server.database)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FOR_THE_CHILD)}
    return kept | {
        "HANDBILL_DATA": str(data),
        "HANDBILL_PORT": str(port),
        "HANDBILL_SECRET": SECRET,
        "HANDBILL_UNDO_SECONDS": "2",
        "NICEGUI_STORAGE_PATH": str(data / ".nicegui"),
    }


def _wait_until_open(process: BaseProcess, port: int, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and process.is_alive():
        if _answers(port):
            return
        time.sleep(0.05)
    raise AssertionError(f"The server did not open:\n{log.read_text(errors='replace')[-4000:]}")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(ENDS_WITHIN)
    process.kill()
    process.join()


def _name(session: Session, by: Actor) -> None:
    facts = {
        "name": "Marlow & Finch Jewellers",
        "postal_address": "4 Market Row\nHarrogate HG1 2AB",
        "timezone": "Europe/London",
        "country": "GB",
        "sender_name": "Marlow & Finch",
        "sender_email": email_of("olive"),
    }
    shops.change(session, facts, by=by, now=now())
    shops.open_doors(session, by=by)


def _hire(session: Session, olive: User) -> None:
    olive.name = "Olive Marlow"
    for who, role in STAFF.items():
        known = {"email": email_of(who), "name": who.capitalize(), "role": role}
        session.add(User(**known, password_hash=olive.password_hash, active=True, created_at=now()))
