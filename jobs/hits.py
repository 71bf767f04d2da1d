"""Opens and clicks on their way into the books: many in one unit of work."""

import asyncio
from collections.abc import Sequence

from data.database import now, unit
from domain.results import hits
from domain.results.hits import Look
from jobs.together import Full as Full
from jobs.together import Together

AT_ONCE = 500  # in one unit of work, so that nobody else who writes waits for long


def put(look: Look) -> "asyncio.Future[str | None]":
    """Answered after the commit, with where it leads. Raises Full."""
    return waiting.put(look)


def _write(looks: Sequence[Look]) -> list[str | None]:
    with unit() as session:
        return hits.take(session, looks, now=now())


waiting = Together("opens and clicks", _write, most=5_000, at_once=AT_ONCE)
