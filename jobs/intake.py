"""Reports of providers on their way into the books: many in one unit of work."""

import asyncio
from collections.abc import Sequence

from data.database import now, unit
from domain.results import feedback
from domain.results.feedback import Taken
from domain.results.post import News
from jobs.together import Full as Full
from jobs.together import Together

AT_ONCE = 1_000  # reports in one unit of work, so that nobody else who writes waits for long
LIGHTEST = 10  # a post counts for so many at least
COMPANY = 0.02  # seconds; ten posts in one unit of work cost little more than one


def put(news: News) -> "asyncio.Future[Taken]":
    """Answered after the commit. Raises Full: whoever comes then is told to come again."""
    return waiting.put(news)


def _write(posts: Sequence[News]) -> list[Taken]:
    with unit() as session:
        return feedback.take(session, posts, now=now())


def _weight(news: News) -> int:
    return max(LIGHTEST, len(news.reports))


waiting = Together("reports", _write, most=2_000, at_once=AT_ONCE, weight=_weight, company=COMPANY)
