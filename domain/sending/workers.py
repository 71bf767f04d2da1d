"""The processes that send, and the moments in which none of them was there."""

from datetime import datetime, timedelta

from sqlalchemy import String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.ledger.deliveries import IS_HELD, Delivery

BEAT_EVERY = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=45)  # a worker that did not beat for so long is thought dead
OUTAGE_AFTER = timedelta(seconds=30)


class Worker(Base):
    __tablename__ = "workers"

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[int]
    host: Mapped[str] = mapped_column(String(120))
    lock_name: Mapped[str] = mapped_column(String(60))  # a file only the living process can lock
    started_at: Mapped[datetime] = mapped_column(Instant)
    beat_at: Mapped[datetime] = mapped_column(Instant)
    gone_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


class Outage(Base):
    """A span without any worker: the reason why something was late."""

    __tablename__ = "outages"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_at: Mapped[datetime] = mapped_column(Instant)
    to_at: Mapped[datetime] = mapped_column(Instant, index=True)


def sign_on(session: Session, *, pid: int, host: str, lock_name: str, now: datetime) -> Worker:
    """A worker starts. If nobody was working before, the gap is written down."""
    last = last_beat(session)
    if last is not None and now - last > OUTAGE_AFTER:
        session.add(Outage(from_at=last, to_at=now))
    worker = Worker(pid=pid, host=host, lock_name=lock_name, started_at=now, beat_at=now)
    session.add(worker)
    session.flush()
    return worker


def beat(session: Session, worker_id: int, now: datetime) -> None:
    session.execute(update(Worker).where(Worker.id == worker_id).values(beat_at=now))


def sign_off(session: Session, worker_id: int, now: datetime) -> None:
    session.execute(update(Worker).where(Worker.id == worker_id).values(beat_at=now, gone_at=now))


def last_beat(session: Session) -> datetime | None:
    return session.scalar(select(Worker.beat_at).order_by(Worker.beat_at.desc()).limit(1))


def thought_alive(session: Session) -> list[Worker]:
    return list(session.scalars(select(Worker).where(Worker.gone_at.is_(None))))


def outage_before(session: Session, due: datetime, now: datetime) -> Outage | None:
    """The span without a worker that covers the moment when something was due."""
    covering = (Outage.from_at <= due) & (Outage.to_at >= due)
    return session.scalar(
        select(Outage).where(covering, Outage.to_at <= now).order_by(Outage.id.desc()).limit(1)
    )


def forget_old(session: Session, *, now: datetime) -> None:
    """Long gone workers that hold nothing, and gaps that no schedule can lie in any more."""
    held = select(Delivery.claimed_by).where(IS_HELD, Delivery.claimed_by.is_not(None))
    old = now - timedelta(days=30)
    session.execute(delete(Worker).where(Worker.beat_at < old, Worker.id.not_in(held)))
    session.execute(delete(Outage).where(Outage.to_at < old))
