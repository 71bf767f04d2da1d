"""A mail server that does what the test says: real sockets, its own thread or its own process.

    with ScriptedServer({"rcpt": say("550 5.1.1 nobody here")}) as server: ...
    with ScriptedServer(lambda stage, address: drop() if address == "anna@example.org" else None) as server: ...
    python -m tests.twins.smtp_server --port 0 --record FILE     (prints its port; stops on SIGTERM)

As a program it refuses by name: local parts starting with reject get 550 and with defer 451 at RCPT, with late 554
after the message.
"""

import argparse
import asyncio
import base64
import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.twins.certificate import Certificate

Stage = Literal["banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "final", "rset", "quit"]
EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 20000000")


@dataclass(frozen=True, slots=True)
class Act:
    """What the server does instead of its usual answer. `pace` is the pause after each byte, in seconds."""

    reply: bytes | None = None
    pace: float = 0.0
    hang_up: bool = False
    accept: bool | None = (
        None  # at "final": whether the message counts as received; None: if the answer is 2xx
    )

    secure: bool = False  # go on under TLS after the answer

    @property
    def is_plain(self) -> bool:
        return self.reply is not None and not (self.pace or self.hang_up or self.secure)

    @property
    def code(self) -> int:
        return int(self.reply[:3]) if self.reply and self.reply[:3].isdigit() else 0

    def and_drop(self) -> "Act":
        return replace(self, hang_up=True)


def say(*lines: str) -> Act:
    """One answer; several lines make a multi-line one if the test writes them so ("250-one", "250 two")."""
    return Act("".join(f"{line}\r\n" for line in lines).encode())


def slowly(*lines: str, pace: float = 0.005) -> Act:
    return replace(say(*lines), pace=pace)


def garbage(raw: bytes) -> Act:
    return Act(raw)


def drop(*, accept: bool = False) -> Act:
    """Hang up without a word; with `accept` only after the message was taken."""
    return Act(hang_up=True, accept=accept)


def stall(*, accept: bool = False) -> Act:
    """Never answer this, nor anything after it."""
    return Act(accept=accept)


Script = Callable[[Stage, str], Act | None]


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipient: str
    body: bytes


class ScriptedServer:
    """`delay` seconds pass before each answer; with `keep` off only the count is kept, for long runs."""

    def __init__(
        self,
        script: Script | Mapping[Stage, Act] | None = None,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        login: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
        tls: bool = False,
        delay: float = 0.0,
        record: Path | None = None,
        keep: bool = True,
        port: int = 0,
    ) -> None:
        self.port = port
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.count = 0
        self.body_bytes = 0
        self.said_go_ahead = 0
        self.connections = 0
        self.script = _as_script(script)
        self.login = login
        self.context = certificate.server_context() if certificate else None
        self.extensions = tuple(extensions) + (("STARTTLS",) if certificate and not tls else ())
        self.tls = tls
        self.delay = delay
        self.keep = keep
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if record else -1
        self._open: set[asyncio.Transport] = set()
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

    def take(self, sender: str, recipients: list[str], body: bytes) -> None:
        """The message counts from here on: written down before anybody is told."""
        self.count += len(recipients)
        if self._record >= 0:
            os.write(self._record, "".join(f"{address}\n" for address in recipients).encode())
        if self.keep:
            self.received += [Received(sender, address, body) for address in recipients]

    def note(self, command: str) -> None:
        if self.keep:
            self.commands.append(command)

    async def listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        context = self.context if self.tls else None
        server = await loop.create_server(
            lambda: _Connection(self, self._open), "127.0.0.1", self.port, backlog=512, ssl=context
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self.listen()
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for transport in tuple(self._open):
            transport.abort()


def _as_script(script: Script | Mapping[Stage, Act] | None) -> Script | None:
    if isinstance(script, Mapping):
        return lambda stage, _: script.get(stage)
    return script


class _Connection(asyncio.Protocol):
    """One client. Commands are obeyed in order and answers leave in order, however slow one of them is."""

    def __init__(self, server: ScriptedServer, open_ones: set[asyncio.Transport]) -> None:
        self.server = server
        self.open_ones = open_ones
        self.transport: Any = None
        self.buffer = bytearray()
        self.in_body = False
        self.swallowing = False  # the rest of a body that was already answered
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.login_user = ""
        self.asking = ""  # the part of AUTH LOGIN that comes next
        self.acts: deque[Act] = deque()
        self.player: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.open_ones.add(self.transport)
        self.server.connections += 1
        self.perform([self.decide("banner", _GREETING)])

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_ones.discard(self.transport)
        if self.player is not None:
            self.player.cancel()

    def data_received(self, data: bytes) -> None:
        was_in_body = self.in_body
        self.buffer += data
        acts: list[Act] = []
        while (act := self.read_body() if self.in_body else self.read_command()) is not None:
            acts.append(act)
        if was_in_body or self.in_body:
            self.server.body_bytes += len(data) if was_in_body else len(self.buffer)
        self.perform(acts)

    # Answers

    def decide(self, stage: Stage, usual: Act, address: str = "") -> Act:
        script = self.server.script
        return usual if script is None else script(stage, address) or usual

    def perform(self, acts: list[Act]) -> None:
        if self.player is None and all(act.is_plain for act in acts):
            self.write(b"".join(act.reply or b"" for act in acts))
            return
        self.acts.extend(acts)
        if self.player is None:
            self.player = asyncio.get_running_loop().create_task(self.play())

    def write(self, answer: bytes) -> None:
        if answer and self.server.delay:
            asyncio.get_running_loop().call_later(self.server.delay, self.transport.write, answer)
        elif answer:
            self.transport.write(answer)

    async def play(self) -> None:
        while self.acts:
            await self.play_one(self.acts.popleft())
        self.player = None

    async def play_one(self, act: Act) -> None:
        if act.reply is None and not act.hang_up:
            await asyncio.Event().wait()
        for piece in _pieces(act):
            self.transport.write(piece)
            await asyncio.sleep(act.pace)
        if act.secure and self.server.context:
            with contextlib.suppress(OSError):
                loop = asyncio.get_running_loop()
                self.transport = await loop.start_tls(
                    self.transport, self, self.server.context, server_side=True
                )
        if act.hang_up:
            _ = self.transport.close() if act.reply else self.transport.abort()

    # The body

    def read_body(self) -> Act | None:
        if self.buffer and not self.swallowing and self.server.script:
            act = self.server.script("body", self.address)
            if act is not None:
                self.swallowing = True
                return act
        body = self.whole_body()
        if body is None:
            return None
        swallowed, self.swallowing, self.in_body = self.swallowing, False, False
        return NOTHING if swallowed else self.finish(body)

    def whole_body(self) -> bytes | None:
        if self.buffer.startswith(b".\r\n"):
            del self.buffer[:3]
            return b""
        end = self.buffer.find(b"\r\n.\r\n")
        if end < 0:
            return None
        body = bytes(self.buffer[: end + 2])
        del self.buffer[: end + 5]
        return body

    def finish(self, body: bytes) -> Act:
        sender, address, recipients = self.sender or "", self.address, self.recipients
        self.sender, self.recipients = None, []
        act = self.decide("final", _QUEUED if recipients else _NOBODY, address)
        if act.code // 100 == 2 if act.accept is None else act.accept:
            self.server.take(sender, recipients, _unstuffed(body))
        return act

    @property
    def address(self) -> str:
        return self.recipients[0] if self.recipients else ""

    # The commands

    def read_command(self) -> Act | None:
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return None
        line = self.buffer[:end].decode("utf-8", "replace")
        del self.buffer[: end + 2]
        if self.asking:
            return self.login_part(line)
        self.server.note(line)
        command = _COMMANDS.get(line[:4].upper())
        return command(self, line) if command else say("500 5.5.2 what?")

    def mail(self, line: str) -> Act:
        if self.sender is not None:
            return say("503 5.5.1 nested MAIL")
        act = self.decide("mail", _OK)
        if act.code // 100 == 2:
            self.sender, self.recipients = _between(line), []
        return act

    def rcpt(self, line: str) -> Act:
        if self.sender is None:
            return say("503 5.5.1 MAIL first")
        address = _between(line)
        act = self.decide("rcpt", _OK, address)
        if act.code // 100 == 2:
            self.recipients.append(address)
        return act

    def data(self, line: str) -> Act:
        act = self.decide("data", _GO_AHEAD if self.recipients else _NOBODY, self.address)
        self.in_body = act.code == 354
        self.server.said_go_ahead += self.in_body
        return act

    def rset(self, line: str) -> Act:
        self.sender, self.recipients = None, []
        return self.decide("rset", _OK)

    def quit(self, line: str) -> Act:
        return self.decide("quit", _BYE)

    def ehlo(self, line: str) -> Act:
        secure = self.transport.get_extra_info("sslcontext") is not None
        offers = ["twin", *(e for e in self.server.extensions if e != "STARTTLS" or not secure)]
        offers += ["AUTH PLAIN LOGIN"] if self.server.login else []
        return self.decide("ehlo", say(*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"))

    def starttls(self, line: str) -> Act:
        act = self.decide("starttls", say("220 2.0.0 go ahead"))
        if act.code != 220:
            return act
        self.transport.pause_reading()
        return replace(act, secure=True)

    def auth(self, line: str) -> Act:
        if self.server.script and (act := self.server.script("auth", "")) is not None:
            return act
        words = line.split()
        if words[1].upper() == "PLAIN":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
            return self.check(user, password)
        self.asking = "user"
        return self.login_part(words[2]) if len(words) > 2 else say("334 VXNlcm5hbWU6")

    def login_part(self, line: str) -> Act:
        value = base64.b64decode(line).decode()
        if self.asking == "user":
            self.login_user, self.asking = value, "password"
            return say("334 UGFzc3dvcmQ6")
        self.asking = ""
        return self.check(self.login_user, value)

    def check(self, user: str, password: str) -> Act:
        good = (user, password) == self.server.login
        return say("235 2.7.0 welcome") if good else say("535 5.7.8 wrong user name or password")


NOTHING = Act(b"")
_GREETING = say("220 twin ESMTP")
_OK = say("250 2.0.0 ok")
_GO_AHEAD = say("354 go ahead")
_NOBODY = say("554 5.5.1 no valid recipients")
_QUEUED = say("250 2.0.0 queued")
_BYE = say("221 2.0.0 bye").and_drop()
_COMMANDS: dict[str, Callable[[_Connection, str], Act]] = {
    "EHLO": _Connection.ehlo,
    "HELO": lambda *_: say("250 twin"),
    "STAR": _Connection.starttls,
    "AUTH": _Connection.auth,
    "MAIL": _Connection.mail,
    "RCPT": _Connection.rcpt,
    "DATA": _Connection.data,
    "RSET": _Connection.rset,
    "NOOP": lambda *_: _OK,
    "QUIT": _Connection.quit,
}


def _between(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


def _pieces(act: Act) -> list[bytes]:
    reply = act.reply or b""
    return [bytes([byte]) for byte in reply] if act.pace else [reply]


def _unstuffed(body: bytes) -> bytes:
    if b"\n.." in body:
        body = body.replace(b"\n..", b"\n.")
    return body[1:] if body.startswith(b".") else body


def by_name(stage: Stage, address: str) -> Act | None:
    """The refusals of the program; see the top of the file."""
    if stage == "rcpt" and address.startswith("reject"):
        return say("550 5.1.1 no such person")
    if stage == "rcpt" and address.startswith("defer"):
        return say("451 4.2.1 try later")
    return say("554 5.6.0 not this message") if stage == "final" and address.startswith("late") else None


async def _serve(server: ScriptedServer) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.listen()
    print(server.port, flush=True)
    await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="a line for each recipient, written before the 250")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--no-pipelining", action="store_true")
    given = parser.parse_args()
    extensions = [e for e in EXTENSIONS if e != "PIPELINING" or not given.no_pipelining]
    delay = given.delay / 1000
    server = ScriptedServer(
        by_name, extensions=extensions, delay=delay, record=given.record, keep=False, port=given.port
    )
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(server))
    else:
        uvloop.run(_serve(server))


if __name__ == "__main__":
    main()
