"""A run: one worker takes one dispatch as far as it can be taken now, and writes down where that leaves it."""

import asyncio
import threading
from collections.abc import Callable

from data.database import reading, unit
from domain.channels import channel
from domain.channels.channel import Barred, Job
from domain.ledger import steps
from domain.ledger.deliveries import open_count
from domain.refusal import Refusal
from domain.sending import dispatches, endings, lateness, practice, standstill
from domain.sending.content import frozen_draft
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.sending.engine import CONNECTIONS, MESSAGES_A_CONNECTION, Bar, Clock, Engine


def run(dispatch_id: int, worker_id: int, *, clock: Clock, stopping: threading.Event) -> None:
    """Blocks until nothing more can be done now, or until `stopping`. Call it in a thread of its own."""
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        left = open_count(session, dispatch_id)
    if dispatch.state is DispatchState.SENDING:
        try:
            job = _begun(dispatch, worker_id, clock)
        except Barred as barred:
            _bar(dispatch_id, Bar(Hold.CONTENT, barred.sentence), clock)
        except Refusal as refusal:
            _fail(dispatch_id, refusal.sentence, clock)
        else:
            _carry_out(Engine(dispatch, worker_id, job, clock, stopping), left)
    else:  # it ended while nobody looked
        _take_back(dispatch_id, worker_id, clock)
    _conclude(dispatch_id, clock)


def _begun(dispatch: Dispatch, worker_id: int, clock: Clock) -> Job:
    """Raises Refusal where it can't go on at all."""
    with unit() as session:
        now = clock()
        dispatches.note_started(session, dispatch.id, now)
        standstill.let_go_on(session, dispatch.id, now=now)
        lateness.explain(session, dispatches.get(session, dispatch.id), now=now)
        steps.rescue(session, worker_id, now=now, dispatch_id=dispatch.id)
        practice.require_not_gone_live(session, dispatch)
        measured_as = dispatch.id if dispatch.measured else None
        way, draft = channel.named(dispatch.channel), frozen_draft(dispatch)
        return way.prepare(session, draft, now=now, measured_as=measured_as)


def _carry_out(engine: Engine, left: int) -> None:
    connections = max(1, min(CONNECTIONS, -(-left // MESSAGES_A_CONNECTION)))
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(engine.send_all(connections))
    if engine.routing.failed:
        _fail(engine.dispatch.id, engine.routing.failed, engine.clock)
    with unit() as session:
        now = engine.clock()
        for account_id in engine.worked:
            if not engine.routing.has_given_up(account_id):  # whatever it carried before: it rests now
                engine.way.note_success(session, account_id, now=now)
        if engine.bar and engine.bar.why is Hold.ACCOUNT:  # told beside the account, too
            account = engine.routing.current.account_id
            engine.way.rest(session, account, engine.bar.sentence, until=now, now=now)
        if engine.bar:
            standstill.bar(session, engine.dispatch.id, engine.bar.why, engine.bar.sentence, now=now)
        elif held := engine.desk.held:
            standstill.hold(session, engine.dispatch.id, held.why, held.until, now=now)


def _take_back(dispatch_id: int, worker_id: int, clock: Clock) -> None:
    """A process runs a dispatch once at a time, so what this worker still holds is left from a run that broke."""
    with unit() as session:
        steps.rescue(session, worker_id, now=clock(), dispatch_id=dispatch_id)


def _fail(dispatch_id: int, sentence: str, clock: Clock) -> None:
    with unit() as session:
        endings.fail(session, dispatch_id, sentence, now=clock())


def _bar(dispatch_id: int, bar: Bar, clock: Clock) -> None:
    with unit() as session:
        standstill.bar(session, dispatch_id, bar.why, bar.sentence, now=clock())


def _conclude(dispatch_id: int, clock: Clock) -> None:
    with unit() as session:
        endings.conclude(session, dispatch_id, now=clock())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
