"""The fence round a copy of the shop: put up where the database and the note beside it do not fit, lifted by the owner.

The note is written while the database is locked, so two workers never judge a half-done change.
"""

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from data.database import database, now, reading, unit
from data.sidecar import Sidecar
from domain.sending import restoring
from domain.sending.restoring import Confirmed
from domain.shop import installation
from domain.shop.installation import Installation
from domain.shop.people import Actor

log = logging.getLogger(__name__)


def is_up() -> bool:
    with reading() as session:
        return installation.is_fenced(session)


def look(session: Session, moment: datetime) -> Installation:
    """Raises OSError where the note can't be read or written; the unit of work is then undone."""
    beside = sidecar()
    note = beside.read()
    here = restoring.look(session, note, beside.file(), now=moment)
    if here.fenced_at is None and (note is None or note.mark != here.mark):
        beside.write(here.mark, here.beats)
    return here


def note_beat(here: Installation) -> None:
    """After the commit: the note may be behind the database, and never ahead of it. What fails is made up for soon."""
    try:
        sidecar().write(here.mark, here.beats)
    except OSError as problem:
        log.warning("The note beside the database could not be written: %s", problem.strerror)


def confirm(by: Actor) -> Confirmed:
    """The owner says that this is the shop now."""
    with unit() as session:
        confirmed = restoring.confirm(session, by=by, now=now())
        here = installation.read(session)
        if here is not None:
            sidecar().write(here.mark, here.beats)
    return confirmed


def sidecar() -> Sidecar:
    return Sidecar(Path(database().url.database or ""))
