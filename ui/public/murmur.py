"""Words for the log that strangers can cause: each at most once a minute, with how often it was since."""

import logging
import time
from typing import Final

EVERY: Final = 60.0  # seconds
MOST: Final = 200  # different ones that are remembered


class Murmur:
    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[
            str, tuple[float, int]
        ] = {}  # when it was last written, and how often it was held back

    def say(self, what: str) -> None:
        at, held_back = self._said.get(what, (float("-inf"), 0))
        if time.monotonic() - at < EVERY:
            self._said[what] = (at, held_back + 1)
            return
        if len(self._said) >= MOST:
            self._said.clear()
        self._said[what] = (time.monotonic(), 0)
        self._log.warning(
            "%s%s", what, f" (and {held_back} times more in the minute before)" if held_back else ""
        )
