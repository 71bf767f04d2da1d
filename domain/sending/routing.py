"""Which account carries the next connection. When one is given up, the next by priority goes on."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from domain.channels.channel import Route

TROUBLES_IN_A_ROW = 5  # of the account, not of a recipient (F4)
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between them
REST = timedelta(minutes=15)  # before an account that was given up is tried again


class Routing:
    """`failed` is the sentence about the last account, once there is none left."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._left = deque(routes)
        self._troubles = 0
        self.current = self._left[0]
        self.failed = ""

    def is_current(self, route: Route) -> bool:
        return route is self.current and not self.failed

    def note_success(self) -> None:
        self._troubles = 0

    def note_trouble(self, route: Route, sentence: str, *, permanent: bool) -> bool:
        """True where this was one too many, and the account is given up."""
        if not self.is_current(route):
            return False
        self._troubles += 1
        if not permanent and self._troubles < TROUBLES_IN_A_ROW:
            return False
        self._left.popleft()
        self._troubles = 0
        if self._left:
            self.current = self._left[0]
        else:
            self.failed = sentence
        return True

    @property
    def pause(self) -> float:
        """Seconds to wait after the trouble that was just noted."""
        return PAUSES[min(self._troubles, len(PAUSES)) - 1] if self._troubles else 0.0
