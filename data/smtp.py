"""One SMTP session that never blurs what is known about a message.

The commands of an envelope travel together where the server offers PIPELINING (RFC 2920), one by one where it
does not. Either way no byte of a body leaves before the gate has opened *and* the server has said 354.
"""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from data.envelope import Unsendable, envelope, size_limit, stuffed
from data.mail_account import (
    AccountTrouble,
    Link,
    MailAccount,
    Security,
    open_link,
    words,
)

__all__ = [
    "AccountTrouble",
    "Answer",
    "Fate",
    "Gate",
    "MailAccount",
    "Security",
    "Session",
    "Stage",
    "connect",
    "probe",
]

Gate = Callable[[], Awaitable[bool]]
Stage = Literal["mail", "rcpt", "data", "body", "final"]

REPLY_LIMIT: Final = 32_768  # bytes; a whole answer with all its lines
FAREWELL: Final = 5.0  # seconds to wait for the answer to QUIT


class Fate(StrEnum):
    """UNSENT: no byte of the body has left, so trying again is safe. UNKNOWN: it has, and no answer was heard."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """`stage` is where the matter was decided; `code` is 0 where the words are ours and not the server's.

    "mail" is about the sender or the account, "rcpt" about the recipient, "data" and "final" about the message,
    and "body" means that the gate stayed closed. Code 421 at any stage: the server is leaving, use a new session.
    """

    fate: Fate
    code: int
    text: str
    stage: Stage


async def connect(account: MailAccount) -> "Session":
    """Raises AccountTrouble."""
    return Session(account, await open_link(account))


async def probe(account: MailAccount, sender: str, recipient: str, body: bytes) -> Answer:
    """Send a single message, as "send a test to myself" does. Raises AccountTrouble."""
    session = await connect(account)
    try:
        return await session.send(sender, recipient, body, _open_gate)
    finally:
        await session.close()


async def _open_gate() -> bool:
    return True


class _Reply(NamedTuple):
    code: int
    raw: bytes


class _LinkLost(Exception):
    """The connection is of no more use; what that means for the message depends on the stage."""


_Waiter = asyncio.Future[_Reply | None]  # None: the link was lost
_HELD_BACK = Answer(Fate.UNSENT, 0, "Held back before it was handed over.", "body")
_FATES = {2: Fate.ACCEPTED, 4: Fate.DEFERRED, 5: Fate.REFUSED}
_REPLY_LINE = re.compile(rb"[2-5]\d\d(?:[ -]|$)")


class Session(asyncio.Protocol):
    """Carries one message at a time. Once `alive` is false it stays so, and every send answers UNSENT."""

    def __init__(self, account: MailAccount, link: Link) -> None:
        self.extensions = link.extensions
        self.pipelining = "pipelining" in link.extensions
        self.size_limit = size_limit(link.extensions)
        self.alive = True
        self._account = account
        self._transport = link.transport
        self._loop = asyncio.get_running_loop()
        self._expected: deque[_Waiter] = deque()  # one for each answer the server owes us, oldest first
        self._unread = b""  # a line not complete yet
        self._lines: list[bytes] = []  # of an answer not complete yet
        self._ending = _Reply(0, b"")  # why the link ended: the server's words, or ours with code 0
        self._busy = False
        self._unclean = False  # the server may hold a half-made envelope: RSET before the next
        self._at: Stage = "mail"
        self._verdict: Answer | None = None  # certain, whatever still goes wrong with the link
        link.transport.set_protocol(self)
        if link.transport.is_closing():
            self._die("The mail server closed the connection.")

    async def send(self, sender: str, recipient: str, body: bytes, hand_over: Gate) -> Answer:
        """`hand_over` commits that this message may from now on have been sent; false means it must not be.

        It is asked once the server has accepted the recipient (and, with PIPELINING, has said 354), never before.
        What it raises comes through, as does cancellation; both end the session with no byte of a body sent
        unless the body was already on its way.
        """
        if self._busy:
            raise RuntimeError("a session carries one message at a time")
        try:
            mail, rcpt = envelope(sender, recipient, len(body), self.extensions)
        except Unsendable as refusal:
            return Answer(Fate.REFUSED, 0, refusal.sentence, refusal.stage)
        self._busy, self._at, self._verdict = True, "mail", None
        try:
            deliver = self._together if self.pipelining else self._one_by_one
            return await deliver(mail, rcpt, body, hand_over)
        except _LinkLost:
            return self._verdict or self._lost()
        except BaseException:
            self._die("The sending was stopped.")
            raise
        finally:
            self._busy = False

    async def close(self) -> None:
        """Say goodbye if that is quick; in the middle of a message, hang up."""
        if self.alive and not self._busy:
            with suppress(_LinkLost):
                await self._reply(self._ask(b"QUIT\r\n"), FAREWELL)
        self._die("The session was closed.")

    # The two ways to send

    async def _together(self, mail: bytes, rcpt: bytes, body: bytes, hand_over: Gate) -> Answer:
        commands = [mail, rcpt, b"DATA\r\n"]
        if self._unclean:
            commands.insert(0, b"RSET\r\n")
        *reset, mailed, named, readied = self._ask_all(commands)
        for waiter in reset:
            await self._was_reset(waiter)
        mail_ok = await self._agreed("mail", mailed)
        rcpt_ok = await self._agreed("rcpt", named)
        if not await self._ready_for_body(readied):
            self._unclean = True
            return self._verdict or _HELD_BACK
        # Not sooner: until here a crash leaves no doubt, and a refused recipient costs no commit.
        if mail_ok and rcpt_ok and await hand_over():
            return await self._deliver(body)
        if mail_ok and not rcpt_ok:
            await self._end_empty_message()
        else:  # the server waits for a body that must not come: only hanging up is safe
            self._die("The sending was stopped.")
        return self._verdict or _HELD_BACK

    async def _one_by_one(self, mail: bytes, rcpt: bytes, body: bytes, hand_over: Gate) -> Answer:
        if self._unclean:
            await self._was_reset(self._ask(b"RSET\r\n"))
        self._unclean = True  # until the message is through
        if not await self._agreed("mail", self._ask(mail)) or not await self._agreed("rcpt", self._ask(rcpt)):
            return self._verdict or self._lost()
        if not await hand_over():
            return _HELD_BACK
        if not await self._ready_for_body(self._ask(b"DATA\r\n")):
            return self._verdict or self._lost()
        answer = await self._deliver(body)
        self._unclean = False
        return answer

    async def _was_reset(self, waiter: _Waiter) -> None:
        reply = await self._reply(waiter, self._account.command_timeout)
        if reply.code // 100 != 2:
            raise self._out_of_step()
        self._unclean = False

    async def _agreed(self, stage: Stage, waiter: _Waiter) -> bool:
        """Whether the server took the command; the first refusal of an envelope is the verdict."""
        self._at = stage
        reply = await self._reply(waiter, self._account.command_timeout)
        if reply.code // 100 == 2:
            return True
        if reply.code // 100 == 3:
            raise self._out_of_step()
        self._verdict = self._verdict or _answer(reply, stage)
        return False

    async def _ready_for_body(self, waiter: _Waiter) -> bool:
        self._at = "data"
        reply = await self._reply(waiter, self._account.command_timeout)
        if reply.code == 354:
            return True
        if reply.code < 400:
            raise self._out_of_step()
        self._verdict = self._verdict or _answer(reply, "data")
        return False

    async def _deliver(self, body: bytes) -> Answer:
        self._check_link()
        self._at = "final"
        reply = await self._reply(self._ask(stuffed(body)), self._account.final_timeout)
        if reply.code // 100 == 3:
            raise self._out_of_step()
        return _answer(reply, "final")

    async def _end_empty_message(self) -> None:
        """The server accepted DATA with nobody to send to: a lone dot ends that (RFC 2920, 3.1)."""
        await self._reply(self._ask(b".\r\n"), self._account.command_timeout)

    # What goes out and what comes in

    def _ask(self, command: bytes) -> _Waiter:
        return self._ask_all([command])[0]

    def _ask_all(self, commands: list[bytes]) -> list[_Waiter]:
        self._check_link()
        waiters: list[_Waiter] = [self._loop.create_future() for _ in commands]
        self._expected.extend(waiters)
        self._transport.write(b"".join(commands))
        return waiters

    def _check_link(self) -> None:
        if self._transport.is_closing():
            self._die("The mail server closed the connection.")
        if not self.alive:
            raise _LinkLost

    async def _reply(self, waiter: _Waiter, seconds: float) -> _Reply:
        alarm = self._loop.call_later(seconds, self._die, "The mail server did not answer in time.")
        try:
            reply = await waiter
        finally:
            alarm.cancel()
        if reply is None:
            raise _LinkLost
        return reply

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if self.alive:
                self._read(line.removesuffix(b"\r"))
        if self._unread and not self._expected:
            self._die("The mail server spoke out of turn.")
        if len(self._unread) + sum(map(len, self._lines)) > REPLY_LIMIT:
            self._die("The mail server's answer was too long.")

    def _read(self, line: bytes) -> None:
        if not _REPLY_LINE.match(line) or (self._lines and self._lines[0][:3] != line[:3]):
            self._die("The mail server's answer made no sense.")
            return
        self._lines.append(line)
        if line[3:4] == b"-":
            return
        reply = _Reply(int(line[:3]), b" ".join(part[4:] for part in self._lines))
        self._lines = []
        if self._expected:
            self._settle(self._expected.popleft(), reply)
            if reply.code != 421:
                return
        self._ending = reply
        self._die("")

    def connection_lost(self, exc: Exception | None) -> None:
        self._die("The mail server closed the connection.")

    def _out_of_step(self) -> _LinkLost:
        self._die("The mail server's answer made no sense.")
        return _LinkLost()

    def _die(self, reason: str) -> None:
        if not self.alive:
            return
        self.alive = False
        if not self._ending.code:
            self._ending = _Reply(0, reason.encode())
        while self._expected:
            self._settle(self._expected.popleft(), None)
        self._transport.abort()

    @staticmethod
    def _settle(waiter: _Waiter, reply: _Reply | None) -> None:
        if not waiter.done():
            waiter.set_result(reply)

    def _lost(self) -> Answer:
        fate = Fate.UNKNOWN if self._at == "final" else Fate.UNSENT
        return Answer(fate, self._ending.code, words(self._ending.raw), self._at)


def _answer(reply: _Reply, stage: Stage) -> Answer:
    return Answer(_FATES[reply.code // 100], reply.code, words(reply.raw), stage)
