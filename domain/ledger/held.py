"""Whom WhatsApp itself keeps a message from, because they get many just now: no fault of the shop or of the person.

It is no state of its own. Refused at once, it is a part of those who failed; told later, a part of those who were sent; and
where the campaign asks for another try, a part of those who wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery, Heard, Line, Of, State

HELD: Final = str(Cause.HELD_BY_WHATSAPP)
CODE: Final = 131049


@dataclass(frozen=True, slots=True)
class Held:
    sent: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def people(self) -> int:
        return self.sent + self.failed + self.waiting


def held_of(session: Session, of: Of) -> Held:
    those = Delivery.dispatch_id == of if isinstance(of, int) else of
    rows = select(Delivery.state, func.count()).where(those, is_held()).group_by(Delivery.state)
    return _held([(state, count) for state, count in session.execute(rows)])


def held_of_many(session: Session, dispatch_ids: Sequence[int]) -> dict[int, Held]:
    """By send; one that nobody of was held back is left out."""
    if not dispatch_ids:
        return {}
    by_send: dict[int, list[tuple[State, int]]] = {}
    rows = (
        select(Delivery.dispatch_id, Delivery.state, func.count())
        .where(Delivery.dispatch_id.in_(dispatch_ids), is_held())
        .group_by(Delivery.dispatch_id, Delivery.state)
    )
    for send, state, count in session.execute(rows):
        by_send.setdefault(send, []).append((state, count))
    return {send: _held(found) for send, found in by_send.items()}


def is_held() -> ColumnElement[bool]:
    """As a condition over the ledger."""
    return or_(
        and_(Delivery.state == State.SENT, Delivery.heard == Heard.RETURNED, Delivery.heard_reason == HELD),
        and_(Delivery.state == State.FAILED, Delivery.reason == HELD),
        and_(Delivery.state == State.DEFERRED, Delivery.code == CODE),
    )


def is_held_line(line: Line) -> bool:
    match line.state:
        case State.SENT:
            return line.heard is Heard.RETURNED and line.heard_reason == HELD
        case State.FAILED:
            return line.reason == HELD
        case State.DEFERRED:
            return line.code == CODE
    return False


def _held(found: Sequence[tuple[State, int]]) -> Held:
    counts = dict(found)
    return Held(counts.get(State.SENT, 0), counts.get(State.FAILED, 0), counts.get(State.DEFERRED, 0))
