"""What the outside says of rows that went out. The strongest word stays, in whatever order the words come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Integer, String, func, select, update
from sqlalchemy.orm import Session

from data.database import changed
from data.prepared import Prepared, plain, slot
from domain.ledger.causes import Cause
from domain.ledger.deliveries import IS_PROVED, PROVED, Delivery, Heard, Of, State

CAME_BACK: Final = (Heard.RETURNED, Heard.BOUNCED)
STRENGTH: Final = {word: place for place, word in enumerate(Heard)}


@dataclass(frozen=True, slots=True)
class Word:
    """One word about one row."""

    delivery_id: int
    heard: Heard
    at: datetime
    reason: str | None = None  # a Cause
    said: str = ""

    @property
    def order(self) -> tuple[int, datetime, str]:
        """The strongest first, then the earliest; the text only so that there is always one answer."""
        return -STRENGTH[self.heard], self.at, self.said


def hear(session: Session, words: Iterable[Word], before: dict[int, Word]) -> None:
    """`before`: what stands in those rows now, read in this unit of work."""
    best = dict(before)
    for word in words:
        known = best.get(word.delivery_id)
        if known is None or word.order < known.order:
            best[word.delivery_id] = word
    stronger = [word for number, word in best.items() if word is not before.get(number)]
    if stronger:
        _writing().run_each(session, [_plain(word) for word in stronger])


def settle_proved(session: Session, *, now: datetime) -> int:
    """Rows that are "not sure", and of which something was heard: they went out. How many there were."""
    proved = update(Delivery).where(IS_PROVED).values(state=State.SENT, reason=PROVED, settled_at=now)
    return changed(session, proved)


def any_proved(session: Session) -> bool:
    return session.scalar(select(Delivery.id).where(IS_PROVED).limit(1)) is not None


def heard_of(session: Session, of: Of) -> dict[Heard, int]:
    """How many of those that were sent ended with which word."""
    those = Delivery.dispatch_id == of if isinstance(of, int) else of
    rows = session.execute(
        select(Delivery.heard, func.count())
        .where(those, Delivery.heard.is_not(None), Delivery.state == State.SENT)
        .group_by(Delivery.heard)
    )
    return {heard: count for heard, count in rows if heard is not None}


def heard_of_many(session: Session, dispatch_ids: Sequence[int]) -> dict[int, dict[Heard, int]]:
    """The same by send; one that nothing was heard of is left out."""
    rows = session.execute(
        select(Delivery.dispatch_id, Delivery.heard, func.count())
        .where(
            Delivery.dispatch_id.in_(dispatch_ids),
            Delivery.heard.is_not(None),
            Delivery.state == State.SENT,
        )
        .group_by(Delivery.dispatch_id, Delivery.heard)
    )
    found: dict[int, dict[Heard, int]] = {}
    for dispatch_id, heard, count in rows:
        if heard is not None:
            found.setdefault(dispatch_id, {})[heard] = count
    return found


def why_returned(session: Session, dispatch_id: int) -> dict[Cause, int]:
    """Of those that came back, how many for which cause, the most frequent first."""
    number = func.count()
    rows = session.execute(
        select(Delivery.heard_reason, number)
        .where(
            Delivery.dispatch_id == dispatch_id, Delivery.heard.in_(CAME_BACK), Delivery.state == State.SENT
        )
        .group_by(Delivery.heard_reason)
        .order_by(number.desc())
    )
    return {Cause(reason): count for reason, count in rows if reason in list(Cause)}


@cache
def _writing() -> Prepared:
    return Prepared(
        update(Delivery)
        .where(Delivery.id == slot("row", Integer))
        .values(
            heard=slot("heard", String),
            heard_at=slot("at", String),
            heard_reason=slot("reason", String),
            heard_said=slot("said", String),
        )
    )


def _plain(word: Word) -> dict[str, object]:
    return {
        "row": word.delivery_id,
        "heard": str(word.heard),
        "at": plain(word.at),
        "reason": word.reason,
        "said": word.said or None,
    }
