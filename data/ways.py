"""The three ways in which messages travel over a line, by what the server offers each time.

    InOnePiece      CHUNKING (RFC 3030): envelope and body together, several messages on the way at once
    EnvelopeAhead   PIPELINING (RFC 2920): the next envelope travels with the body before it, one round trip a message
    StepByStep      neither: one command after the other

Whatever the way: no byte of a body leaves before its gate has opened.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from data import failpoint
from data.answer import HELD_BACK, Answer, Fate, Stage, answer
from data.dialogue import Dialogue, LinkLost, Question, Reply
from data.envelope import stuffed
from data.mail_account import MailAccount

Gate = Callable[[], Awaitable[bool]]

FAR: Final = 0.01  # seconds of a round trip from which on a commit fits into the time that an answer takes
HEAD_START: Final = 0.01  # seconds before a far server is expected to be ready, when its gate is asked
CHUNKS_FAR, CHUNKS_NEAR = 5, 3  # messages with CHUNKING at once, one of them at its gate
ENVELOPES: Final = 3  # with PIPELINING: one body on the way, one envelope with it, one message ready
NOT_UNDERSTOOD: Final = (500, 501, 502, 503, 504)  # to a BDAT whose envelope was taken


@dataclass(slots=True)
class Message:
    """How far one message has come. `verdict` is certain, whatever still goes wrong with the line."""

    mail: bytes
    rcpt: bytes
    body: bytes
    gate: Gate
    at: Stage = "mail"
    has_left: bool = False  # a byte of the body is on its way, or may be
    verdict: Answer | None = None

    async def may_go(self) -> bool:
        may_go = await self.gate()
        if may_go:
            failpoint.reach("handoff_committed")
        return may_go


class Way(ABC):
    """Carries up to `room` messages at once over its line. `carry` raises LinkLost where the line is lost."""

    room = 1
    broken: frozenset[str] = (
        frozenset()
    )  # extensions that the server offers and, by what was seen, does not master

    def __init__(self, line: Dialogue, account: MailAccount, round_trip: float) -> None:
        self.line, self.account, self.round_trip = line, account, round_trip
        self.is_far = round_trip >= FAR
        self._turn = asyncio.Lock()  # to put an envelope on the line
        self._unclean = False  # the server may hold a half-made envelope: RSET before the next

    @abstractmethod
    async def carry(self, message: Message) -> Answer: ...

    def _patience(self, answers: int) -> tuple[float, ...]:
        return (self.account.command_timeout,) * answers

    def _reset_if_unclean(self) -> None:
        if self._unclean:
            self._unclean = False
            self.line.ask(b"RSET\r\n", self._patience(1), must_agree=True)

    async def _put_body(self, message: Message) -> Question:
        message.at = "final"
        return await self._put(message, stuffed(message.body), (self.account.final_timeout,))

    async def _put(self, message: Message, wire: bytes, patience: tuple[float, ...]) -> Question:
        """What is put on the wire here has the body in it."""
        if failpoint.armed:
            wire = await self._half_of(message, wire)
        question = self.line.ask(wire, patience)
        message.has_left = True
        if failpoint.armed:
            await asyncio.sleep(0.05)  # the kernel has it by then
            failpoint.reach("dot_sent")
        return question

    async def _half_of(self, message: Message, wire: bytes) -> bytes:
        """Only under test: put the first half on the wire, and answer with the rest."""
        message.has_left = True
        self.line.put(wire[: len(wire) // 2])
        await asyncio.sleep(0.05)
        failpoint.reach("half_body")
        return wire[len(wire) // 2 :]

    def _judge(self, message: Message, replies: list[Reply], stages: tuple[Stage, ...]) -> None:
        """The first refusal of an envelope is the verdict; what follows it is only its echo."""
        for stage, reply in zip(stages, replies, strict=False):
            if message.verdict is None and not reply.is_yes:
                message.verdict = self._no(reply, stage)
        message.at = stages[min(len(replies), len(stages) - 1)]

    def _is_ready(self, message: Message, reply: Reply) -> bool:
        if reply.code == 354:
            return True
        message.verdict = message.verdict or self._no(reply, "data")
        return False

    def _settled(self, message: Message, final: Reply) -> Answer:
        return message.verdict or (answer(final, "final") if final.is_yes else self._no(final, "final"))

    def _no(self, reply: Reply, stage: Stage) -> Answer:
        if reply.code < 400:  # neither a yes nor a no at this place
            raise self._out_of_step()
        return answer(reply, stage)

    def _out_of_step(self) -> LinkLost:
        self.line.lose_its_place()
        return LinkLost()


class StepByStep(Way):
    async def carry(self, message: Message) -> Answer:
        async with self._turn:
            self._reset_if_unclean()
            self._unclean = True  # until the message is through
            if not await self._is_welcome(message):
                return message.verdict or HELD_BACK
            if not await message.may_go():
                return HELD_BACK
            message.at = "data"
            if not self._is_ready(message, *await self.line.ask(b"DATA\r\n", self._patience(1)).answered()):
                return message.verdict or HELD_BACK
            final = await self._put_body(message)
            settled = self._settled(message, *await final.answered())
            self._unclean = False
            return settled

    async def _is_welcome(self, message: Message) -> bool:
        failpoint.reach("mail")
        stages: tuple[tuple[Stage, bytes], ...] = (("mail", message.mail), ("rcpt", message.rcpt))
        for stage, command in stages:
            message.at = stage
            self._judge(message, await self.line.ask(command, self._patience(1)).answered(), (stage,))
            if message.verdict is not None:
                return False
        failpoint.reach("rcpt")
        return True


class EnvelopeAhead(Way):
    room = ENVELOPES

    async def carry(self, message: Message) -> Answer:
        # A near server answers sooner than a commit is done: there the gate comes first, while others are on the line.
        if not self.is_far and not await message.may_go():
            return HELD_BACK
        async with self._turn:
            final = await self._have_its_turn(message)
        if final is None:
            return message.verdict or HELD_BACK
        return self._settled(message, *await final.answered())

    async def _have_its_turn(self, message: Message) -> Question | None:
        """Up to the body, which leaves last: the next envelope may then follow on its heels."""
        failpoint.reach("mail")
        self._reset_if_unclean()
        envelope = self.line.ask(message.mail + message.rcpt + b"DATA\r\n", self._patience(3))
        may_go = not self.is_far or await self._may_go_soon(message, envelope)
        try:
            *agreed, ready = await envelope.answered()
        except LinkLost:
            self._judge(message, envelope.replies, ("mail", "rcpt", "data"))
            raise
        self._judge(message, agreed, ("mail", "rcpt"))
        if not self._is_ready(message, ready):
            self._unclean = True
            return None
        if message.verdict is None:
            failpoint.reach("rcpt")
            if may_go:
                return await self._put_body(message)
        elif message.verdict.stage == "rcpt":
            # The server accepted DATA with nobody to send to: a lone dot ends that (RFC 2920, 3.1).
            await self.line.ask(b".\r\n", self._patience(1)).answered()
            return None
        self.line.hang_up()  # the server waits for a body that must not come
        return None

    async def _may_go_soon(self, message: Message, envelope: Question) -> bool:
        """Asked shortly before the answers are due: then the commit costs no time, and a crash leaves little doubt."""
        await asyncio.wait([envelope.done], timeout=max(0.0, self.round_trip - HEAD_START))
        if not self.line.alive or any(reply.code >= 400 for reply in envelope.replies):
            return False
        return await message.may_go()


class InOnePiece(Way):
    def __init__(self, line: Dialogue, account: MailAccount, round_trip: float) -> None:
        super().__init__(line, account, round_trip)
        self.room = CHUNKS_FAR if self.is_far else CHUNKS_NEAR
        self._is_proven = False  # a message arrived in this way

    async def carry(self, message: Message) -> Answer:
        failpoint.reach("mail")
        if not await message.may_go():
            return HELD_BACK
        async with self._turn:
            question = await self._put_whole(message)
            if not self._is_proven:
                # The first goes alone: a server that only claims to know CHUNKING leaves no doubt about others.
                await asyncio.wait([question.done])
        return await self._answer(message, question)

    async def _put_whole(self, message: Message) -> Question:
        # Behind a message whose fate is open as well: should that one be refused, our MAIL would be a second one.
        self._unclean = self._unclean or self.line.is_owed
        self._reset_if_unclean()
        head = b"%b%bBDAT %d LAST\r\n" % (message.mail, message.rcpt, len(message.body))
        return await self._put(message, head + message.body, (*self._patience(2), self.account.final_timeout))

    async def _answer(self, message: Message, question: Question) -> Answer:
        try:
            *agreed, final = await question.answered()
        except LinkLost:
            self._judge(message, question.replies, ("mail", "rcpt", "final"))
            # A server that says it is leaving has not looked at what lies behind that word.
            message.has_left = bool(question.replies) or self.line.ending.code != 421
            raise
        self._judge(message, agreed, ("mail", "rcpt"))
        if message.verdict is not None:
            return self._refused(message, final)
        if final.code in NOT_UNDERSTOOD and not self._is_proven:
            return self._not_understood(final)
        self._is_proven = True
        return self._settled(message, final)

    def _refused(self, message: Message, final: Reply) -> Answer:
        self._unclean = True
        if final.is_yes:  # taken although its envelope was not: whatever this server took, it is not this
            message.verdict = None
            raise self._out_of_step()
        return self._settled(message, final)

    def _not_understood(self, final: Reply) -> Answer:
        """It has taken nothing, and takes the body for commands: hang up."""
        self.broken = frozenset({"chunking"})
        self.line.end("", said=final)
        return answer(final, "data", Fate.UNSENT)
