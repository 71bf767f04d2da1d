"""How much of a long job goes into one unit of work: as much as keeps the database from others for a moment, no longer."""

import time
from typing import Final

MOMENT: Final = 0.2  # seconds that one unit is to take
FASTER, SLOWER = 2.0, 0.2  # how far one unit may change the size of the next


class Pace:
    """`size` is how many to take next. It begins small, and follows what this machine can do just now."""

    def __init__(self, size: int, most: int) -> None:
        self.size, self._least, self._most = size, max(1, size // 2), most
        self._began = 0.0

    def start(self) -> None:
        """As soon as others have to wait."""
        self._began = time.monotonic()

    def stop(self) -> None:
        """As soon as they need no longer."""
        took = max(time.monotonic() - self._began, 0.001)
        wanted = self.size * min(FASTER, max(SLOWER, MOMENT / took))
        self.size = int(min(self._most, max(self._least, wanted)))
