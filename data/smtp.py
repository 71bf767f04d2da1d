"""SMTP sessions that never blur what is known about a message: sent, refused, put off, certainly not sent, or in doubt."""

from contextlib import suppress
from typing import Final

from data.answer import HELD_BACK, Answer, Fate, Stage, answer
from data.dialogue import Dialogue, LinkLost
from data.envelope import Unsendable, envelope, size_limit
from data.link import Link, open_link
from data.mail_account import AccountTrouble, MailAccount, Security
from data.ways import EnvelopeAhead, Gate, InOnePiece, Message, StepByStep, Way

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

FAREWELL: Final = 5.0  # seconds to wait for the answer to QUIT


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


class Session:
    """Carries up to `room` messages at once. Once `alive` is false every send answers UNSENT."""

    def __init__(self, account: MailAccount, link: Link, without: frozenset[str] = frozenset()) -> None:
        self.extensions = {name: link.extensions[name] for name in link.extensions if name not in without}
        self.size_limit = size_limit(self.extensions)
        self.answered = 0  # messages whose fate the server has told
        self._line = Dialogue(link)
        self._way = self._best_way()(self._line, account, link.round_trip)
        self._carried = 0

    @property
    def alive(self) -> bool:
        return self._line.alive

    @property
    def room(self) -> int:
        return self._way.room

    @property
    def pipelining(self) -> bool:
        return "pipelining" in self.extensions

    @property
    def broken(self) -> frozenset[str]:
        """Extensions that this server offers and, by what was seen, does not master."""
        if self.pipelining and self._line.out_of_patience and not self.answered:
            return frozenset({"chunking", "pipelining"})
        return self._way.broken

    async def send(self, sender: str, recipient: str, body: bytes, hand_over: Gate) -> Answer:
        """`hand_over` commits that this message may from now on have been sent; false means it must not be.

        It is asked as late as costs no time: once the recipient is accepted where there is no PIPELINING, shortly
        before the answer to the envelope where the server is far, otherwise first of all. What it raises comes through,
        as does cancellation; both end the session, with no byte of this body sent unless it was already on its way.
        """
        try:
            mail, rcpt = envelope(sender, recipient, len(body), self.extensions)
        except Unsendable as refusal:
            return Answer(Fate.REFUSED, 0, refusal.sentence, refusal.stage)
        message = Message(mail, rcpt, body, hand_over)
        if not self.alive:
            return self._lost(message)
        self._carried += 1
        try:
            said = await self._way.carry(message)
        except LinkLost:
            said = message.verdict or self._lost(message)
        except BaseException:
            self._line.hang_up()
            raise
        finally:
            self._carried -= 1
        self.answered += said.code not in (0, 421)
        return said

    async def close(self) -> None:
        """Say goodbye if that is quick; in the middle of a message, hang up."""
        if self.alive and not self._carried:
            with suppress(LinkLost):
                await self._line.ask(b"QUIT\r\n", (FAREWELL,)).answered()
        self._line.end("The session was closed.")

    def _best_way(self) -> type[Way]:
        if not self.pipelining:
            return StepByStep
        return InOnePiece if "chunking" in self.extensions else EnvelopeAhead

    def _lost(self, message: Message) -> Answer:
        if message.has_left:
            return answer(self._line.ending, "final", Fate.UNKNOWN)
        return HELD_BACK if self._line.was_us else answer(self._line.ending, message.at, Fate.UNSENT)
