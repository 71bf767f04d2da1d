"""The sending engine: takes one dispatch as far as it can be taken now.

One event loop, a handful of connections that stay open, content compiled once. Each message goes: claimed (committed),
rendered, envelope, handed over (committed), body, settled (committed in groups). Nothing here decides who gets a
message: that was decided at the launch, and is asked once more in the hand-over's own statement.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from data import failpoint
from data.database import reading, unit
from data.smtp import AccountTrouble, Answer, Fate
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.channels.channel import Channel, Job, Line, Parcel, Route
from domain.ledger.deliveries import State
from domain.ledger.steps import Claim, Result
from domain.sending import answers, dispatches
from domain.sending.desk import Assignment, Desk
from domain.sending.dispatches import Dispatch, Hold
from domain.sending.routing import REST, Routing

log = logging.getLogger(__name__)

CONNECTIONS = 10
LEASE = 100  # rows claimed at once; the next lot is fetched while half of one is left
MESSAGES_A_CONNECTION = 20  # a small send opens few connections
LOOK_EVERY = 0.5  # seconds between looks at whether somebody stopped it
DRAIN = (
    15.0  # seconds that messages on their way may take once the process ends; then their fate is "not sure"
)

Clock = Callable[[], datetime]
Item = tuple[Claim, Mapping[str, Any]]


@dataclass(slots=True, eq=False)
class Connection:
    """A line in use. `trouble` is what it was lost over, where that was no habit of the server."""

    line: Line
    route: Route
    trouble: str = ""
    on_the_way: int = 0  # messages handed over and not answered


@dataclass(frozen=True, slots=True)
class Bar:
    """What keeps everybody from getting it until somebody has done something about it."""

    why: Hold
    sentence: str


class Engine:
    """What happens in one run on one event loop: connections, messages, answers."""

    def __init__(
        self,
        dispatch: Dispatch,
        worker_id: int,
        job: Job,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        self.way = channel.named(dispatch.channel)
        task = Assignment(dispatch.id, worker_id, self.way, MessageType(dispatch.message_type))
        self.dispatch, self.job, self.clock, self.stopping = dispatch, job, clock, stopping
        self.desk = Desk(task, clock)
        self.routing = Routing(job.routes)
        self.ready: deque[Item] = deque()
        self.refill: asyncio.Task[None] | None = None
        self.exhausted = False  # nothing more can be claimed
        self.given_back = 0  # rows to be claimed again
        self.in_use: dict[asyncio.Task[Any] | None, Connection] = {}  # by the task that serves it
        self.worked: set[int] = set()  # accounts that carried a message
        self.called_off = False
        self.bar: Bar | None = None
        self.is_proven = False  # the account in use has let us in
        self.first_try = (
            asyncio.Lock()
        )  # until then one goes ahead: a wrong password is not to be tried ten times

    async def send_all(self, connections: int) -> None:
        """Until nothing more can be done now; afterwards `routing.failed`, `desk.held` and `worked` say how it went."""
        self.desk.open()
        lines = [asyncio.create_task(self._serve()) for _ in range(connections)]
        watch = asyncio.create_task(self._watch(lines))
        try:
            ends = await asyncio.gather(*lines, return_exceptions=True)
        finally:
            watch.cancel()
            await self._release_rest()
            await self.desk.close()
        for fault in ends:
            if isinstance(fault, BaseExceptionGroup):
                raise fault.exceptions[0]
            if isinstance(fault, Exception):
                raise fault

    async def _watch(self, lines: list[asyncio.Task[None]]) -> None:
        """No new message once the process or the dispatch is told to stop.

        Whoever has nothing handed over is not waited for much longer. What is on its way is waited for as long as the
        server may take, unless the process has to end.
        """
        over_since: float | None = None
        while not self.stopping.is_set():
            self.called_off = self.called_off or not await self._goes_on()
            if self._is_over():
                over_since = over_since or time.monotonic()
                if time.monotonic() - over_since >= DRAIN:
                    _cancel(line for line in lines if not self._has_some_on_the_way(line))
            await asyncio.sleep(LOOK_EVERY)
        await asyncio.sleep(DRAIN)
        _cancel(lines)

    def _has_some_on_the_way(self, line: asyncio.Task[None]) -> bool:
        connection = self.in_use.get(line)
        return connection is not None and connection.on_the_way > 0

    async def _goes_on(self) -> bool:
        try:
            return await asyncio.to_thread(_still_sending, self.dispatch.id)
        except SQLAlchemyError as error:  # whoever can't look now looks again
            log.warning("It could not be seen whether dispatch %s was stopped: %s", self.dispatch.id, error)
            return True

    # A connection's life

    async def _serve(self) -> None:
        """Open, carry what there is, close; open anew when it was lost."""
        while (item := await self._next()) is not None:
            connection = await self._opened(item[0])
            if connection is not None:
                await self._use(connection, item)

    async def _opened(self, claim: Claim) -> Connection | None:
        # A pause may end with another account, which has not let us in yet.
        await self._wait_for_the_end_of_a_pause()
        if self.is_proven:
            return await self._try_to_open(claim)
        async with self.first_try:
            return await self._try_to_open(claim)

    async def _try_to_open(self, claim: Claim) -> Connection | None:
        """None: it did not work, or is not wanted any more."""
        await self._wait_for_the_end_of_a_pause()
        route = self.routing.current
        try:
            line = None if self._is_over() else await self.job.open(route)
        except AccountTrouble as trouble:
            self._give_back(claim)
            await self._count_trouble(route, trouble.sentence, permanent=trouble.permanent)
            return None
        except BaseException:
            self._give_back(claim)
            raise
        if line is None:
            self._give_back(claim)
            return None
        self.is_proven = True
        return Connection(line, route)

    async def _wait_for_the_end_of_a_pause(self) -> None:
        while (left := self.routing.pause_until - time.monotonic()) > 0 and not self._is_over():
            await asyncio.sleep(min(left, LOOK_EVERY))

    async def _use(self, connection: Connection, item: Item) -> None:
        """As many messages at once as the line has room for, until it is lost, full, or out of favour."""
        self.in_use[asyncio.current_task()] = connection
        try:
            async with asyncio.TaskGroup() as carriers:
                carriers.create_task(self._carry_on(connection, item))
                for _ in range(connection.line.room - 1):
                    carriers.create_task(self._carry_on(connection))
        finally:
            del self.in_use[asyncio.current_task()]
            await connection.line.close()
        if connection.trouble and not connection.line.is_excused:
            await self._count_trouble(connection.route, connection.trouble)

    async def _carry_on(self, connection: Connection, item: Item | None = None) -> None:
        if item is not None:
            await self._carry(connection, *item)
        while self._is_usable(connection) and (item := await self._next()) is not None:
            if self._is_usable(connection):
                await self._carry(connection, *item)
            else:
                self.ready.appendleft(item)

    def _is_usable(self, connection: Connection) -> bool:
        return connection.line.takes_more and self.routing.is_current(connection.route)

    async def _carry(self, connection: Connection, claim: Claim, person: Mapping[str, Any]) -> None:
        """Deliver one message."""
        handed_over = False

        async def gate() -> bool:
            nonlocal handed_over
            handed_over = await self.desk.hand_over(claim, connection.route)
            connection.on_the_way += handed_over
            return handed_over

        try:
            answer = await connection.line.deliver(self._parcel(claim, person), gate)
        except BaseException:  # ours, not the server's
            if handed_over:
                self.desk.settle(Result(claim.id, claim.attempt, State.UNKNOWN, "interrupted"))
            else:
                self._give_back(claim)
            raise
        finally:
            connection.on_the_way -= handed_over
            self.desk.note_answer(claim)
        await self._note(connection, claim, answer)

    def _give_back(self, claim: Claim) -> None:
        """No byte of it left: it may be tried again in this very run, so that trouble adds up."""
        self.desk.release(claim)
        self.exhausted, self.given_back = False, self.given_back + 1

    async def _note(self, connection: Connection, claim: Claim, answer: Answer) -> None:
        """Sort an answer: about the recipient, about the account, or unheard.

        A line that carried messages and is then closed is no trouble: many servers take only so many on one. Should
        there be trouble, the new line meets it.
        """
        is_loss = answer.fate is Fate.UNSENT or answer.code == 421
        if (
            is_loss and connection.line.is_fresh and answer.stage != "body"
        ):  # "body": our own gate stayed closed
            connection.trouble = connection.trouble or self._loss_sentence(answer)
        if answer.stage in answers.BARS:
            self._give_back(claim)
            self.bar = self.bar or Bar(answers.BARS[answer.stage], answer.text)
            return
        if answers.is_about_the_account(answer) or answer.fate is Fate.UNSENT:
            self._give_back(claim)
            if not is_loss:
                sentence = answers.account_sentence(answer, self.dispatch.from_email)
                await self._count_trouble(connection.route, sentence)
            return
        if answer.fate is Fate.UNKNOWN:
            connection.trouble = connection.trouble or answer.text
        else:
            self.routing.note_success()
        if answer.fate is Fate.ACCEPTED:
            failpoint.reach("250_read")
            self.worked.add(connection.route.account_id)
        if answers.is_dead(answer):
            self.desk.mark_dead(claim.address)
        self.desk.settle(answers.result(claim, answer, since=self.dispatch.created_at, now=self.clock()))

    def _loss_sentence(self, answer: Answer) -> str:
        if answer.code:
            return answers.account_sentence(answer, self.dispatch.from_email)
        return answer.text or "The mail server closed the connection."

    async def _count_trouble(self, route: Route, sentence: str, *, permanent: bool = False) -> None:
        self.is_proven = False
        if self.routing.note_trouble(route, sentence, permanent=permanent, at=time.monotonic()):
            await asyncio.to_thread(_rest, self.way, route, sentence, self.clock)

    # Whose turn it is

    async def _next(self) -> Item | None:
        """None: nothing more is to be done in this run."""
        if self.routing.pause_until:
            await self._wait_for_the_end_of_a_pause()
        while not self._is_over():
            if len(self.ready) <= LEASE // 2 and not self.exhausted and self.refill is None:
                self.refill = asyncio.create_task(self._fill())
            if self.ready:
                return self.ready.popleft()
            if self.refill is None:
                return None
            await asyncio.wait([self.refill])
        return None

    async def _fill(self) -> None:
        before = self.given_back
        lot = await self.desk.claim(LEASE, self.routing.current)
        self.exhausted = not lot and self.given_back == before
        self.ready.extend(lot)
        self.refill = None

    def _is_over(self) -> bool:
        over = self.routing.failed or self.bar or self.desk.held or self.called_off or self.stopping.is_set()
        return bool(over)

    async def _release_rest(self) -> None:
        if self.refill is not None:
            await asyncio.wait([self.refill])
        while self.ready:
            self.desk.release(self.ready.popleft()[0])

    def _parcel(self, claim: Claim, person: Mapping[str, Any]) -> Parcel:
        return Parcel(
            claim.id,
            claim.attempt,
            self.dispatch.id,
            claim.address,
            person,
            self.clock(),
            claim.customer_id,
        )


def _cancel(lines: Iterable[asyncio.Task[None]]) -> None:
    for line in lines:
        line.cancel()


def _still_sending(dispatch_id: int) -> bool:
    with reading() as session:
        return dispatches.is_sending(session, dispatch_id)


def _rest(way: Channel, route: Route, sentence: str, clock: Clock) -> None:
    with unit() as session:
        now = clock()
        way.rest(session, route.account_id, sentence, until=now + REST, now=now)
