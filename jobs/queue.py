"""The queue: it carries nothing but "look at dispatch 7", "look at import 3". A task that is lost with its worker loses nothing."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from huey import SqliteHuey
from huey.serializer import SignedSerializer

from data.secrets import keys

log = logging.getLogger(__name__)
Wake = Callable[[int], None]

_queue: "Queue | None" = None


class Queue:
    """Huey's tables live in the shop's own database file; never call `wake` inside an open unit of work."""

    def __init__(self, file: Path) -> None:
        # Huey's messages are pickles: a signature keeps out whatever was not put there by us.
        serializer = SignedSerializer(secret=keys().key("queue").hex(), salt="handbill")
        self.huey = SqliteHuey(
            "handbill",
            filename=str(file),
            results=False,
            timeout=30,
            serializer=serializer,
        )
        self.on_wake: Wake = _nobody
        self.on_wake_for_import: Wake = _nobody
        self._task = self.huey.task(name="look_at_dispatch")(self._look)
        self._import_task = self.huey.task(name="look_at_import")(self._look_at_import)

    def wake(self, dispatch_id: int) -> None:
        """A wake-up that can't be written is no fault: the launch is on disk, and the clock looks for such ones."""
        try:
            self._task(dispatch_id)
        except sqlite3.Error as problem:
            log.warning("Nobody could be woken for dispatch %s: %s", dispatch_id, problem)

    def wake_for_import(self, import_id: int) -> None:
        """As above."""
        try:
            self._import_task(import_id)
        except sqlite3.Error as problem:
            log.warning("Nobody could be woken for import %s: %s", import_id, problem)

    def depth(self) -> int:
        return int(self.huey.pending_count())

    def _look(self, dispatch_id: int) -> None:
        self.on_wake(dispatch_id)

    def _look_at_import(self, import_id: int) -> None:
        self.on_wake_for_import(import_id)


def open_queue(file: Path) -> Queue:
    """The last call wins, so tests can move on to a new file."""
    global _queue
    close_queue()
    _queue = Queue(file)
    return _queue


def close_queue() -> None:
    global _queue
    if _queue is not None:
        _queue.huey.storage.close()
    _queue = None


def queue() -> Queue:
    if _queue is None:
        raise RuntimeError("open_queue() was not called")
    return _queue


def _nobody(number: int) -> None:
    raise RuntimeError("this process has no worker")
