"""The sending engine: takes one dispatch as far as it can be taken now.

One event loop, a handful of connections that stay open, content compiled once. Each message goes: claimed (committed),
rendered, envelope, handed over (committed), body, settled (committed in groups). Nothing here decides who gets a
message: that was decided at the launch, and is asked once more in the hand-over's own statement.
"""

import asyncio
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from data.database import reading, unit
from data.smtp import AccountTrouble, Answer, Fate
from domain.book.consent import MessageType
from domain.channels import channel
from domain.channels.channel import Draft, Job, Line, Parcel
from domain.ledger import steps
from domain.ledger.deliveries import State, open_count
from domain.ledger.steps import Claim, Result
from domain.refusal import Refusal
from domain.sending import dispatches, endings
from domain.sending.desk import NO_SUCH_ADDRESS, Assignment, Desk, deferred_or_failed
from domain.sending.dispatches import Dispatch
from domain.shop import mail

log = logging.getLogger(__name__)

CONNECTIONS = 10
LEASE = 100  # rows claimed at once, and at most one such lot ahead
MESSAGES_A_CONNECTION = 20  # a small send opens few connections
TROUBLES_IN_A_ROW = 5  # of the account, not of a recipient: then the launch fails (F4)
PAUSES = [1.0, 2.0, 4.0, 8.0]  # seconds between them
FIRST_RETRY, LONGEST_RETRY = (
    timedelta(minutes=5),
    timedelta(minutes=67),
)  # of a recipient the server put off (F2)
GIVE_UP_AFTER = timedelta(hours=24)
FEWEST_TRIES = 3  # also where that day was over before the first: the shop's computer was off
LOOK_EVERY = 0.5  # seconds between looks at whether somebody stopped it
DRAIN = 15.0  # seconds that messages on their way may still take then; after that their fate is "not sure"
DEAD = {
    "5.1.1",
    "5.1.2",
    "5.1.3",
    "5.1.10",
    "5.2.1",
}  # enhanced codes that speak about the address itself
# Without such a code only plain words count: "550 relay not permitted" would mark the whole book as gone.
NOBODY_THERE = re.compile(
    r"no such|unrouteable|(user|mailbox|recipient|address|account)\b.*\b(unknown|not found|not exist|n't exist|invalid)"
    r"|(unknown|invalid|no|not a valid) (user|mailbox|recipient|address|account)\b",
    re.IGNORECASE,
)

Clock = Callable[[], datetime]


