"""SMTP sessions that never blur what is known about a message.

Three ways, by what the server offers each time:

    CHUNKING (RFC 3030)     envelope and body in one piece, several messages on the way at once
    PIPELINING (RFC 2920)   the next envelope travels with the body before it: one round trip a message
    neither                 one command after the other

Whatever the way: no byte of a body leaves before its gate has opened.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from data import failpoint
from data.dialogue import Dialogue, LinkLost, Question, Reply
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

FAREWELL: Final = 5.0  # seconds to wait for the answer to QUIT
FAR: Final = 0.01  # seconds of a round trip from which on a commit fits into the time that an answer takes
HEAD_START: Final = (
    0.005  # seconds before the server is expected to be ready, when a far server's gate is asked
)
CHUNKS_AHEAD: Final = 4  # messages on the way at once with CHUNKING
CHUNKS_NEAR: Final = 3
ENVELOPES_AHEAD: Final = 3  # with PIPELINING: one body on the way, one envelope with it, one message ready
ENVELOPES_NEAR: Final = 3
NOT_UNDERSTOOD: Final = (500, 501, 502, 503, 504)  # to a BDAT whose envelope was taken


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


async def connect(account: MailAccount, *, without: frozenset[str] = frozenset()) -> "Session":
    """`without`: extensions that proved broken at this server. Raises AccountTrouble."""
    return Session(account, await open_link(account), without)


async def probe(account: MailAccount, sender: str, recipient: str, body: bytes) -> Answer:
    """Send a single message, as "send a test to myself" does. Raises AccountTrouble."""
    session = await connect(account)
    try:
        return await session.send(sender, recipient, body, _open_gate)
    finally:
        await session.close()


async def _open_gate() -> bool:
    return True


_HELD_BACK: Final = Answer(Fate.UNSENT, 0, "Held back before it was handed over.", "body")
_FATES: Final = {2: Fate.ACCEPTED, 4: Fate.DEFERRED, 5: Fate.REFUSED}


@dataclass(slots=True)
class _Message:
    """How far one message has come. `verdict` is certain, whatever still goes wrong with the link."""

    mail: bytes
    rcpt: bytes
    body: bytes
    gate: Gate
    at: Stage = "mail"
    has_left: bool = False  # a byte of the body is on its way, or may be
    verdict: Answer | None = None


class Session(Dialogue):
    """Carries up to `room` messages at once. Once `alive` is false every send answers UNSENT."""

    def __init__(self, account: MailAccount, link: Link, without: frozenset[str] = frozenset()) -> None:
        self.extensions = {name: link.extensions[name] for name in link.extensions if name not in without}
        self.pipelining = "pipelining" in self.extensions
        self.chunking = self.pipelining and "chunking" in self.extensions
        self.size_limit = size_limit(self.extensions)
        self.is_far = link.round_trip >= FAR
        self.room = self._room()
        self.answered = 0  # messages whose fate the server has told
        self._account = account
        self._round_trip = link.round_trip
        self._carried = 0
        self._was_us = False  # who hung up
        self._has_chunked = False
        self._no_chunking = False  # it is offered, and not understood
        self._unclean = False  # the server may hold a half-made envelope: RSET before the next
        self._turn = asyncio.Lock()  # to put an envelope on the line
        super().__init__(link)

    async def send(self, sender: str, recipient: str, body: bytes, hand_over: Gate) -> Answer:
        """`hand_over` commits that this message may from now on have been sent; false means it must not be.

        It is asked as late as costs no time: once the recipient is accepted where there is no PIPELINING, shortly before
        the answer to the envelope where the server is far, otherwise first of all. What it raises comes through, as does cancellation; both end the session,
        with no byte of this body sent unless it was already on its way.
        """
        try:
            mail, rcpt = envelope(sender, recipient, len(body), self.extensions)
        except Unsendable as refusal:
            return Answer(Fate.REFUSED, 0, refusal.sentence, refusal.stage)
        message = _Message(mail, rcpt, body, hand_over)
        if not self.alive:
            return self._lost(message)
        self._carried += 1
        try:
            answer = await self._carry(message)
        except LinkLost:
            answer = message.verdict or self._lost(message)
        except BaseException:
            self._hang_up()
            raise
        finally:
            self._carried -= 1
        self.answered += answer.code > 0
        return answer

    @property
    def broken(self) -> frozenset[str]:
        """Extensions that this server offers and, by what was seen, does not master."""
        if self._no_chunking:
            return frozenset({"chunking"})
        if self.pipelining and self.out_of_patience and not self.answered:
            return frozenset({"chunking", "pipelining"})
        return frozenset()

    async def close(self) -> None:
        """Say goodbye if that is quick; in the middle of a message, hang up."""
        if self.alive and not self._carried:
            with suppress(LinkLost):
                await self.ask(b"QUIT\r\n", (FAREWELL,)).answered()
        self.end("The session was closed.")

    def _room(self) -> int:
        if self.chunking:
            return CHUNKS_AHEAD if self.is_far else CHUNKS_NEAR
        if self.pipelining:
            return ENVELOPES_AHEAD if self.is_far else ENVELOPES_NEAR
        return 1

    async def _carry(self, message: _Message) -> Answer:
        if self.chunking:
            return await self._in_one_piece(message)
        if self.pipelining:
            return await self._envelope_ahead(message)
        async with self._turn:
            return await self._step_by_step(message)

    # With CHUNKING

    async def _in_one_piece(self, message: _Message) -> Answer:
        failpoint.reach("mail")
        if not await message.gate():
            return _HELD_BACK
        failpoint.reach("handoff_committed")
        async with self._turn:
            self._reset_if_unclean()
            size = len(message.body)
            commands = b"%b%bBDAT %d LAST\r\n" % (message.mail, message.rcpt, size)
            patience = (*self._patience(2), self._account.final_timeout)
            question = await self._ask_with_body(message, commands + message.body, patience)
            if not self._has_chunked:
                # The first goes alone: a server that only claims to know CHUNKING leaves no doubt about others.
                await asyncio.wait([question.done])
        try:
            *agreed, final = await question.answered()
        except LinkLost:
            self._judge(message, question.replies, ("mail", "rcpt", "final"))
            # A server that says it is leaving has not looked at what lies behind that word.
            message.has_left = bool(question.replies) or self.ending.code != 421
            raise
        self._judge(message, agreed, ("mail", "rcpt"))
        if message.verdict is None and final.code in NOT_UNDERSTOOD and not self._has_chunked:
            return self._is_no_chunking(final)
        self._has_chunked = self._has_chunked or message.verdict is None
        if message.verdict is not None:
            self._unclean = True
            if final.is_yes:  # taken although its envelope was not: whatever this server took, it is not this
                message.verdict = None
                self.lose_its_place()
                raise LinkLost
        return self._settled(message, final)

    def _is_no_chunking(self, final: Reply) -> Answer:
        """It offered what it does not understand. It has taken nothing, and takes the rest for commands: hang up."""
        self._no_chunking = True
        self.end("", said=final)
        return Answer(Fate.UNSENT, final.code, words(final.raw), "data")

    # With PIPELINING

    async def _envelope_ahead(self, message: _Message) -> Answer:
        # A near server answers sooner than a commit is done: there the gate comes first, while others are on the line.
        if not self.is_far and not await message.gate():
            return _HELD_BACK
        async with self._turn:
            final = await self._have_its_turn(message)
        if final is None:
            return message.verdict or _HELD_BACK
        return self._settled(message, *await final.answered())

    async def _have_its_turn(self, message: _Message) -> Question | None:
        """Up to the body, which leaves last: the next envelope may then follow on its heels."""
        failpoint.reach("mail")
        self._reset_if_unclean()
        question = self.ask(message.mail + message.rcpt + b"DATA\r\n", self._patience(3))
        granted = await self._gate_ahead(message, question) if self.is_far else True
        try:
            *agreed, ready = await question.answered()
        except LinkLost:
            self._judge(message, question.replies, ("mail", "rcpt", "data"))
            raise
        self._judge(message, agreed, ("mail", "rcpt"))
        if not self._is_ready(message, ready):
            self._unclean = True
            return None
        if message.verdict is None:
            failpoint.reach("rcpt")
            if granted:
                failpoint.reach("handoff_committed")
                return await self._put_body(message)
        elif message.verdict.stage == "rcpt":
            # The server accepted DATA with nobody to send to: a lone dot ends that (RFC 2920, 3.1).
            await self.ask(b".\r\n", self._patience(1)).answered()
            return None
        self._hang_up()  # the server waits for a body that must not come
        return None

    async def _gate_ahead(self, message: _Message, question: Question) -> bool | None:
        """Asked shortly before the answers are due, so that the commit costs no time. None: not asked."""
        await asyncio.wait([question.done], timeout=max(0.0, self._round_trip - HEAD_START))
        if not self.alive or any(reply.code >= 400 for reply in question.replies):
            return None
        return await message.gate()

    # With neither

    async def _step_by_step(self, message: _Message) -> Answer:
        self._reset_if_unclean()
        self._unclean = True  # until the message is through
        failpoint.reach("mail")
        stages: tuple[tuple[Stage, bytes], ...] = (("mail", message.mail), ("rcpt", message.rcpt))
        for stage, command in stages:
            message.at = stage
            self._judge(message, await self.ask(command, self._patience(1)).answered(), (stage,))
            if message.verdict is not None:
                return message.verdict
        failpoint.reach("rcpt")
        if not await message.gate():
            return _HELD_BACK
        failpoint.reach("handoff_committed")
        message.at = "data"
        if not self._is_ready(message, *await self.ask(b"DATA\r\n", self._patience(1)).answered()):
            return message.verdict or _HELD_BACK
        final = await self._put_body(message)
        answer = self._settled(message, *await final.answered())
        self._unclean = False
        return answer

    # What they share

    def _patience(self, answers: int) -> tuple[float, ...]:
        return (self._account.command_timeout,) * answers

    def _reset_if_unclean(self) -> None:
        """With CHUNKING also behind a message whose fate is open: should it be refused, MAIL would be a second one."""
        if self._unclean or (self.chunking and self.is_owed):
            self.ask(b"RSET\r\n", self._patience(1), must_agree=True)
        self._unclean = False

    async def _put_body(self, message: _Message) -> Question:
        message.at = "final"
        return await self._ask_with_body(message, stuffed(message.body), (self._account.final_timeout,))

    async def _ask_with_body(self, message: _Message, wire: bytes, patience: tuple[float, ...]) -> Question:
        if failpoint.armed:
            wire = await self._half_of(message, wire)
        question = self.ask(wire, patience)
        message.has_left = True
        if failpoint.armed:
            await asyncio.sleep(0.05)  # the kernel has it by then
            failpoint.reach("dot_sent")
        return question

    async def _half_of(self, message: _Message, wire: bytes) -> bytes:
        """Only under test: put the first half on the wire, and answer with the rest."""
        message.has_left = True
        self._put(wire[: len(wire) // 2])
        await asyncio.sleep(0.05)
        failpoint.reach("half_body")
        return wire[len(wire) // 2 :]

    def _judge(self, message: _Message, replies: list[Reply], stages: tuple[Stage, ...]) -> None:
        """The first refusal of an envelope is the verdict; what follows it is only its echo."""
        for stage, reply in zip(stages, replies, strict=False):
            if message.verdict is None and not reply.is_yes:
                message.verdict = self._no(reply, stage)
        message.at = stages[min(len(replies), len(stages) - 1)]

    def _is_ready(self, message: _Message, reply: Reply) -> bool:
        if reply.code == 354:
            return True
        message.verdict = message.verdict or self._no(reply, "data")
        return False

    def _settled(self, message: _Message, final: Reply) -> Answer:
        return message.verdict or (_answer(final, "final") if final.is_yes else self._no(final, "final"))

    def _no(self, reply: Reply, stage: Stage) -> Answer:
        if reply.code < 400:  # neither a yes nor a no at this place
            self.lose_its_place()
            raise LinkLost
        return _answer(reply, stage)

    def _hang_up(self) -> None:
        """Of our own accord: what waits behind is held back, and the server is not to blame."""
        self._was_us = self.alive
        self.end("The sending was stopped.")

    def _lost(self, message: _Message) -> Answer:
        if self._was_us and not message.has_left:
            return _HELD_BACK
        fate = Fate.UNKNOWN if message.has_left else Fate.UNSENT
        return Answer(
            fate, self.ending.code, words(self.ending.raw), "final" if message.has_left else message.at
        )


def _answer(reply: Reply, stage: Stage) -> Answer:
    return Answer(_FATES[reply.code // 100], reply.code, words(reply.raw), stage)
