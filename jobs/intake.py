"""Reports of providers on their way into the books: what comes in while one unit of work is written forms the next.

Whoever posted waits until it is committed: what was answered with "taken" is never lost.
"""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from data.database import now, unit
from domain.results import feedback
from domain.results.feedback import Taken
from domain.results.post import News

log = logging.getLogger(__name__)

WAITING: Final = 2_000  # posts; whoever comes then is told to come again
AT_ONCE: Final = 100  # posts in one unit of work
REPORTS_AT_ONCE: Final = 1_000  # so that nobody else who writes waits for long
COMPANY: Final = 0.04  # seconds that the first of a lot waits for others: ten in one unit cost as much as one
IDLE: Final = 10.0  # seconds after which the writer goes home


@dataclass(slots=True)
class _Waiting:
    news: News
    answer: "Future[Taken]" = field(default_factory=Future)


class Full(Exception):
    """More is waiting than can be written soon."""


class Intake:
    def __init__(self) -> None:
        self._waiting: queue.Queue[_Waiting] = queue.Queue(WAITING)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def put(self, news: News) -> "Future[Taken]":
        """Answered after the commit; with the database's own error where nothing could be written. Raises Full."""
        one = _Waiting(news)
        try:
            self._waiting.put_nowait(one)
        except queue.Full:
            raise Full from None
        self._see_to_a_writer()
        return one.answer

    def _see_to_a_writer(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="reports", daemon=True)
                self._writer.start()

    def _write_all(self) -> None:
        while lot := self._next_lot():
            _write(lot)

    def _next_lot(self) -> list[_Waiting]:
        """Empty: nothing has come for a while, and this writer is not known any more."""
        try:
            lot = [self._waiting.get(timeout=IDLE)]
        except queue.Empty:
            with self._starting:
                if self._waiting.empty():
                    self._writer = None
                    return []
            return self._next_lot()
        until, reports = time.monotonic() + COMPANY, len(lot[0].news.reports)
        while len(lot) < AT_ONCE and reports < REPORTS_AT_ONCE:
            try:
                lot.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
            reports += len(lot[-1].news.reports)
        return lot


def _write(lot: Sequence[_Waiting]) -> None:
    """Where one of them can't be written, the others are not to suffer for it."""
    try:
        with unit() as session:
            answers = feedback.take(session, [one.news for one in lot], now=now())
    except Exception as problem:
        if len(lot) > 1:
            for one in lot:
                _write([one])
            return
        log.warning("A report of %s was not written: %s", lot[0].news.provider, problem)
        lot[0].answer.set_exception(problem)
        return
    for one, answer in zip(lot, answers, strict=True):
        one.answer.set_result(answer)


_intake = Intake()


def put(news: News) -> "Future[Taken]":
    """Raises Full."""
    return _intake.put(news)