def run(dispatch_id: int, worker_id: int, *, clock: Clock, stopping: threading.Event) -> None:
    """Blocks until nothing more can be done now, or until `stopping`. Call it in a thread of its own."""
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        left = open_count(session, dispatch_id)
    if dispatch.state is not dispatches.DispatchState.SENDING:
        return _tidy_up(dispatch_id, worker_id, clock)
    try:
        with unit() as session:
            dispatches.note_started(session, dispatch_id, clock())
            _take_back(session, dispatch_id, worker_id, clock)
            _require_same_mode(session, dispatch)
            job = channel.named(dispatch.channel).prepare(
                session, frozen_draft(dispatch), most_connections=CONNECTIONS
            )
    except Refusal as refusal:
        return _fail(dispatch_id, refusal.sentence, clock)
    connections = max(1, min(CONNECTIONS, -(-left // MESSAGES_A_CONNECTION)))
    engine = Engine(dispatch, worker_id, job, clock, stopping)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(engine.send_all(connections))
    _conclude(dispatch_id, clock)


class Engine:
    """One run of one dispatch by one worker."""

    def __init__(
        self,
        dispatch: Dispatch,
        worker_id: int,
        job: Job,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        reach = channel.named(dispatch.channel).reach()
        self.dispatch, self.job, self.clock, self.stopping = (
            dispatch,
            job,
            clock,
            stopping,
        )
        self.desk = Desk(
            Assignment(dispatch.id, worker_id, reach, MessageType(dispatch.message_type)),
            clock,
        )
        self.ready: deque[tuple[Claim, Mapping[str, Any]]] = deque()
        self.refill_lock = asyncio.Lock()
        self.exhausted = False
        self.troubles = 0  # in a row
        self.failed = ""  # the sentence, once the account is given up
        self.had_success = False
        self.called_off = False

    async def send_all(self, connections: int) -> None:
        self.desk.open()
        lines = [asyncio.create_task(self._serve()) for _ in range(connections)]
        watch = asyncio.create_task(self._watch(lines))
        try:
            ends = await asyncio.gather(*lines, return_exceptions=True)
        finally:
            watch.cancel()
            self._release_rest()
            await self.desk.close()
        for fault in ends:
            if isinstance(fault, Exception):
                raise fault
        if self.failed:
            _fail(self.dispatch.id, self.failed, self.clock)
        elif self.had_success:
            await asyncio.to_thread(_note_success, self.clock)

    async def _watch(self, lines: list[asyncio.Task[None]]) -> None:
        """Once the process or the dispatch is told to stop: no new message, and an end to waiting for slow servers."""
        while not self.stopping.is_set() and await self._goes_on():
            await asyncio.sleep(LOOK_EVERY)
        self.called_off = True
        await asyncio.sleep(DRAIN)
        for line in lines:
            line.cancel()

    async def _goes_on(self) -> bool:
        try:
            return await asyncio.to_thread(_still_sending, self.dispatch.id)
        except SQLAlchemyError as error:  # whoever can't look now looks again
            log.warning("It could not be seen whether dispatch %s was stopped: %s", self.dispatch.id, error)
            return True

    async def _serve(self) -> None:
        """One connection's life: open, carry what there is, close; open anew when it was lost."""
        line: Line | None = None
        try:
            while not self._is_over() and (item := await self._next()) is not None:
                line = await self._carry(line, *item)
        finally:
            if line is not None:
                await line.close()

    async def _carry(self, line: Line | None, claim: Claim, person: Mapping[str, Any]) -> Line | None:
        """Deliver one message; the line to go on with, if it is still good."""
        handed_over, is_new = False, line is None or not line.alive

        async def gate() -> bool:
            nonlocal handed_over
            handed_over = await self.desk.hand_over(claim)
            return handed_over

        try:
            if line is None or not line.alive:
                line = await self.job.open()
            answer = await line.deliver(self._parcel(claim, person), gate)
        except AccountTrouble as trouble:
            self.desk.release(claim)
            await self._count_trouble(trouble.sentence, permanent=trouble.permanent)
            return None
        except BaseException:  # ours, not the server's
            if handed_over:
                self.desk.settle(Result(claim.id, claim.attempt, State.UNKNOWN, "interrupted"))
            else:
                self.desk.release(claim)
            raise
        await self._note(claim, answer, is_new)
        return line if line.alive else None

    async def _note(self, claim: Claim, answer: Answer, is_new: bool) -> None:
        """Sort an answer: about the recipient, about the account, or unheard.

        A line that carried messages and is then closed is no trouble: many servers take only so many on one. Should
        there be trouble, the new line meets it.
        """
        if answer.fate is Fate.UNKNOWN:
            self.desk.settle(_result(claim, State.UNKNOWN, "no_answer", answer))
            return await self._count_trouble(answer.text)
        if answer.fate is Fate.UNSENT:
            self.desk.release(claim)
            if is_new and answer.stage != "body":  # the gate stayed closed: nobody's fault
                await self._count_trouble(answer.text or "The mail server closed the connection.")
            return None
        if _is_about_the_account(answer):
            self.desk.release(claim)
            if is_new or answer.code != 421:
                await self._count_trouble(_account_sentence(self.dispatch, answer))
            return None
        self.troubles, self.had_success = (
            0,
            self.had_success or answer.fate is Fate.ACCEPTED,
        )
        self._settle(claim, answer)

    def _settle(self, claim: Claim, answer: Answer) -> None:
        if answer.fate is Fate.ACCEPTED:
            self.desk.settle(_result(claim, State.SENT, None, answer))
        elif answer.fate is Fate.DEFERRED:
            now = self.clock()
            next_at = _next_try(claim.tries + 1, self.dispatch.created_at, now)
            self.desk.settle(deferred_or_failed(claim, answer.code, answer.text, now=now, next_at=next_at))
        else:
            reason = _why_refused(answer)
            if reason == NO_SUCH_ADDRESS:
                self.desk.mark_dead(claim.address)
            self.desk.settle(_result(claim, State.FAILED, reason, answer))

    async def _count_trouble(self, sentence: str, *, permanent: bool = False) -> None:
        self.troubles += 1
        if permanent or self.troubles >= TROUBLES_IN_A_ROW:
            self.failed = self.failed or sentence
            return
        await asyncio.sleep(PAUSES[min(self.troubles, len(PAUSES)) - 1])

    async def _next(self) -> tuple[Claim, Mapping[str, Any]] | None:
        while not self.ready:
            async with self.refill_lock:
                if self.ready:
                    break
                if self.exhausted or self._is_over():
                    return None
                lot = await self.desk.claim(LEASE)
                self.exhausted = not lot
                self.ready.extend(lot)
        return self.ready.popleft()

    def _is_over(self) -> bool:
        return bool(self.failed) or self.called_off or self.stopping.is_set()

    def _release_rest(self) -> None:
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
        )


def frozen_draft(dispatch: Dispatch) -> Draft:
    """The content as it was at the launch, whatever became of the campaign since."""
    return Draft(
        message_type=MessageType(dispatch.message_type),
        from_name=dispatch.from_name,
        from_email=dispatch.from_email,
        reply_to=dispatch.reply_to,
        subject=dispatch.subject,
        preheader=dispatch.preheader,
        html_body=dispatch.html_body,
        text_body=dispatch.text_body,
        shop_name=dispatch.shop_name,
        postal_address=dispatch.postal_address,
    )


def _result(claim: Claim, state: State, reason: str | None, answer: Answer) -> Result:
    return Result(claim.id, claim.attempt, state, reason, answer.code or None, answer.text)


def _is_about_the_account(answer: Answer) -> bool:
    """The server leaves, or does not want this sender at all: no recipient is to blame."""
    return answer.code == 421 or answer.stage == "mail"


def _account_sentence(dispatch: Dispatch, answer: Answer) -> str:
    said = f"{answer.code} {answer.text}".strip()
    if answer.stage == "mail" and answer.code != 421:
        return f"The mail server did not accept {dispatch.from_email} as the sender. It said: {said}"
    return f"The mail server is not taking mail just now. It said: {said}"


def _why_refused(answer: Answer) -> str:
    first = answer.text.split(" ", 1)[0]
    if answer.stage == "rcpt" and (
        first in DEAD
        or (answer.code in (550, 553) and not first.startswith("5.") and NOBODY_THERE.search(answer.text))
    ):
        return NO_SUCH_ADDRESS
    return "refused"


def _next_try(tries: int, since: datetime, now: datetime) -> datetime | None:
    pause = min(FIRST_RETRY * 2 ** min(tries - 1, 8), LONGEST_RETRY)
    in_time = tries < FEWEST_TRIES or now + pause - since <= GIVE_UP_AFTER
    return now + pause if in_time else None


def _still_sending(dispatch_id: int) -> bool:
    with reading() as session:
        return dispatches.is_sending(session, dispatch_id)


def _require_same_mode(session: Session, dispatch: Dispatch) -> None:
    """What was pressed in practice must never reach a real customer, however late it is taken up."""
    if dispatch.practice and channel.named(dispatch.channel).is_connected(session):
        raise Refusal(
            "went_live",
            "This was sent in practice mode, and the shop has gone live since. Send it anew if real customers are to get it.",
        )


def _tidy_up(dispatch_id: int, worker_id: int, clock: Clock) -> None:
    """Of a dispatch that ended while nobody looked."""
    with unit() as session:
        _take_back(session, dispatch_id, worker_id, clock)
        endings.conclude(session, dispatch_id, now=clock())


def _take_back(session: Session, dispatch_id: int, worker_id: int, clock: Clock) -> None:
    """A process runs a dispatch once at a time, so what this worker still holds is left from a run that broke."""
    steps.rescue(session, worker_id, now=clock(), dispatch_id=dispatch_id)


def _conclude(dispatch_id: int, clock: Clock) -> None:
    with unit() as session:
        endings.conclude(session, dispatch_id, now=clock())


def _fail(dispatch_id: int, sentence: str, clock: Clock) -> None:
    with unit() as session:
        endings.fail(session, dispatch_id, sentence, now=clock())
        mail.note_trouble(session, sentence)


def _note_success(clock: Clock) -> None:
    with unit() as session:
        mail.note_success(session, clock())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
