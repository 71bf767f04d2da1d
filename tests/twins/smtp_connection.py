"""One client of the scripted mail server: its commands are obeyed in order, and the answers leave in order."""

import asyncio
import base64
import contextlib
import re
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.twins.smtp_acts import Act, Stage, say

if TYPE_CHECKING:
    from tests.twins.smtp_server import ScriptedServer

ROOM = 131_072  # bytes read at once; grows with a message that is longer


class Connection(asyncio.BufferedProtocol):
    def __init__(self, server: "ScriptedServer") -> None:
        self.server = server
        self.transport: Any = None
        self.room = bytearray(ROOM)
        self.start = self.filled = 0  # what lies between is not read yet
        self.read: Callable[[], Act | None] = self.read_command
        self.is_over = False  # after a stall or a hang-up: heard, but not obeyed
        self.secured = False
        self.left_to_say: int | None = None  # bytes
        self.scanned = 0  # of a body that DATA began: no end of it before this place
        self.chunk_left, self.chunk_is_last, self.chunks = 0, False, bytearray()
        self.swallowing = False  # the rest of a body that was already answered
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.login_user = ""
        self.asking = ""  # the part of AUTH LOGIN that comes next
        self.acts: deque[Act] = deque()
        self.player: asyncio.Task[None] | None = None

    # What comes in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if self.secured:
            return
        self.server.open_ones.add(self.transport)
        self.server.connections += 1
        self.offered = self.server.offers(self.server.connections)
        self.left_to_say = self.server.last_word
        self.perform([self.decide("banner", _GREETING)])

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open_ones.discard(self.transport)
        if self.player is not None:
            self.player.cancel()

    def get_buffer(self, sizehint: int) -> memoryview:
        if len(self.room) - self.filled < ROOM // 4:
            self.make_room()
        return memoryview(self.room)[self.filled :]

    def make_room(self) -> None:
        unread = self.room[self.start : self.filled]
        self.room = unread + bytearray(max(ROOM, len(unread)))
        self.scanned -= self.start
        self.start, self.filled = 0, len(unread)

    def buffer_updated(self, nbytes: int) -> None:
        self.filled += nbytes
        acts = []
        while (act := self.read()) is not None:
            if self.is_over:
                continue
            acts.append(act)
            self.is_over = act.is_the_last
            if self.server.is_forgetful:
                self.start = self.filled
        if self.start == self.filled:
            self.start = self.filled = self.scanned = 0
        self.server.write_down()
        if acts:
            self.perform(acts)

    # What goes out

    def decide(self, stage: Stage, usual: Act, address: str = "") -> Act:
        script = self.server.script
        if script is None or self.is_over or stage not in self.server.watched:
            return usual
        return script(stage, address) or usual

    def perform(self, acts: list[Act]) -> None:
        if self.server.delay:
            asyncio.get_running_loop().call_later(self.server.delay, self.answer, acts)
        else:
            self.answer(acts)

    def answer(self, acts: list[Act]) -> None:
        if self.player is None and all(act.is_plain for act in acts):
            self.write(b"".join([act.reply or b"" for act in acts]))
            return
        self.acts.extend(acts)
        if self.player is None:
            self.player = asyncio.get_running_loop().create_task(self.play())

    def write(self, words: bytes) -> None:
        if self.transport.is_closing():  # the client was killed while its answer was on the way
            return
        words = words[: self.left_to_say]
        self.transport.write(words)
        if self.left_to_say is not None:
            self.left_to_say -= len(words)
            if not self.left_to_say:
                self.is_over = True
                self.transport.close()

    async def play(self) -> None:
        while self.acts:
            await self.play_one(self.acts.popleft())
        self.player = None

    async def play_one(self, act: Act) -> None:
        if act.reply is None and not act.hang_up:
            await asyncio.Event().wait()
        await asyncio.sleep(act.after)
        for piece in _pieces(act):
            self.write(piece)
            await asyncio.sleep(act.pace)
        if act.secure and self.server.context:
            await self.secure(self.server.context)
        if act.hang_up:
            _ = self.transport.close() if act.reply else self.transport.abort()

    async def secure(self, context: ssl.SSLContext) -> None:
        self.secured = True
        with contextlib.suppress(OSError):
            loop = asyncio.get_running_loop()
            self.transport = await loop.start_tls(self.transport, self, context, server_side=True)

    # The commands

    def read_command(self) -> Act | None:
        end = self.room.find(b"\r\n", self.start, self.filled)
        if end < 0:
            return None
        line = self.room[self.start : end].decode("utf-8", "replace")
        self.start = end + 2
        if self.asking:
            return self.login_part(line)
        if self.server.keep:
            self.server.commands.append(line)
        command = _COMMANDS.get(line[:4].upper())
        return command(self, line) if command else _WHAT

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
        if act.code == 354 and not self.is_over:
            self.server.said_go_ahead += 1
            self.read, self.scanned = self.read_body, self.start
        return act

    def bdat(self, line: str) -> Act:
        """RFC 3030: the octets follow whatever is thought of them, and the answer comes after them."""
        found = _BDAT.fullmatch(line)
        if not found or not self.server.knows_chunks:
            return _WHAT
        self.chunk_left, self.chunk_is_last = int(found[1]), found[2] is not None
        self.read = self.read_chunk
        return NOTHING

    def rset(self, line: str) -> Act:
        self.forget()
        return self.decide("rset", _OK)

    def quit(self, line: str) -> Act:
        return self.decide("quit", _BYE)

    def forget(self) -> None:
        self.sender, self.recipients = None, []
        self.chunks.clear()

    @property
    def address(self) -> str:
        return self.recipients[0] if self.recipients else ""

    # The body

    def read_body(self) -> Act | None:
        if (act := self.interrupt()) is not None:
            return act
        if self.room.startswith(b".\r\n", self.start, self.filled):
            end, after = self.start, self.start + 3
        elif (found := self.room.find(b"\r\n.\r\n", max(self.start, self.scanned - 4), self.filled)) >= 0:
            end, after = found + 2, found + 5
        else:
            self.server.body_bytes += self.filled - self.scanned
            self.scanned = self.filled
            return None
        body = self.room[self.start : end] if self.server.keep else b""
        self.server.body_bytes += after - self.scanned
        self.start, self.read = after, self.read_command
        return self.finish(_unstuffed(bytes(body)))

    def read_chunk(self) -> Act | None:
        if self.chunk_left and (act := self.interrupt()) is not None:
            return act
        size = min(self.chunk_left, self.filled - self.start)
        if self.server.keep and self.sender is not None:
            self.chunks += self.room[self.start : self.start + size]
        self.server.body_bytes += size
        self.start += size
        self.chunk_left -= size
        if self.chunk_left:
            return None
        self.read = self.read_command
        if self.swallowing or (self.chunk_is_last and self.recipients):
            return self.finish(bytes(self.chunks))
        return _OK if self.recipients else _BAD_ORDER  # then MAIL, if it was accepted, still stands

    def interrupt(self) -> Act | None:
        """The script's answer once the first byte of a message is here; the rest of it is read and thrown away."""
        if self.start == self.filled or not self.recipients or self.swallowing or self.is_over:
            return None
        if "body" not in self.server.watched or self.server.script is None:
            return None
        act = self.server.script("body", self.address)
        self.swallowing = act is not None
        return act

    def finish(self, body: bytes) -> Act:
        sender, address, recipients = self.sender or "", self.address, self.recipients
        swallowed, self.swallowing = self.swallowing, False
        self.forget()
        if swallowed or self.is_over:
            return NOTHING
        if not recipients:
            return _NOBODY
        act = self.decide("final", _QUEUED, address)
        if act is _QUEUED or (act.code // 100 == 2 if act.accept is None else act.accept):
            self.server.take(sender, recipients, body)
        return act

    # Greeting and sign-in

    def ehlo(self, line: str) -> Act:
        offers = ["twin", *(e for e in self.offered if e != "STARTTLS" or not self.secured)]
        offers += ["AUTH PLAIN LOGIN"] if self.server.login else []
        return self.decide("ehlo", say(*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"))

    def starttls(self, line: str) -> Act:
        act = self.decide("starttls", say("220 2.0.0 go ahead"))
        if act.code != 220:
            return act
        self.transport.pause_reading()
        return replace(act, secure=True)

    def auth(self, line: str) -> Act:
        if (act := self.decide("auth", NOTHING)) is not NOTHING:
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
_BAD_ORDER = say("503 5.5.1 bad order of commands")
_WHAT = say("500 5.5.2 what?")
_QUEUED = say("250 2.0.0 queued")
_BYE = say("221 2.0.0 bye").and_drop()
_BDAT = re.compile(r"BDAT (\d{1,9})( LAST)?", re.IGNORECASE)
_COMMANDS: dict[str, Callable[[Connection, str], Act]] = {
    "EHLO": Connection.ehlo,
    "HELO": lambda *_: say("250 twin"),
    "STAR": Connection.starttls,
    "AUTH": Connection.auth,
    "MAIL": Connection.mail,
    "RCPT": Connection.rcpt,
    "DATA": Connection.data,
    "BDAT": Connection.bdat,
    "RSET": Connection.rset,
    "NOOP": lambda *_: _OK,
    "QUIT": Connection.quit,
}


def _between(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


def _pieces(act: Act) -> Iterable[bytes]:
    reply = act.reply or b""
    return [bytes([byte]) for byte in reply] if act.pace else [reply]


def _unstuffed(body: bytes) -> bytes:
    if b"\n.." in body:
        body = body.replace(b"\n..", b"\n.")
    return body[1:] if body.startswith(b".") else body
