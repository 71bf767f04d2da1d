"""The desk at which a sending engine writes the ledger: one thread, one transaction for everything that waits.

Requests that come in while a transaction runs form the next group. So a hand-over costs its message one commit that it
shares with all others in flight, and results cost next to nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from data.database import unit
from domain.book import consent
from domain.book.consent import MessageType, Reach
from domain.book.merging import values_of
from domain.ledger import steps
from domain.ledger.deliveries import State
from domain.ledger.steps import Claim, Result
from domain.sending import dispatches

log = logging.getLogger(__name__)

RESULTS_WAIT = 0.1  # seconds that a result may lie on the desk before it is written
COMPANY_WAIT = 0.001  # seconds that a hand-over waits for others
TROUBLE_WAIT = 1.0  # seconds before the next try where the database refused (full disk, locked file)
NO_SUCH_ADDRESS = "no_such_address"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one worker writes about: one dispatch."""

    dispatch_id: int
    worker_id: int
    reach: Reach
    message_type: MessageType


@dataclass(slots=True)
class _Pile:
    """Everything that goes into the next transaction."""

    results: list[Result] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)
    dead_addresses: list[str] = field(default_factory=list)
    asked: list[tuple[int, int, asyncio.Future[bool]]] = field(default_factory=list)
    wanted: list[tuple[int, asyncio.Future[list[tuple[Claim, Mapping[str, Any]]]]]] = field(
        default_factory=list
    )

    def is_urgent(self) -> bool:
        return bool(self.asked or self.wanted)

    def __bool__(self) -> bool:
        return self.is_urgent() or bool(self.results or self.released)


class Desk:
    """Belongs to one event loop. Its futures are answered only after the commit."""

    def __init__(self, assignment: Assignment, clock: Callable[[], datetime]) -> None:
        self.assignment = assignment
        self.clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._pile = _Pile()
        self._something = asyncio.Event()
        self._closing = False
        self._broken: BaseException | None = None
        self._writer: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._writer = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Everything that lies on the desk is written first. Raises what broke the desk, if anything did."""
        self._closing = True
        self._something.set()
        if self._writer:
            await self._writer
        self._thread.shutdown()
        if self._broken:
            raise self._broken

    async def claim(self, most: int) -> list[tuple[Claim, Mapping[str, Any]]]:
        """Rows for this worker, each with its person's values. Empty: nothing is due."""
        answer: asyncio.Future[list[tuple[Claim, Mapping[str, Any]]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._pile.wanted.append((most, answer))
        self._something.set()
        return await answer

    async def hand_over(self, claim: Claim) -> bool:
        """True after the commit that says "from now on this may have been sent"."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pile.asked.append((claim.id, claim.attempt, answer))
        self._something.set()
        return await answer

    def settle(self, result: Result) -> None:
        self._pile.results.append(result)
        self._something.set()

    def release(self, claim: Claim) -> None:
        """No byte of it left."""
        self._pile.released.append((claim.id, claim.attempt))
        self._something.set()

    def mark_dead(self, address: str) -> None:
        self._pile.dead_addresses.append(address)

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something.wait()
            if not self._closing:
                await self._wait_for_company()
            self._something.clear()
            pile, self._pile = self._pile, _Pile()
            if self._broken:
                _answer_no(pile)
            elif pile and not await self._written(pile, loop):
                self._put_back(pile)
                await asyncio.sleep(TROUBLE_WAIT)
            if self._closing and not self._pile:
                return

    async def _written(self, pile: _Pile, loop: asyncio.AbstractEventLoop) -> bool:
        try:
            return await loop.run_in_executor(self._thread, self._write, pile, loop)
        except Exception as error:
            # A fault of ours. From here on nothing is claimed and nothing handed over; what this worker holds is
            # looked after by its next run.
            log.exception("The ledger's writer broke")
            self._broken = error
            _answer_no(pile)
            return True

    async def _wait_for_company(self) -> None:
        """A commit costs the same for one row and for ten: the others in flight are about to ask as well."""
        if not self._pile.is_urgent():
            await self._linger()
        await asyncio.sleep(COMPANY_WAIT)

    async def _linger(self) -> None:
        """Results wait a little for more; an urgent request ends the wait."""
        until = time.monotonic() + RESULTS_WAIT
        while not self._closing and not self._pile.is_urgent() and (left := until - time.monotonic()) > 0:
            self._something.clear()
            try:
                await asyncio.wait_for(self._something.wait(), left)
            except TimeoutError:
                return

    def _put_back(self, pile: _Pile) -> None:
        self._pile.results[:0] = pile.results
        self._pile.released[:0] = pile.released
        self._pile.dead_addresses[:0] = pile.dead_addresses
        if self._pile:
            self._something.set()

    def _write(self, pile: _Pile, loop: asyncio.AbstractEventLoop) -> bool:
        """In the ledger's thread. False: nothing was written, and nobody may send."""
        me = self.assignment
        now = self.clock()
        try:
            with unit() as session:
                steps.settle(session, me.worker_id, pile.results, now=now)
                for address in pile.dead_addresses:
                    consent.mark_mailbox(session, me.reach, address, "bounced")
                self._let_go(session, pile.released, now)
                may_go = self._hand_over(session, pile, now)
                claimed = [self._claim(session, most, now) for most, _ in pile.wanted]
        except (OperationalError, NoConnection) as error:
            log.warning("The ledger could not be written, trying again: %s", error)
            loop.call_soon_threadsafe(_answer_no, pile)
            return False
        loop.call_soon_threadsafe(_answer, pile, may_go, claimed)
        return True

    def _hand_over(self, session: Session, pile: _Pile, now: datetime) -> set[int]:
        if not pile.asked:
            return set()
        me = self.assignment
        held = [(row, attempt) for row, attempt, _ in pile.asked]
        return steps.hand_over(
            session,
            me.dispatch_id,
            me.worker_id,
            held,
            me.reach,
            me.message_type,
            now=now,
        )

    def _let_go(self, session: Session, held: list[tuple[int, int]], now: datetime) -> None:
        me = self.assignment
        steps.let_go(
            session,
            me.dispatch_id,
            me.worker_id,
            held,
            me.reach,
            me.message_type,
            now=now,
        )

    def _claim(self, session: Session, most: int, now: datetime) -> list[tuple[Claim, Mapping[str, Any]]]:
        me = self.assignment
        if not dispatches.is_sending(session, me.dispatch_id):
            return []
        claims = steps.claim(session, me.dispatch_id, me.worker_id, now=now, most=most)
        people = values_of(session, [one.customer_id for one in claims if one.customer_id is not None])
        return [(one, people.get(one.customer_id or 0, {})) for one in claims]


def deferred_or_failed(
    claim: Claim, code: int, reply: str, *, now: datetime, next_at: datetime | None
) -> Result:
    """ "Later", said the server: again at `next_at`, or given up where there is none."""
    if next_at is None:
        return Result(claim.id, claim.attempt, State.FAILED, "gave_up", code, reply)
    return Result(claim.id, claim.attempt, State.DEFERRED, "later", code, reply, next_at)


def _answer(pile: _Pile, may_go: set[int], claimed: list[list[tuple[Claim, Mapping[str, Any]]]]) -> None:
    for row, _, answer in pile.asked:
        if not answer.done():
            answer.set_result(row in may_go)
    for (_, answer_), rows in zip(pile.wanted, claimed, strict=True):
        if not answer_.done():
            answer_.set_result(rows)


def _answer_no(pile: _Pile) -> None:
    _answer(pile, set(), [[] for _ in pile.wanted])
