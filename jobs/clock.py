"""Everything that happens by itself, on one page. Each line is a claim, so several clocks do no harm."""

import logging
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from data.database import reading, unit
from data.liveness import is_beating
from domain.book import turns
from domain.ledger import hearing, steps
from domain.sending import asking, campaigns, dispatches, endings, held_again, holds, schedules
from domain.sending.calendar import GRACE
from domain.sending.workers import SILENT_AFTER, Worker
from jobs import fence, sending
from jobs.mailbox import Collector
from jobs.queue import queue
from jobs.sign_ups import Postman
from jobs.whatsapp import Refresher

log = logging.getLogger(__name__)

TICK = 0.5  # seconds; a schedule is at most this late when the shop is idle
SWEEP_EVERY = timedelta(seconds=3)


def tick(now: datetime) -> None:
    """What must not wait: schedules and undo windows whose time has come."""
    if fence.is_up():
        return
    fire_schedules(now)
    ask_other_channels(now)
    begin_launches(now)


def sweep(
    now: datetime,
    *,
    worker_id: int,
    running: set[int],
    importing: AbstractSet[int] = frozenset(),
    pulses: Path,
) -> None:
    """What brings back work that a dead process held. Imports write to nobody, so a fence does not stop them."""
    carry_on_imports(now, worker_id=worker_id, importing=importing, pulses=pulses)
    if fence.is_up():
        return
    rescue_the_dead(now, worker_id=worker_id, pulses=pulses)
    settle_proved(now)
    close_the_ended(now)
    renew_holds(now)
    try_the_held_again(now)
    feed_the_hungry(now, worker_id=worker_id, running=running)


def fire_schedules(now: datetime) -> None:
    with reading() as session:
        due = schedules.due(session, now)
    for campaign_id in due:
        with _alone("campaign", campaign_id):
            if not _is_missed(campaign_id, now):
                sending.send_scheduled(campaign_id)


def ask_other_channels(now: datetime) -> None:
    """Days after a campaign was over: whom it did not reach, or who has not looked at it."""
    with reading() as session:
        due = asking.due(session, now)
    for sibling_id in due:
        with _alone("sibling", sibling_id):
            sending.ask_due(sibling_id)


def begin_launches(now: datetime) -> None:
    with reading() as session:
        ripe = dispatches.ripe(session, now)
    for dispatch_id in ripe:
        with _alone("dispatch", dispatch_id):
            _begin(dispatch_id, now)


def rescue_the_dead(now: datetime, *, worker_id: int, pulses: Path) -> None:
    """Whoever asks is alive, whatever a clock that was set forward says of its last beat."""
    with reading() as session:
        holders = [(worker_id, session.get(Worker, worker_id)) for worker_id in steps.holders(session)]
    for holder, worker in holders:
        if holder != worker_id and not _is_alive(worker, now, pulses):
            with unit() as session:
                steps.rescue(session, holder, now=now)


def carry_on_imports(now: datetime, *, worker_id: int, importing: AbstractSet[int], pulses: Path) -> None:
    with reading() as session:
        holders = [(number, session.get(Worker, number)) for number in turns.holders(session)]
    for holder, worker in holders:
        if holder != worker_id and not _is_alive(worker, now, pulses):
            with unit() as session:
                turns.release(session, holder)
    with reading() as session:
        waiting = turns.waiting(session, worker_id)
    for import_id in waiting:
        if import_id not in importing:
            queue().wake_for_import(import_id)


def settle_proved(now: datetime) -> None:
    """A report may be faster than our own books: then it waits in the row until that is thought "not sure"."""
    with reading() as session:
        any_proved = hearing.any_proved(session)
    if any_proved:
        with unit() as session:
            hearing.settle_proved(session, now=now)


def close_the_ended(now: datetime) -> None:
    with reading() as session:
        ended = dispatches.unfinished(session)
    for dispatch_id in ended:
        with _alone("dispatch", dispatch_id), unit() as session:
            endings.conclude(session, dispatch_id, now=now)


def renew_holds(now: datetime) -> None:
    """Somebody has changed the quiet hours or a limit: nobody waits for the end of what is no more."""
    with reading() as session:
        outdated = holds.outdated(session, now=now)
    for dispatch_id in outdated:
        with _alone("dispatch", dispatch_id), unit() as session:
            holds.renew(session, dispatch_id, now=now)


def feed_the_hungry(now: datetime, *, worker_id: int, running: set[int]) -> None:
    """Dispatches with work to do that no engine of this process is at, and rows that a broken run of it still holds."""
    with reading() as session:
        wanted = {*dispatches.hungry(session, now), *steps.held_by(session, worker_id)}
    for dispatch_id in wanted - running:
        queue().wake(dispatch_id)


def try_the_held_again(now: datetime) -> None:
    """A day after WhatsApp held them back, where the campaign asks for it."""
    with reading() as session:
        due = held_again.due(session, now)
    for dispatch_id in due:
        with _alone("dispatch", dispatch_id), unit() as session:
            held_again.try_again(session, dispatch_id, now=now)


def look_into_the_inbox(collector: Collector) -> None:
    """It comes back at once; every few minutes there is something to do."""
    if not fence.is_up():
        collector.look()


def look_at_whatsapp(refresher: Refresher) -> None:
    """As above; once an hour its templates and the number's facts are asked for."""
    if not fence.is_up():
        refresher.look()


def write_to_who_signed_up(postman: Postman) -> None:
    """As above."""
    if not fence.is_up():
        postman.look()


@contextmanager
def _alone(noun: str, number: int) -> Iterator[None]:
    """What goes wrong with one holds up no other. It is tried again at the next tick."""
    try:
        yield
    except Exception:
        log.exception("The clock could not see to %s %s", noun, number)


def _begin(dispatch_id: int, now: datetime) -> None:
    with unit() as session:
        begun = dispatches.begin(session, dispatch_id, now)
    if begun:
        queue().wake(dispatch_id)


def _is_missed(campaign_id: int, now: datetime) -> bool:
    with reading() as session:
        scheduled_at = campaigns.get(session, campaign_id).scheduled_at
    if scheduled_at is None or now - scheduled_at <= GRACE:
        return False
    with unit() as session:
        return schedules.miss(session, campaign_id, now=now)


def _is_alive(worker: Worker | None, now: datetime, pulses: Path) -> bool:
    """A living process holds its file locked; one that hangs while it lives stops beating."""
    if worker is None or not is_beating(pulses / worker.lock_name):
        return False
    return now - worker.beat_at <= SILENT_AFTER
