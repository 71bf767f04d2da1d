"""The desk at which a sending engine writes the ledger: one thread, one transaction for everything that waits.

Requests that come in while a transaction runs form the next group. So a hand-over costs its message one commit that it
shares with all others in flight, and results cost next to nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from data import failpoint
from data.database import unit
from domain.book import reach
from domain.book.merging import values_of
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.channels.channel import Channel, Route
from domain.ledger import steps
from domain.ledger.steps import Claim, Result
from domain.sending import dispatches, gate_line, holds
from domain.sending.dispatches import Hold
from domain.sending.gate_line import Arrived, Asked, Line, tell
from domain.sending.holds import LONG_WAITS, Held
from domain.shop import limits
from domain.shop.limits import Grant

log = logging.getLogger(__name__)

RESULTS_WAIT = 0.1  # seconds that a result may lie on the desk before it is written
COMPANY_WAIT = 0.002  # seconds that a hand-over waits for others
TROUBLE_WAIT = 1.0  # seconds before the next try where the database refused (full disk, locked file)
QUIET_LOOK = 1.0  # seconds between looks at whether quiet hours have begun
Lot = list[tuple[Claim, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one worker writes about: one dispatch."""

    dispatch_id: int
    worker_id: int
    way: Channel
    message_type: MessageType

    @property
    def reach(self) -> Reach:
        return self.way.reach()


@dataclass(frozen=True, slots=True)
class _Wanted:
    most: int
    route: Route
    answer: asyncio.Future[Lot]


