"""A question that the database can't answer just now is asked again by itself, until it can or nobody waits for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import Final, TypeVar

from sqlalchemy.exc import OperationalError

log = logging.getLogger("handbill.ui")
R = TypeVar("R")
BUSY: Final = (
    "The shop’s database is busy just now, so this could not be counted. It is tried again by itself."
)
WAITS: Final = (1.0, 2.0, 5.0)  # seconds between two tries; the last stays


async def patiently(
    ask: Callable[[], Awaitable[R]], say: Callable[[str], None], is_wanted: Callable[[], bool]
) -> R | None:
    """The answer, or None when nobody waits for it any more. While it can't be had, `say` is told why."""
    for wait in chain(WAITS, repeat(WAITS[-1])):
        try:
            return await ask()
        except OperationalError as error:
            log.warning("a count has to wait for the database: %s", error.orig)
        if not is_wanted():
            return None
        say(BUSY)
        await asyncio.sleep(wait)
        if not is_wanted():
            return None
    return None
