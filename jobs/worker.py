"""The worker: a Huey consumer that runs the engine, and a clock beside it. In the web process or in one of its own."""

import logging
import os
import secrets
import socket
import threading
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from huey.consumer import Consumer

from data.database import now, unit
from data.liveness import Pulse
from domain.sending import runs, workers
from domain.sending.workers import BEAT_EVERY
from jobs import clock, fence, upkeep
from jobs.importer import Importer
from jobs.mailbox import Collector
from jobs.queue import Queue
from jobs.sign_ups import Postman
from jobs.whatsapp import Refresher

log = logging.getLogger(__name__)

HEALTH_EVERY = 2.0  # seconds between looks at the consumer's threads
REPLACED = 3  # what the process ends with when its database was replaced


class QuietConsumer(Consumer):
    """The signals belong to whoever runs the process; taking them over would make a web server deaf to SIGTERM."""

    def _set_signal_handlers(self) -> None:
        pass


class Worker:
    """Use it as a context: signed on inside, drained and signed off at the end."""

    def __init__(self, queue: Queue, folder: Path, threads: int = 2) -> None:
        self.queue = queue
        self.pulses = folder / "pulses"
        self.running: set[int] = set()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._halt = threading.Event()  # what engines look at: set at the end, and while the fence is up
        self._pulse = Pulse(self.pulses / f"{os.getpid()}-{secrets.token_hex(6)}.lock")
        self.id = self._sign_on()
        self.importer = Importer(self.id)
        self.collector = Collector()
        self.postman = Postman()
        self.refresher = Refresher()
        queue.on_wake = self.look_at
        queue.on_wake_for_import = self.importer.look_at
        self._consumer = QuietConsumer(
            queue.huey,
            workers=threads,
            periodic=False,
            initial_delay=0.05,
            max_delay=0.05,
            shutdown_timeout=30,
        )
        self._clock = threading.Thread(target=self._keep_time, name="clock", daemon=True)

    def __enter__(self) -> Self:
        self._consumer.start()
        self._clock.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Claim no more, let what is on its way arrive, write it down, go."""
        self._stopping.set()
        self._halt.set()
        self._clock.join(timeout=10)
        self.collector.stop()
        self.postman.stop()
        self.refresher.stop()
        self.importer.stop()
        self._consumer.stop(graceful=True)
        self._sign_off()
        self._pulse.stop()

    def look_at(self, dispatch_id: int) -> None:
        """A wake-up: run the engine, unless this process already does."""
        if fence.is_up():
            return
        with self._guard:
            if dispatch_id in self.running or self._stopping.is_set():
                return
            self.running.add(dispatch_id)
        try:
            runs.run(dispatch_id, self.id, clock=now, stopping=self._halt)
        except Exception:
            log.exception(
                "The engine broke at dispatch %s; the clock will look at it again",
                dispatch_id,
            )
        finally:
            with self._guard:
                self.running.discard(dispatch_id)

    def _keep_time(self) -> None:
        beat = sweep = health = tidy = float("-inf")
        while not self._stopping.is_set():
            moment, at = now(), time.monotonic()
            if at - beat >= BEAT_EVERY.total_seconds():
                beat = at if self._safely(self._beat, moment) else beat
            self._safely(clock.tick, moment)
            if at - sweep >= clock.SWEEP_EVERY.total_seconds():
                sweep = at
                self._safely(self._sweep, moment)
            if at - health >= HEALTH_EVERY:
                health = at
                self._safely(lambda _: self._consumer.check_worker_health(), moment)
            if at - tidy >= upkeep.EVERY.total_seconds():
                tidy = at
                self._safely(lambda at: upkeep.tidy(at, pulses=self.pulses), moment)
            self._stopping.wait(clock.TICK)

    def _safely(self, act: Any, moment: datetime) -> bool:
        """The clock goes on whatever happens; what could not be done now is tried at the next tick."""
        try:
            act(moment)
            return True
        except Exception:
            log.exception("The clock could not do one thing; it tries again")
            return False

    def _beat(self, moment: datetime) -> None:
        if fence.sidecar().file() != self._file:
            leave_replaced()
        with unit() as session:
            here = fence.look(session, moment)
            fenced = here.fenced_at is not None
            here.beats += not fenced
            workers.beat(session, self.id, moment)
        if not fenced:
            fence.note_beat(here)
        self._heed(fenced)

    def _heed(self, fenced: bool) -> None:
        if fenced or self._stopping.is_set():
            self._halt.set()
        elif self._halt.is_set():
            self._halt = threading.Event()  # a new one: the runs that were halted stay so

    def _sweep(self, moment: datetime) -> None:
        with self._guard:
            running = set(self.running)
        importing = self.importer.known()
        clock.sweep(moment, worker_id=self.id, running=running, importing=importing, pulses=self.pulses)
        clock.look_into_the_inbox(self.collector)
        clock.write_to_who_signed_up(self.postman)
        clock.look_at_whatsapp(self.refresher)

    def _sign_off(self) -> None:
        try:
            self._beat(now())  # so that a copy made before the last messages is behind the note
            with unit() as session:
                workers.sign_off(session, self.id, now())
        except Exception:  # its lock is let go all the same, and that says enough
            log.exception("The worker could not sign off")

    def _sign_on(self) -> int:
        """Whether this is a copy is asked first: the last beat is still that of the copy."""
        self._file = fence.sidecar().file()
        with unit() as session:
            fence.look(session, now())
            name = self._pulse.path.name
            worker = workers.sign_on(
                session,
                pid=os.getpid(),
                host=socket.gethostname()[:120],
                lock_name=name,
                now=now(),
            )
            return worker.id


def leave_replaced() -> NoReturn:
    """Another database lies in the place of ours: the process ends at once, and whoever starts it again is asked.

    Going on would be worse. SQLite finds the log of a database by its name, so connections to the old file and to the
    new one in one process read and write each other's pages. What was on its way is in doubt only in the old file.
    """
    log.critical(
        "The database was replaced while Handbill was running, so Handbill ends. Please start it again."
    )
    logging.shutdown()
    os._exit(REPLACED)
