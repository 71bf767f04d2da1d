"""Who did what, when, before and after. Rows are only ever added; the database itself refuses anything else."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.shop.people import Actor


class AuditEntry(Base):
    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    action: Mapped[str] = mapped_column(String(60))  # "campaign.launched"
    subject_id: Mapped[int | None]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    actor_role: Mapped[str] = mapped_column(String(20))
    via: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


def write(
    session: Session,
    action: str,
    *,
    by: Actor,
    now: datetime,
    subject_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Only plain JSON values in `before` and `after`, and never a secret."""
    session.add(
        AuditEntry(
            at=now,
            action=action,
            subject_id=subject_id,
            actor_id=by.user_id,
            actor_name=by.name,
            actor_role=by.role,
            via=by.via,
            address=by.address,
            before=before,
            after=after,
        )
    )


def was_done(
    session: Session, actions: Collection[str], subject_id: int, *, by: Actor, since: datetime
) -> bool:
    """Whether this person has done one of these lately, by the same way in."""
    theirs = (AuditEntry.actor_id == by.user_id) & (AuditEntry.via == by.via)
    about = AuditEntry.action.in_(actions) & (AuditEntry.subject_id == subject_id)
    return (
        session.scalar(select(AuditEntry.id).where(AuditEntry.at > since, theirs, about).limit(1)) is not None
    )


def of(session: Session, action: str, subject_id: int) -> list[AuditEntry]:
    rows = select(AuditEntry).where(AuditEntry.action == action, AuditEntry.subject_id == subject_id)
    return list(session.scalars(rows.order_by(AuditEntry.id)))
