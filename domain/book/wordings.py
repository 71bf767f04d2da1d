"""The exact words somebody saw when they said yes or no. Each wording is kept once, under its number, and never changed."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String, Text, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant


class Wording(Base):
    __tablename__ = "wordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(
        String(64), unique=True
    )  # SHA-256 of the words, for whoever checks them
    words: Mapped[str] = mapped_column(Text)
    first_shown: Mapped[datetime] = mapped_column(Instant)


def number(session: Session, words: str, *, now: datetime) -> int:
    """The same words have the same number for ever; a letter changed makes another one."""
    mark = hashlib.sha256(words.encode()).hexdigest()
    new = insert(Wording).values(mark=mark, words=words, first_shown=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["mark"]))
    return session.scalars(select(Wording.id).where(Wording.mark == mark)).one()


def told(rests_on: str, words: str = "") -> str:
    """What a line of the proof says beside who and when: what a list was said to rest on, and what they saw."""
    return f"{rests_on}. They saw: {words}" if rests_on and words else words or rests_on


def of(session: Session, numbers: Iterable[int | None]) -> dict[int, str]:
    """The words of these numbers."""
    found = select(Wording.id, Wording.words).where(Wording.id.in_([one for one in numbers if one]))
    return {one.id: one.words for one in session.execute(found)}
