"""How many pairs may be one person, for the number beside the way there.

Looking for them means comparing the whole book, up to a second in one of 100,000. So the number is remembered here with the
book's last change, and looked for anew only after another one; and then so seldom that it takes a hundredth of the time at most.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Final

from data.database import database, reading
from domain.book import duplicates
from domain.book.duplicates import Found

SHARE: Final = 100
Stamp = tuple[str, int, int]  # which shop, and the last change of its book


@dataclass(frozen=True, slots=True)
class Count:
    pairs: int
    of: Stamp
    again_at: float  # by the clock of `time.monotonic`


_last: Count | None = None
_counting: Final = Lock()


def known() -> int | None:
    """What was counted last; None where that was another shop, or never."""
    return _last.pairs if _last and _last.of[0] == _shop() else None


def up_to_date() -> int | None:
    """The number as the book is now, or as it was when it was last time to look; None while somebody else counts at first."""
    with reading() as session:
        stamp = (_shop(), *duplicates.last_change(session))
    if _last and (_last.of == stamp or (_last.of[0] == stamp[0] and time.monotonic() < _last.again_at)):
        return _last.pairs
    if not _counting.acquire(blocking=False):
        return known()
    try:
        return len(find())
    finally:
        _counting.release()


def find() -> Found:
    """The pairs of the whole book, likeliest first; their number is remembered."""
    began = time.monotonic()
    with reading() as session:
        stamp = (_shop(), *duplicates.last_change(session))
        found = duplicates.suggest(session)
    global _last
    _last = Count(len(found), stamp, time.monotonic() + SHARE * (time.monotonic() - began))
    return found


def words(pairs: int) -> str:
    """As many as are ever suggested means: or more."""
    return f"{pairs}+" if pairs >= duplicates.MOST_SUGGESTED else str(pairs)


def _shop() -> str:
    return str(database().url)
