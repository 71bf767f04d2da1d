"""What one customer was sent: their rows of the ledger, over all sends (S4-32)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from data.base import Instant
from data.listed import listed
from domain.ledger.deliveries import Delivery, State

# The wing that owns dispatches lies above this one; here only these of its columns are looked at.
SENDS: Final = table(
    "dispatches",
    column("id"),
    column("campaign_id"),
    column("name"),
    column("subject"),
    column("channel"),
    column("message_type"),
    column("created_at", Instant),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person. `at` is when its present state began, or when it was launched."""

    delivery_id: int
    dispatch_id: int
    campaign_id: int | None
    name: str
    subject: str
    channel: str
    message_type: str
    state: State
    reason: str | None
    address: str | None
    at: datetime


def letters(
    session: Session, customer_id: int, *, before: int | None = None, limit: int = 50
) -> list[Letter]:
    """Newest first, from the row before `before` on."""
    query = _letters().where(Delivery.customer_id == customer_id).order_by(Delivery.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Delivery.id < before)
    return [Letter(*row) for row in session.execute(query)]


def of_many(session: Session, customer_ids: Sequence[int]) -> dict[int, list[Letter]]:
    """All messages to these people, each one's newest first; who got none is missing."""
    query = _letters().add_columns(Delivery.customer_id).where(Delivery.customer_id.in_(listed(customer_ids)))
    found: dict[int, list[Letter]] = {}
    for *letter, customer_id in session.execute(query.order_by(Delivery.id.desc())):
        found.setdefault(customer_id, []).append(Letter(*letter))
    return found


def how_many(session: Session, customer_id: int) -> int:
    return session.scalar(select(func.count()).where(Delivery.customer_id == customer_id)) or 0


def _letters() -> Any:
    return select(
        Delivery.id,
        Delivery.dispatch_id,
        SENDS.c.campaign_id,
        SENDS.c.name,
        SENDS.c.subject,
        SENDS.c.channel,
        SENDS.c.message_type,
        Delivery.state,
        Delivery.reason,
        Delivery.address_key,
        func.coalesce(Delivery.settled_at, Delivery.handed_at, SENDS.c.created_at, type_=Instant),
    ).join(SENDS, SENDS.c.id == Delivery.dispatch_id)
