"""Housekeeping that nobody should have to think of."""

from datetime import datetime, timedelta
from pathlib import Path

from data.database import unit
from data.liveness import sweep_away
from data.stock import take_stock
from domain.message import practice, practice_messages
from domain.results import incoming
from domain.sending import purging, workers
from domain.shop import limits, sessions, whatsapp_reach
from jobs import importing

EVERY = timedelta(hours=6)


def tidy(now: datetime, *, pulses: Path) -> None:
    sweep_away(pulses)
    with unit() as session:
        purging.purge_old(session, now=now)
    with unit() as session:
        practice.keep_newest(session)
        practice_messages.keep_newest(session)
        sessions.forget_old(session, now=now)
        workers.forget_old(session, now=now)
        limits.forget_old(session, now=now)
        whatsapp_reach.forget_old(session, now=now)
        incoming.forget_old(session, now=now)
        importing.tidy(session)
        take_stock(session)
