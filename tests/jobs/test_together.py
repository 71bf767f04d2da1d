"""Many who come at once: one unit of work for all, answered when it is over, and none who suffers for another."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import OperationalError

from jobs.together import Full, Together


class Book:
    """Writes squares, and remembers in which lots; waits before the first until it is opened."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self.open = threading.Event()
        self.trouble: Exception | None = None

    def write(self, lot: Sequence[int]) -> list[int]:
        assert self.open.wait(10)
        self.lots.append(list(lot))
        if self.trouble is not None:
            raise self.trouble
        if 13 in lot:
            raise ValueError("thirteen")
        return [one * one for one in lot]


def come(book: Book, numbers: Sequence[int], *, first: int | None = 0) -> list[object]:
    """`first` is at the writer already when the others come. Answers with squares and faults."""

    async def all_come() -> list[object]:
        together = Together("squares", book.write, most=20, at_once=8, weight=lambda one: 1 + one // 100)
        answers = [together.put(first)] if first is not None else []
        while first is not None and together._waiting:
            await asyncio.sleep(0.001)
        answers += [together.put(one) for one in numbers]
        book.open.set()
        return list(await asyncio.wait_for(asyncio.gather(*answers, return_exceptions=True), 10))

    return asyncio.run(all_come())


def test_those_who_come_while_one_is_written_are_written_together() -> None:
    book = Book()
    assert come(book, range(21, 35)) == [0, *(one * one for one in range(21, 35))]
    assert book.lots == [[0], [*range(21, 29)], [*range(29, 35)]]


def test_a_heavy_one_leaves_room_for_fewer() -> None:
    book = Book()
    come(book, [1, 600, 2, 3])
    assert book.lots == [[0], [1, 600], [2, 3]]


def test_one_that_cannot_be_written_is_refused_alone() -> None:
    book = Book()
    *good, bad, last = come(book, [1, 2, 13, 3])
    assert (good, str(bad), last) == ([0, 1, 4], "thirteen", 9)


def test_where_the_database_takes_nothing_nobody_waits_for_each_to_be_tried() -> None:
    book = Book()
    book.trouble = OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
    answers = come(book, [1, 2, 3])
    assert [type(one) for one in answers] == [OperationalError] * 4
    assert book.lots == [[0], [1, 2, 3]]


def test_beyond_the_most_nobody_is_made_to_wait() -> None:
    book = Book()
    with pytest.raises(Full):
        come(book, range(21))
    book.open.set()


def test_who_has_gone_away_meanwhile_is_written_all_the_same() -> None:
    book = Book()

    async def one_goes() -> int:
        together = Together("squares", book.write, most=20, at_once=8)
        gone, stays = together.put(3), together.put(4)
        gone.cancel()
        book.open.set()
        return await asyncio.wait_for(stays, 10)

    assert asyncio.run(one_goes()) == 16
    assert sorted(one for lot in book.lots for one in lot) == [3, 4]
