"""A mail server that does what the test says: real sockets, its own thread or its own process.

    with ScriptedServer({"rcpt": say("550 5.1.1 nobody here")}) as server: ...
    with ScriptedServer(lambda stage, address: drop() if address == "anna@example.org" else None) as server: ...
    python -m tests.twins.smtp_server --port 0 --record FILE     (prints its port; stops on SIGTERM)

As a program it refuses by name: local parts starting with reject get 550 and with defer 451 at RCPT, with late 554
after the message.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.twins.certificate import Certificate, make_certificate
from tests.twins.smtp_acts import (
    Act,
    Script,
    Scripted,
    Stage,
    as_script,
    drop,
    garbage,
    late,
    say,
    slowly,
    stall,
)
from tests.twins.smtp_connection import Connection

__all__ = [
    "CHUNKED",
    "EXTENSIONS",
    "Act",
    "Received",
    "Script",
    "ScriptedServer",
    "Stage",
    "drop",
    "garbage",
    "late",
    "say",
    "slowly",
    "stall",
]

EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 20000000")
CHUNKED = (*EXTENSIONS, "CHUNKING")
EVERY_STAGE: Collection[Stage] = (
    "banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "final", "rset", "quit"
)  # fmt: skip

Offers = (
    Sequence[str] | Callable[[int], Sequence[str]]
)  # the same to everybody, or by number of the connection


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipient: str
    body: bytes


class ScriptedServer:
    """`delay` is the way to the server and back in seconds: each answer leaves that long after its question came.

    With `keep` off only the count is kept, for long runs. `is_forgetful`: a server that offers PIPELINING and then
    throws away what came together with a command; with `knows_chunks` off it reads the octets of BDAT as commands.
    `last_word`: after so many bytes of its answers it hangs up, whatever it has taken by then.
    """

    def __init__(
        self,
        script: Scripted = None,
        *,
        extensions: Offers = EXTENSIONS,
        login: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
        tls: bool = False,
        delay: float = 0.0,
        record: Path | None = None,
        keep: bool = True,
        port: int = 0,
        watched: Collection[Stage] = EVERY_STAGE,
        is_forgetful: bool = False,
        knows_chunks: bool = True,
        last_word: int | None = None,
    ) -> None:
        self.port = port
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.count = 0
        self.body_bytes = 0
        self.said_go_ahead = 0
        self.connections = 0
        self.script = as_script(script)
        self.watched = frozenset(script if isinstance(script, Mapping) else watched)
        self.login = login
        self.context = certificate.server_context() if certificate else None
        self.extensions = extensions
        self.tls = tls
        self.delay = delay
        self.keep = keep
        self.is_forgetful = is_forgetful
        self.knows_chunks = knows_chunks
        self.last_word = last_word
        self.open_ones: set[asyncio.Transport] = set()
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if record else -1
        self._unwritten: list[str] = []
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="scripted-smtp", daemon=True
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready, self._stopped = threading.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(5):
            raise TimeoutError("the scripted server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(5)
        if self._record >= 0:
            os.close(self._record)

    def wait_for(self, condition: Callable[[Self], bool], seconds: float = 5.0) -> None:
        """Block until the condition holds; AssertionError if it does not come true in time."""
        end = time.monotonic() + seconds
        while not condition(self):
            assert time.monotonic() < end, "the scripted server waited in vain"
            time.sleep(0.002)

    def offers(self, connection: int) -> Sequence[str]:
        offered = self.extensions(connection) if callable(self.extensions) else self.extensions
        return (*offered, "STARTTLS") if self.context and not self.tls else offered

    def take(self, sender: str, recipients: list[str], body: bytes) -> None:
        """The message counts from here on: written down before anybody is told."""
        self.count += len(recipients)
        if self._record >= 0:
            self._unwritten += recipients
        if self.keep:
            self.received += [Received(sender, address, body) for address in recipients]

    def write_down(self) -> None:
        if self._unwritten:
            os.write(self._record, "".join([f"{address}\n" for address in self._unwritten]).encode())
            self._unwritten.clear()

    async def listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        context = self.context if self.tls else None
        server = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=512, ssl=context
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self.listen()
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for transport in tuple(self.open_ones):
            transport.abort()


def by_name(stage: Stage, address: str) -> Act | None:
    """The refusals of the program; see the top of the file."""
    if stage == "rcpt" and address.startswith("reject"):
        return say("550 5.1.1 no such person")
    if stage == "rcpt" and address.startswith("defer"):
        return say("451 4.2.1 try later")
    return say("554 5.6.0 not this message") if stage == "final" and address.startswith("late") else None


async def _serve(server: ScriptedServer, ahead: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.listen()
    print(f"{ahead}{server.port}", flush=True)
    await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="a line for each recipient, written before the 250")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--chunking", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--tls", action="store_true", help="from the first byte; prints CERTIFICATE PORT")
    given = parser.parse_args()
    offered = CHUNKED if given.chunking else EXTENSIONS
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder)) if given.tls else None
        server = ScriptedServer(
            by_name,
            extensions=[e for e in offered if e != "PIPELINING" or not given.no_pipelining],
            certificate=certificate,
            tls=given.tls,
            delay=given.delay / 1000,
            record=given.record,
            keep=False,
            port=given.port,
            watched=("rcpt", "final"),
        )
        _runner()(_serve(server, f"{certificate.file} " if certificate else ""))


def _runner() -> Callable[..., object]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":
    main()
