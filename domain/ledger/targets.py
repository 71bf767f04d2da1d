"""Where the links of a send lead. The address lies here and never in the link: what is not written down leads nowhere."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, String, Text, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base
from data.prepared import Prepared, among


class Target(Base):
    """Written once, when the send begins, and never changed."""

    __tablename__ = "targets"
    __table_args__ = ({"sqlite_with_rowid": False},)

    dispatch_id: Mapped[int] = mapped_column(
        ForeignKey("dispatches.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)  # in the order of the letter, from 0
    url: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(String(120), default="")  # what the link says


def places(session: Session, dispatch_id: int, found: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The place of each address and its words; a place once given stays, whatever a later run finds in the letter."""
    known = of(session, dispatch_id)
    new = [(url, words) for url, words in found if url not in known]
    rows = [
        {"dispatch_id": dispatch_id, "place": len(known) + at, "url": url, "words": words}
        for at, (url, words) in enumerate(new)
    ]
    if rows:
        session.execute(insert(Target), rows)
    return known | {str(row["url"]): int(str(row["place"])) for row in rows}


def of(session: Session, dispatch_id: int) -> dict[str, int]:
    """Addresses and their places."""
    found = select(Target.url, Target.place).where(Target.dispatch_id == dispatch_id)
    return {row.url: row.place for row in session.execute(found)}


def urls(session: Session, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """By dispatch and place."""
    ids = json.dumps(sorted({dispatch for dispatch, _ in wanted}))
    found: Sequence[Any] = _finding().run(session, ids=ids).fetchall()
    return {(dispatch, place): url for dispatch, place, url in found}


@cache
def _finding() -> Prepared:
    leads = select(Target.dispatch_id, Target.place, Target.url)
    return Prepared(leads.where(among(Target.dispatch_id, "ids")))
