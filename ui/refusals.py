"""What was refused for want of a right is written down at the door, once the work it belonged to is undone."""

import logging

from sqlalchemy.exc import OperationalError

from data.database import now, reading, unit
from domain.shop import refused
from domain.shop.people import REFUSED, Attempt

log = logging.getLogger("handbill.doors")


def write_down() -> None:
    """All that were refused since the last look; mostly none. It waits for the database: call it off the event loop."""
    while REFUSED:
        try:
            _write(REFUSED.popleft())
        except IndexError:  # another thread was quicker
            return
        except OperationalError as problem:  # a full disk must not turn a clear refusal into a fault
            log.error("a refusal was not written down: %s", problem.orig)


def _write(attempt: Attempt) -> None:
    moment = now()
    with reading() as session:
        is_news = refused.is_news(session, attempt, now=moment)
    if is_news:
        with unit() as session:
            refused.note(session, attempt, now=moment)
