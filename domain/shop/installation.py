"""The mark of this installation in its database. A note beside the database holds the same; a copy does not match.

While it does not match, a fence is up: nothing is sent, by itself or by a person, until the owner says that this is
the shop now. Two copies of one shop that both send would write to everybody twice.
"""

import secrets
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.sidecar import Note
from domain.refusal import Kind, Refusal

FENCED = "restored_copy"
SENTENCE = "This looks like a copy of the shop, so nothing is sent. First the owner has to confirm that this is the shop now."


class Installation(Base):
    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(32))
    beats: Mapped[int] = mapped_column(default=0)  # grows while a worker lives, here and in the note beside
    fenced_at: Mapped[datetime | None] = mapped_column(Instant)  # nothing is sent until the owner confirms
    copied_at: Mapped[datetime | None] = mapped_column(Instant)  # the last beat of the copy


def read(session: Session) -> Installation | None:
    """None in a shop that no worker has looked at yet."""
    return session.get(Installation, 1)


def is_fenced(session: Session) -> bool:
    return session.scalar(select(Installation.fenced_at)) is not None


def require_open(session: Session) -> None:
    """For every verb that lets messages go."""
    if is_fenced(session):
        raise Refusal(FENCED, SENTENCE, Kind.CONFLICT)


def doubt(here: Installation | None, note: Note | None, file: str) -> str:
    """Why this may be a copy; empty where the database and the note beside it belong together."""
    if note is None:
        return "there is no note beside the database" if here else ""
    if here is None or note.mark != here.mark:
        return "the note beside the database belongs to another one"
    if note.beats > here.beats:
        return "the database is older than the note beside it"
    return "" if note.file == file else "the database is not the file that it was"


def settle(session: Session) -> Installation:
    """A new mark: whatever copies there are of this database, they are not this one."""
    here = read(session) or Installation(id=1, beats=0)
    here.mark, here.fenced_at, here.copied_at = secrets.token_hex(16), None, None
    session.add(here)
    session.flush()
    return here


def put_up_fence(session: Session, copied_at: datetime | None, *, now: datetime) -> Installation:
    here = read(session) or Installation(id=1, mark="", beats=0)
    here.fenced_at, here.copied_at = now, copied_at
    session.add(here)
    session.flush()
    return here
