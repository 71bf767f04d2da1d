"""Many who come at once, written in one unit of work: what comes in while one is written forms the next.

Whoever came waits until it is committed: what was answered is never lost. One commit for all who wait, and one wake of the
loop that they wait on.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.exc import OperationalError

log = logging.getLogger(__name__)

IDLE: Final = 10.0  # seconds after which the writer goes home

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")
Lot = Sequence["_Waiting[Any, Any]"]


class Full(Exception):
    """More is waiting than can be written soon."""


@dataclass(slots=True)
class _Waiting(Generic[Thing, Answer]):
    thing: Thing
    answer: "asyncio.Future[Answer]"


class Together(Generic[Thing, Answer]):
    """`write` takes a lot in one unit of work and gives an answer for each. It runs in a thread of its own, one at a time."""

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Thing]], Sequence[Answer]],
        *,
        most: int,
        at_once: int,
        weight: Callable[[Thing], int] = lambda _: 1,
        company: float = 0.0,
    ) -> None:
        """`most` may wait; a lot weighs `at_once`, or little more; its first waits `company` seconds for others."""
        self.most = most
        self._name, self._write, self._at_once, self._weight = name, write, at_once, weight
        self._company = company
        self._waiting: deque[_Waiting[Thing, Answer]] = deque()
        self._something = threading.Condition()
        self._writer: threading.Thread | None = None

    def put(self, thing: Thing) -> "asyncio.Future[Answer]":
        """Answered after the commit; with the database's own error where nothing could be written.

        On the loop of the pages. Raises Full.
        """
        if len(self._waiting) >= self.most:
            raise Full
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._something:
            self._waiting.append(_Waiting(thing, answer))
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name=self._name, daemon=True)
                self._writer.start()
            elif len(self._waiting) == 1:
                self._something.notify()
        return answer

    def _write_all(self) -> None:
        while lot := self._next_lot():
            self._settle(lot)

    def _next_lot(self) -> list[_Waiting[Thing, Answer]]:
        """Empty: nothing has come for a while, and this writer is not known any more."""
        with self._something:
            if not self._waiting:
                self._something.wait(IDLE)
            if not self._waiting:
                self._writer = None
                return []
        if self._company:
            time.sleep(self._company)
        lot, weight = list[_Waiting[Thing, Answer]](), 0
        while self._waiting and weight < self._at_once:
            lot.append(self._waiting.popleft())
            weight += self._weight(lot[-1].thing)
        return lot

    def _settle(self, lot: Sequence[_Waiting[Thing, Answer]]) -> None:
        """Where one of them can't be written, the others are not to suffer for it."""
        try:
            answers = self._write([one.thing for one in lot])
        except Exception as problem:
            if len(lot) > 1 and not isinstance(problem, OperationalError):  # which would be the same for each
                for one in lot:
                    self._settle([one])
                return
            log.warning("%s of the %s were not written: %s", len(lot), self._name, problem)
            _tell(_refuse, lot, [problem] * len(lot))
        else:
            _tell(_answer, lot, answers)


def _tell(how: Callable[[Lot, Sequence[Any]], None], lot: Lot, what: Sequence[Any]) -> None:
    """All in one go, each on the loop that it waits on."""
    for loop in {one.answer.get_loop() for one in lot}:
        theirs = [(one, word) for one, word in zip(lot, what, strict=True) if one.answer.get_loop() is loop]
        try:
            loop.call_soon_threadsafe(how, [one for one, _ in theirs], [word for _, word in theirs])
        except RuntimeError:  # the shop has closed meanwhile; what was written stays
            continue


def _answer(lot: Lot, answers: Sequence[Any]) -> None:
    for one, answer in zip(lot, answers, strict=True):
        if not one.answer.done():
            one.answer.set_result(answer)


def _refuse(lot: Lot, problems: Sequence[Exception]) -> None:
    for one, problem in zip(lot, problems, strict=True):
        if not one.answer.done():
            one.answer.set_exception(problem)
