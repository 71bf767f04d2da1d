"""The thread of a worker that takes imports, one after another: a long one must not keep a send waiting for its turn."""

import logging
import queue
import threading

from jobs import importing

log = logging.getLogger(__name__)


class Importer:
    def __init__(self, worker_id: int) -> None:
        self.worker_id = worker_id
        self._wanted: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._known: set[int] = set()  # waiting or at work
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="importer", daemon=True)
        self._thread.start()

    def look_at(self, import_id: int) -> None:
        with self._guard:
            if import_id in self._known or self._stopping.is_set():
                return
            self._known.add(import_id)
        self._wanted.put(import_id)

    def known(self) -> set[int]:
        with self._guard:
            return set(self._known)

    def stop(self, timeout: float = 10.0) -> None:
        """What is in the middle of something finishes that unit of work; another worker goes on from there."""
        self._stopping.set()
        self._wanted.put(None)
        self._thread.join(timeout)

    def _work(self) -> None:
        while (import_id := self._wanted.get()) is not None:
            if self._stopping.is_set():
                return
            try:
                importing.work(import_id, self.worker_id, stopping=self._stopping)
            except Exception:
                log.exception("Import %s could not be looked at; the clock will look again", import_id)
            finally:
                with self._guard:
                    self._known.discard(import_id)
