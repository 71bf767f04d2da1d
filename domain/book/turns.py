"""Whose turn an import is: exactly one worker takes it, and another one goes on where a dead one stopped."""

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.book.imports import RUNNING, UNDOING, Import

OPEN = Import.state.in_((RUNNING, UNDOING))


def claim(session: Session, import_id: int, worker_id: int) -> bool:
    """Whether this worker has it now."""
    free = or_(Import.worker_id.is_(None), Import.worker_id == worker_id)
    claimed = update(Import).where(Import.id == import_id, OPEN, free).values(worker_id=worker_id)
    return bool(session.execute(claimed.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def mine(session: Session, import_id: int, worker_id: int) -> Import | None:
    """Asked in each unit that writes: a worker that was thought dead must not go on beside its successor."""
    return session.scalar(select(Import).where(Import.id == import_id, OPEN, Import.worker_id == worker_id))


def release(session: Session, worker_id: int) -> None:
    """What a worker had that will not go on."""
    held = update(Import).where(OPEN, Import.worker_id == worker_id).values(worker_id=None)
    session.execute(held.execution_options(synchronize_session=False))


def holders(session: Session) -> list[int]:
    rows = select(Import.worker_id).where(OPEN, Import.worker_id.is_not(None)).distinct()
    return [number for number in session.scalars(rows) if number is not None]


def waiting(session: Session, worker_id: int) -> list[int]:
    """Imports that this worker may take up, the oldest first."""
    free = or_(Import.worker_id.is_(None), Import.worker_id == worker_id)
    return list(session.scalars(select(Import.id).where(OPEN, free).order_by(Import.id)))
