"""What the owner must learn even if nobody was looking when it happened."""

from datetime import datetime

from sqlalchemy import String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.refusal import missing
from domain.shop.people import Actor, Right


class Notice(Base):
    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    tone: Mapped[str] = mapped_column(String(8))  # info, warn, bad
    sentence: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(200), default="")  # a path inside Handbill
    seen_at: Mapped[datetime | None] = mapped_column(Instant)


def leave(
    session: Session,
    sentence: str,
    *,
    now: datetime,
    tone: str = "warn",
    link: str = "",
) -> None:
    session.add(Notice(at=now, tone=tone, sentence=sentence, link=link))


def unseen(session: Session, most: int = 5) -> list[Notice]:
    return list(
        session.scalars(select(Notice).where(Notice.seen_at.is_(None)).order_by(Notice.id.desc()).limit(most))
    )


def settle(session: Session, link: str, *, now: datetime) -> None:
    """What was left there is over, whether or not somebody has seen it."""
    there = update(Notice).where(Notice.link == link, Notice.seen_at.is_(None))
    session.execute(there.values(seen_at=now))


def dismiss(session: Session, notice_id: int, *, by: Actor, now: datetime) -> None:
    by.require(Right.EDIT_CAMPAIGNS)
    notice = session.get(Notice, notice_id)
    if notice is None:
        raise missing("notice")
    notice.seen_at = now
