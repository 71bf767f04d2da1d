"""What may have to wait for somebody outside, done in a thread of its own: it holds up nobody."""

import logging
import threading
from abc import ABC, abstractmethod

from sqlalchemy.orm import Session

from data.database import reading

log = logging.getLogger(__name__)


class Errand(ABC):
    """Of a worker, one at a time. The clock looks often, and `look` comes back at once."""

    name: str
    trouble: str  # what is logged where it ends by a fault

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        if self.stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
            return
        with reading() as session:
            is_due = self.is_due(session)
        if is_due:
            self._thread = threading.Thread(target=self._go, name=self.name, daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """A server that does not answer is not waited for: what was claimed is free again in a few minutes."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _go(self) -> None:
        try:
            self.go()
        except Exception:
            log.exception(self.trouble)

    @abstractmethod
    def is_due(self, session: Session) -> bool: ...

    @abstractmethod
    def go(self) -> None:
        """Ends soon after `stopping` is set."""