@dataclass(slots=True)
class _Pile:
    """Everything that goes into the next transaction."""

    results: list[Result] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)
    dead_addresses: list[str] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    wanted: list[_Wanted] = field(default_factory=list)

    def is_urgent(self) -> bool:
        return bool(self.asked or self.wanted)

    def __bool__(self) -> bool:
        return self.is_urgent() or bool(self.results or self.released or self.arrived)


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
        self.held: Held | None = None
        self._next_look = 0.0  # at quiet hours, by time.monotonic
        self._line = Line(clock, self._ask)
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

    async def claim(self, most: int, route: Route) -> Lot:
        """Rows for this worker, each with its person's values. Empty: nothing is due, or it is held."""
        answer: asyncio.Future[Lot] = asyncio.get_running_loop().create_future()
        self._pile.wanted.append(_Wanted(most, route, answer))
        self._something.set()
        return await answer

    async def hand_over(self, claim: Claim, route: Route) -> bool:
        """True after the commit that says "from now on this may have been sent". Waits its turn where there are limits."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        asked = Asked(claim.id, claim.attempt, claim.address, route, answer)
        if not self._line.joined(asked):
            self._ask([asked])
        return await answer

    def note_answer(self, claim: Claim) -> None:
        """Whatever it was: its place in this second is free for the next."""
        if arrived := self._line.answered(claim.id):
            self._pile.arrived.append(arrived)
            self._something.set()

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
        self._pile.arrived[:0] = pile.arrived
        if self._pile:
            self._something.set()

    def _write(self, pile: _Pile, loop: asyncio.AbstractEventLoop) -> bool:
        """In the ledger's thread. False: nothing was written, and nobody may send."""
        me = self.assignment
        try:
            with unit() as session:
                now = self.clock()  # not before the lock is ours: what is granted now is sent now
                steps.settle(session, me.worker_id, pile.results, now=now)
                for address in pile.dead_addresses:
                    reach.mark_mailbox(session, me.reach, address, "bounced")
                self._let_go(session, pile.released, now)
                gate_line.note_arrived(session, pile.arrived, now=now)
                asked = [] if pile.asked and self._is_quiet(session, now) else pile.asked
                late = self._late(session, asked, now)
                may_go = self._hand_over(session, [one for one in asked if one not in late], now)
                gate_line.give_back(session, [one for one in asked if one.row not in may_go], now=now)
                claimed = [self._claim(session, one, now) for one in pile.wanted]
        except (OperationalError, NoConnection) as error:
            log.warning("The ledger could not be written, trying again: %s", error)
            loop.call_soon_threadsafe(_answer_no, pile)
            return False
        if claimed and any(claimed):
            failpoint.reach("row_claimed")
        if pile.results:
            failpoint.reach("sent_committed")
        loop.call_soon_threadsafe(self._answer, pile, may_go, claimed, late, now)
        return True

    def _is_quiet(self, session: Session, now: datetime) -> bool:
        """Rows are claimed long before they go where the pace is slow: quiet hours may have begun since."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + QUIET_LOOK
            self.held = self.held or holds.by_quiet(session, self.assignment.message_type, now=now)
        return self.held is not None and self.held.why is Hold.QUIET

    def _late(self, session: Session, asked: list[Asked], now: datetime) -> dict[Asked, Grant]:
        """Those whom the account's limits do not let go at this moment. Nobody waits for a turn that never comes."""
        late = gate_line.take_turns(session, asked, now=now)
        late |= self._people_later(session, [one for one in asked if one not in late], now)
        return late if late and dispatches.is_sending(session, self.assignment.dispatch_id) else {}

    def _people_later(self, session: Session, asked: list[Asked], now: datetime) -> dict[Asked, Grant]:
        if not asked:
            return {}
        waiting = self.assignment.way.turns(session, [one.address for one in asked], now=now)
        return {one: waiting[one.address] for one in asked if one.address in waiting}

    def _hand_over(self, session: Session, asked: list[Asked], now: datetime) -> set[int]:
        if not asked:
            return set()
        me = self.assignment
        held = [(one.row, one.attempt) for one in asked]
        return steps.hand_over(
            session, me.dispatch_id, me.worker_id, held, me.reach, me.message_type, now=now
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

    def _claim(self, session: Session, wanted: _Wanted, now: datetime) -> Lot:
        me = self.assignment
        if not dispatches.is_sending(session, me.dispatch_id):
            return []
        room = limits.room(session, wanted.route.account_id, wanted.route.limits, now=now)
        self.held = holds.by_limit(room) or holds.by_quiet(session, me.message_type, now=now)
        if self.held:
            return []
        most = wanted.most if room.why in ("", "second") else min(wanted.most, room.granted)
        claims = self._claim_people(session, most, now)
        people = values_of(session, [one.customer_id for one in claims if one.customer_id is not None])
        return [(one, people.get(one.customer_id or 0, {})) for one in claims]

    def _claim_people(self, session: Session, most: int, now: datetime) -> list[Claim]:
        """Where a channel counts people: no more than there is room for, and then only those who count already."""
        me = self.assignment
        people = me.way.room(session, now=now)
        full = holds.by_limit(people) if people else None
        if people is not None and people.granted:
            most = min(most, people.granted)
        known = me.way.known(now=now) if full else None
        resting = me.way.resting(now=now)
        claims = steps.claim(
            session, me.dispatch_id, me.worker_id, now=now, most=most, among=known, but_not=resting
        )
        self.held = full if not claims else None
        return claims

    def _answer(
        self, pile: _Pile, may_go: set[int], claimed: list[Lot], late: dict[Asked, Grant], now: datetime
    ) -> None:
        for asked in pile.asked:
            if asked not in late:
                self._line.let_through(asked, asked.row in may_go)
        for wanted, lot in zip(pile.wanted, claimed, strict=True):
            tell(wanted.answer, lot)
        for asked, grant in late.items():
            self._keep_waiting(asked, grant, now)

    def _keep_waiting(self, asked: Asked, grant: Grant, now: datetime) -> None:
        """For a turn; what is for longer is no reason to stand at the gate, where others may go."""
        until = grant.until or now
        if grant.why in LONG_WAITS:
            self.held = Held(LONG_WAITS[grant.why], until)
        if grant.why != "second":
            return tell(asked.answer, False)
        return self._line.wait(asked, until, now)

    def _ask(self, asked: Iterable[Asked]) -> None:
        self._pile.asked += asked
        self._something.set()


def _answer_no(pile: _Pile) -> None:
    for asked in pile.asked:
        tell(asked.answer, False)
    for wanted in pile.wanted:
        tell(wanted.answer, [])
