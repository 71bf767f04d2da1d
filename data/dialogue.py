"""Questions and answers on a connection to a mail server: what was asked, what is owed, and how long it may take.

Answers come in the order of the questions, however many of them are on the way. Nothing here knows what a message is.
"""

import asyncio
import re
from collections import deque
from typing import Final, NamedTuple

from data.link import Link

REPLY_LIMIT: Final = 32_768  # bytes; a whole answer with all its lines
_REPLY_LINE: Final = re.compile(rb"[2-5]\d\d(?:[ -]|$)")


class Reply(NamedTuple):
    code: int
    raw: bytes

    @property
    def is_yes(self) -> bool:
        return 200 <= self.code < 300


class LinkLost(Exception):
    """The connection is of no more use; what that means for a message depends on how far it had come."""


class Question:
    """Commands that leave together, and the answers heard so far. `patience`: seconds for each answer."""

    __slots__ = ("done", "must_agree", "owed", "patience", "replies")

    def __init__(self, done: asyncio.Future[bool], patience: tuple[float, ...], must_agree: bool) -> None:
        self.done, self.patience, self.must_agree = done, patience, must_agree
        self.owed = len(patience)
        self.replies: list[Reply] = []

    async def answered(self) -> list[Reply]:
        """All the answers. Raises LinkLost where they do not come; those that did stay in `replies`."""
        if not await self.done:
            raise LinkLost
        return self.replies

    def hear(self, reply: Reply) -> bool:
        """True with the last answer."""
        self.replies.append(reply)
        self.owed -= 1
        if self.owed:
            return False
        self._end(True)
        return True

    def give_up(self) -> None:
        self._end(False)

    def _end(self, heard: bool) -> None:
        if not self.done.done():  # whoever waited may have been cancelled
            self.done.set_result(heard)


class Dialogue(asyncio.Protocol):
    """Once `alive` is false it stays so. `ending` says why: the server's words, or ours with code 0."""

    def __init__(self, link: Link) -> None:
        self.alive = True
        self.ending = Reply(0, b"")
        self.was_us = False  # who hung up
        self.out_of_patience = False  # it ended because an answer did not come or made no sense
        self._transport = link.transport
        self._loop = asyncio.get_running_loop()
        self._asked: deque[Question] = deque()  # oldest first
        self._deadline = 0.0  # for the next answer, by the loop's clock
        self._alarm: asyncio.TimerHandle | None = None
        self._unsent: list[bytes] = []
        self._unread = b""  # a line not complete yet
        self._lines: list[bytes] = []  # of an answer not complete yet
        link.transport.set_protocol(self)
        self.check()

    def ask(self, commands: bytes, patience: tuple[float, ...], *, must_agree: bool = False) -> Question:
        """One answer is owed for each of `patience`; where it `must_agree`, any no ends it all. Raises LinkLost."""
        self.check()
        if not self.alive:
            raise LinkLost
        question = Question(self._loop.create_future(), patience, must_agree)
        if not self._asked:
            self._be_patient(patience[0])
        self._asked.append(question)
        self.put(commands)
        return question

    def check(self) -> None:
        if self._transport.is_closing():
            self.end("The mail server closed the connection.")

    def end(self, why: str, *, said: Reply | None = None) -> None:
        """Hang up. Questions that are still open are given up."""
        if not self.alive:
            return
        self.alive = False
        self.ending = said or Reply(0, why.encode())
        if self._alarm is not None:
            self._alarm.cancel()
        for question in self._asked:
            question.give_up()
        self._asked.clear()
        self._transport.abort()

    def hang_up(self) -> None:
        """Of our own accord: the server is not to blame."""
        self.was_us = self.alive
        self.end("The sending was stopped.")

    @property
    def is_owed(self) -> bool:
        return bool(self._asked)

    # What goes out: whatever is asked in one breath leaves in one piece, a body and the envelope behind it above all.

    def put(self, commands: bytes) -> None:
        if not self._unsent:
            self._loop.call_soon(self._breathe)
        self._unsent.append(commands)

    def _breathe(self) -> None:
        """Whoever was woken by the same turn of the loop may still have something to add."""
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self.alive:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    # What comes in

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if self.alive:
                self._read(line.removesuffix(b"\r"))
        if self._unread and not self._asked:
            self.end("The mail server spoke out of turn.")
        if len(self._unread) + sum(map(len, self._lines)) > REPLY_LIMIT:
            self.lose_patience("The mail server's answer was too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        self.end("The mail server closed the connection.")

    def lose_patience(self, why: str) -> None:
        self.out_of_patience = self.out_of_patience or self.alive
        self.end(why)

    def lose_its_place(self) -> None:
        self.lose_patience("The mail server's answer made no sense.")

    def _read(self, line: bytes) -> None:
        if not _REPLY_LINE.match(line) or (self._lines and self._lines[0][:3] != line[:3]):
            return self.lose_its_place()
        self._lines.append(line)
        if line[3:4] == b"-":
            return None
        reply = Reply(int(line[:3]), b" ".join(part[4:] for part in self._lines))
        self._lines.clear()
        return self._hear(reply)

    def _hear(self, reply: Reply) -> None:
        if not self._asked:
            return self.end("", said=reply)
        question = self._asked[0]
        if question.hear(reply):
            self._asked.popleft()
        if reply.code == 421:  # the server is leaving, and will not look at anything behind this
            return self.end("", said=reply)
        if question.must_agree and not reply.is_yes:
            return self.lose_its_place()
        if self._asked:
            first = self._asked[0]
            self._be_patient(first.patience[-first.owed])
        return None

    # How long it may take: one alarm for the next answer that is owed, moved on only when it rings.

    def _be_patient(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        if self._alarm is None or self._alarm.when() > self._deadline:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if not self._asked:
            return
        if self._loop.time() < self._deadline:
            self._alarm = self._loop.call_at(self._deadline, self._ring)
        else:
            self.lose_patience("The mail server did not answer in time.")
