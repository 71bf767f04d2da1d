"""The benches' mail server, a process of its own that notes when the first and the last message arrived.

    with Sink("--delay", "20", "--chunking") as sink: ...; sink.seen().steady
    python -m tests.load.sink         prints its port; at SIGTERM what it saw, as one line of JSON

Moments are those of `time.monotonic`, which all processes of one machine share.
"""

import argparse
import asyncio
import json
import signal
import time
from dataclasses import asdict, dataclass

from tests.load.watcher import Watcher
from tests.twins.smtp_server import CHUNKED, EXTENSIONS, ScriptedServer


@dataclass(slots=True)
class Seen:
    messages: int = 0
    people: int = 0  # different addresses among them
    body_bytes: int = 0
    first: float = 0.0
    last: float = 0.0
    cpu: float = 0.0  # seconds

    @property
    def steady(self) -> float:
        """Messages a second between the first and the last."""
        return (self.messages - 1) / (self.last - self.first) if self.last > self.first else float("nan")

    @property
    def body_size(self) -> int:
        return self.body_bytes // self.messages if self.messages else 0


class Sink(Watcher[Seen]):
    def __init__(self, *options: str) -> None:
        super().__init__(Seen, "tests.load.sink", *options)
        self.port = int(self.said)


class Counting(ScriptedServer):
    """Keeps nothing of a message but its count, its moment and its address."""

    def __init__(self, extensions: list[str], delay: float) -> None:
        super().__init__(extensions=extensions, delay=delay, keep=False)
        self.people: set[str] = set()
        self.first = self.last = 0.0

    def take(self, sender: str, recipients: list[str], body: bytes) -> None:
        self.count += len(recipients)
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.people.update(recipients)

    def seen(self) -> Seen:
        return Seen(
            self.count,
            len(self.people),
            self.body_bytes,
            self.first,
            self.last,
            round(time.process_time(), 3),
        )


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--delay", type=float, default=0, help="milliseconds to the server and back")
    given.add_argument("--no-pipelining", action="store_true")
    given.add_argument("--chunking", action="store_true")
    options = given.parse_args()
    offered = CHUNKED if options.chunking else EXTENSIONS
    kept = [one for one in offered if one != "PIPELINING" or not options.no_pipelining]
    server = Counting(kept, options.delay / 1000)
    _run(server)
    print(json.dumps(asdict(server.seen())), flush=True)


def _run(server: Counting) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(server))
    else:
        uvloop.run(_serve(server))


async def _serve(server: Counting) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.listen()
    print(server.port, flush=True)
    await stopped.wait()


if __name__ == "__main__":
    main()
