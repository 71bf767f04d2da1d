"""Opens and clicks on their way into the books: what comes in while one unit of work is written forms the next.

Whoever asked waits until it is committed. There is one commit for all who wait, and one wake of the page's loop.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from data.database import now, unit
from domain.results import hits
from domain.results.hits import Look

log = logging.getLogger(__name__)

WAITING: Final = 5_000  # hits; beyond that nobody is made to wait
AT_ONCE: Final = 500  # in one unit of work, so that nobody else who writes waits for long
IDLE: Final = 10.0  # seconds after which the writer goes home

Answer = asyncio.Future[str | None]


class Full(Exception):
    """More is waiting than can be written soon."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    look: Look
    answer: Answer


class Hits:
    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._something = threading.Condition()
        self._writer: threading.Thread | None = None

    def put(self, look: Look) -> Answer:
        """Answered after the commit, with where it leads; with the database's own error where nothing could be written.

        On the loop of the pages. Raises Full.
        """
        if len(self._waiting) >= WAITING:
            raise Full
        answer: Answer = asyncio.get_running_loop().create_future()
        with self._something:
            self._waiting.append(_Waiting(look, answer))
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="hits", daemon=True)
                self._writer.start()
            elif len(self._waiting) == 1:
                self._something.notify()
        return answer

    def _write_all(self) -> None:
        while lot := self._next_lot():
            _write(lot)

    def _next_lot(self) -> list[_Waiting]:
        """Empty: nothing has come for a while, and this writer is not known any more."""
        with self._something:
            if not self._waiting:
                self._something.wait(IDLE)
            lot = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            if not lot:
                self._writer = None
            return lot


def _write(lot: Sequence[_Waiting]) -> None:
    loop = lot[0].answer.get_loop()
    try:
        with unit() as session:
            answers = hits.take(session, [one.look for one in lot], now=now())
    except Exception as problem:
        log.warning("%s opens and clicks were not written: %s", len(lot), problem)
        _tell(loop, _refuse, lot, problem)
    else:
        _tell(loop, _answer, lot, answers)


def _tell(loop: asyncio.AbstractEventLoop, how: object, lot: Sequence[_Waiting], what: object) -> None:
    try:
        loop.call_soon_threadsafe(how, lot, what)  # type: ignore[arg-type]
    except RuntimeError:  # the shop has closed meanwhile; what was written stays
        return


def _answer(lot: Sequence[_Waiting], answers: Sequence[str | None]) -> None:
    for one, answer in zip(lot, answers, strict=True):
        if not one.answer.done():
            one.answer.set_result(answer)


def _refuse(lot: Sequence[_Waiting], problem: Exception) -> None:
    for one in lot:
        if not one.answer.done():
            one.answer.set_exception(problem)


_hits = Hits()


def put(look: Look) -> Answer:
    """Raises Full."""
    return _hits.put(look)
