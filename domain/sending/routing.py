"""Which account carries the next connection. When one is given up, the next by priority goes on."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from domain.channels.channel import Route

TROUBLES_IN_A_ROW = 5  # of the account, not of a recipient (F4)
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between them
PAUSES_BESIDE_ANOTHER = (0.5, 1.0, 1.5, 2.0)  # where the next account stands ready
REST = timedelta(minutes=15)  # before an account that was given up is tried again


class Routing:
    """`failed` is the sentence about the last account, once there is none left. Moments are seconds, monotonic."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._left = deque(routes)
        self._troubles = 0
        self.current = self._left[0]
        self.pause_until = 0.0
        self.failed = ""

    def is_current(self, route: Route) -> bool:
        return route is self.current and not self.failed

    def has_given_up(self, account_id: int) -> bool:
        return all(route.account_id != account_id for route in self._left)

    def note_success(self) -> None:
        self._troubles, self.pause_until = 0, 0.0

    def note_trouble(self, route: Route, sentence: str, *, permanent: bool, at: float) -> bool:
        """True where this was one too many, and the account is given up.

        Ten connections that are lost in the same moment are one trouble: what comes while a pause lasts is not counted.
        """
        if not self.is_current(route) or (at < self.pause_until and not permanent):
            return False
        self._troubles += 1
        if permanent or self._troubles >= TROUBLES_IN_A_ROW:
            self._give_up(sentence)
            return True
        pauses = PAUSES_BESIDE_ANOTHER if len(self._left) > 1 else PAUSES
        self.pause_until = at + pauses[min(self._troubles, len(pauses)) - 1]
        return False

    def _give_up(self, sentence: str) -> None:
        self._left.popleft()
        self._troubles, self.pause_until = 0, 0.0
        if self._left:
            self.current = self._left[0]
        else:
            self.failed = sentence
