"""How many opens and clicks a second the shop takes, each stored before its answer: `python -m tests.load.tracking [--quick]`.

A real server; whoever asks is a process of its own, over connections that stay open. Beside the figures stands how many
hits the books have more than before, which must be the number that was answered, and how long a page takes meanwhile.
"""

import argparse
import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import uvloop
from sqlalchemy import func, select, update

from data.database import now, reading, unit
from domain.channels.email import links
from domain.ledger import targets
from domain.ledger.deliveries import Delivery, State
from domain.ledger.events import Event
from domain.message.links import CLICK, OPEN, PLACE_BITS
from domain.sending import launches
from domain.sending.launches import Press
from domain.shop import people
from tests.browser.server import PASSWORD, ROOT, Server, email_of
from tests.load.pages import opened
from tests.load.shop import write_campaign, write_in

MESSAGES, LINKS = 20_000, 5
CONNECTIONS, SECONDS = 64, 10.0
EVERY = 1.0  # seconds between two looks at a page
PAGE = "/marketing/campaigns"
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


def main(messages: int, seconds: float) -> None:
    settings = {"HANDBILL_WORKERS": "0", "HANDBILL_SMTP_URL": "smtp://127.0.0.1:1?security=none"}
    with tempfile.TemporaryDirectory() as name, opened(Path(name), settings) as server:
        numbers = send(messages)
        cookie = signed_in(server)
        idle = looks(server, cookie, lambda: time.sleep(seconds / 2))
        print(
            f"{messages:,} messages of {LINKS} links, {CONNECTIONS} connections; load {os.getloadavg()[0]:.1f}"
        )
        print(
            f"  a page, nobody asks          {statistics.median(idle):8.1f} ms median, {max(idle):.0f} slowest"
        )
        for title, paths in (
            ("the picture", pictures(numbers)),
            ("a link", presses(numbers)),
            ("one picture, again and again", pictures(numbers[:1])),
        ):
            measure(server, cookie, title, paths, seconds)


def send(messages: int) -> list[int]:
    """A campaign that went out an hour ago."""
    write_in(messages)
    with reading() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("command")
    campaign = write_campaign(by)
    with unit() as session:
        dispatch = launches.launch(session, campaign, Press(), by=by, now=now())
        urls = [(f"https://shop.example/rings/{at}?from=mail", "Rings") for at in range(LINKS)]
        targets.places(session, dispatch.id, urls)
        sent = {"state": State.SENT, "handed_at": now() - timedelta(hours=1)}
        queued = (Delivery.dispatch_id == dispatch.id) & (Delivery.state == State.QUEUED)
        going = update(Delivery).where(queued).values(sent).returning(Delivery.id)
        return list(session.scalars(going.execution_options(synchronize_session=False)))


def pictures(numbers: list[int]) -> list[str]:
    return [f"/t/o/{links().token(OPEN, number)}" for number in numbers]


def presses(numbers: list[int]) -> list[str]:
    return [
        f"/t/c/{links().token(CLICK, number << PLACE_BITS | at % LINKS)}" for at, number in enumerate(numbers)
    ]


def measure(server: Server, cookie: str, title: str, paths: list[str], seconds: float) -> None:
    before, used = stored(), cpu_seconds(server)
    asked: list[Asked] = []
    took = looks(server, cookie, lambda: asked.append(ask_from_elsewhere(server, paths, seconds)))
    [told] = asked
    print(f"  {title:<28} {told.answered / told.seconds:8,.0f} a second")
    print(
        f"    answered, of them stored   {told.answered:8,} {stored() - before:,}; otherwise {told.otherwise}"
    )
    print(
        f"    CPU of the shop for each   {(cpu_seconds(server) - used) / told.answered * 1e6:8.0f} µs, the pages included"
    )
    print(f"    a page meanwhile           {statistics.median(took):8.1f} ms median, {max(took):.0f} slowest")


def cpu_seconds(server: Server) -> float:
    """What the shop has used so far. On a machine that others use too it says more than requests a second."""
    after_name = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def stored() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


# A page beside it


def signed_in(server: Server) -> str:
    form = urlencode({"email": email_of("olive"), "password": PASSWORD})
    said = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.url}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/sign-in", form, said)
    cookie = connection.getresponse().headers["set-cookie"].partition(";")[0]
    connection.close()
    return str(cookie)


def looks(server: Server, cookie: str, meanwhile: Callable[[], object]) -> list[float]:
    """Milliseconds of each look at a page while something else goes on."""
    over, took = threading.Event(), list[float]()

    def look() -> None:
        while not over.is_set():
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request("GET", PAGE, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            if answer.status != 200:
                raise RuntimeError(f"the page answered {answer.status}")
            took.append((time.monotonic() - began) * 1000)
            over.wait(EVERY)

    with running(look):
        meanwhile()
        over.set()
    return took


@contextmanager
def running(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


# Whoever asks: `python -m tests.load.tracking --ask PORT SECONDS`, with the paths on its standard input


@dataclass(frozen=True, slots=True)
class Asked:
    answered: int
    seconds: float
    otherwise: dict[str, int]  # what was neither the picture nor a way on


def ask_from_elsewhere(server: Server, paths: list[str], seconds: float) -> Asked:
    command = [sys.executable, "-m", "tests.load.tracking", "--ask", str(server.port), str(seconds)]
    done = subprocess.run(
        command, cwd=ROOT, input="\n".join(paths), stdout=subprocess.PIPE, text=True, check=True
    )
    return Asked(**json.loads(done.stdout))


class Caller(asyncio.Protocol):
    """One connection: asks for the next as soon as it has an answer."""

    def __init__(self, paths: Iterator[bytes], until: float, told: dict[str, int]) -> None:
        self.paths, self.until, self.told = paths, until, told
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head, _, body = self.heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if not _ or len(body) < length:
            return
        status = head[9:12].decode()
        self.told[status] = self.told.get(status, 0) + 1
        self.heard = b""
        self._ask()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        assert self.transport is not None
        if time.monotonic() >= self.until:
            self.transport.close()
        else:
            self.transport.write(next(self.paths))


async def ask(port: int, seconds: float) -> Asked:
    lines = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\n\r\n".encode()
        for path in sys.stdin.read().split()
    ]

    def forever() -> Iterator[bytes]:
        while True:
            yield from lines

    told: dict[str, int] = {}
    began, paths = time.monotonic(), forever()
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(paths, began + seconds, told), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(one.over for one in callers))
    good = told.pop("200", 0) + told.pop("302", 0)
    return Asked(good, time.monotonic() - began, told)


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true", help="a fifth of everything")
    given.add_argument("--ask", nargs=2, metavar=("PORT", "SECONDS"))
    options = given.parse_args()
    if options.ask:
        found = uvloop.run(ask(int(options.ask[0]), float(options.ask[1])))
        print(
            json.dumps({"answered": found.answered, "seconds": found.seconds, "otherwise": found.otherwise})
        )
    else:
        fifth = 5 if options.quick else 1
        main(MESSAGES // fifth, SECONDS / fifth)
