"""Who tried what they may not do, in the audit log. What they tried is undone by then, so each has a unit of its own."""

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.people import Attempt

ACTION: Final = "permission.refused"
SAME_FOR: Final = timedelta(hours=1)  # the same once more says nothing new
MOST: Final = 40  # of one person in that time: a program that tries every door is told of often enough


def note(session: Session, attempt: Attempt, *, now: datetime) -> None:
    if is_news(session, attempt, now=now):
        about = {"right": str(attempt.right), "where": attempt.by.at}
        audit.write(session, "permission.refused", by=attempt.by, now=now, after=about)


def is_news(session: Session, attempt: Attempt, *, now: datetime) -> bool:
    theirs = (AuditEntry.actor_id == attempt.by.user_id) & (AuditEntry.via == attempt.by.via)
    lately = select(AuditEntry.after).where(
        AuditEntry.at > now - SAME_FOR, AuditEntry.action == ACTION, theirs
    )
    known = [(told["right"], _door(told["where"])) for told in session.scalars(lately) if told]
    return len(known) < MOST and (str(attempt.right), _door(attempt.by.at)) not in known


def _door(where: str) -> str:
    """The same door, whichever customer or campaign was behind it."""
    return re.sub(r"\d+", "#", where)
