"""The Practice inbox: what Handbill's own mail catcher received while nothing may leave this machine."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from sqlalchemy import LargeBinary, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.refusal import missing
from domain.shop.people import Actor, Right

KEPT = 2_000  # messages; practice is no archive


class PracticeMail(Base):
    __tablename__ = "practice_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    sender: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)

    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def text(self) -> str:
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self.parsed().get_body((kind,))
        return str(part.get_content()) if part is not None else ""


def keep(session: Session, *, sender: str, recipient: str, raw: bytes, now: datetime) -> PracticeMail:
    heading = message_from_bytes(raw[:20_000], policy=policy.default)
    mail = PracticeMail(
        received_at=now,
        recipient=recipient,
        sender=str(heading.get("From", sender)),
        subject=str(heading.get("Subject", "")),
        raw=raw,
    )
    session.add(mail)
    return mail


def page(
    session: Session, *, search: str = "", before: int | None = None, limit: int = 50
) -> list[PracticeMail]:
    """Newest first."""
    query = select(PracticeMail).order_by(PracticeMail.id.desc()).limit(limit)
    if search.strip():
        like = search.strip()
        query = query.where(
            PracticeMail.recipient.icontains(like, autoescape=True)
            | PracticeMail.subject.icontains(like, autoescape=True)
        )
    return list(session.scalars(query.where(PracticeMail.id < before) if before else query))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PracticeMail)) or 0


def newest(session: Session) -> int:
    """Its number; 0 for an empty inbox. A change of it tells that mail came."""
    return session.scalar(select(func.max(PracticeMail.id))) or 0


def latest(session: Session) -> datetime | None:
    """When the newest came."""
    return session.scalar(select(func.max(PracticeMail.received_at)))


def read(session: Session, mail_id: int) -> PracticeMail:
    """With its whole content loaded."""
    found = session.get(PracticeMail, mail_id)
    if found is None:
        raise missing("message")
    assert found.raw is not None  # loads the deferred column while the session is open
    return found


def unread(session: Session) -> int:
    return session.scalar(select(func.count()).where(PracticeMail.seen_at.is_(None))) or 0


def mark_seen(session: Session, mail_id: int, *, now: datetime) -> None:
    first_look = (PracticeMail.id == mail_id) & PracticeMail.seen_at.is_(None)
    session.execute(
        update(PracticeMail)
        .where(first_look)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def empty(session: Session, *, by: Actor) -> None:
    """Practice mails are nobody's record: throwing them away touches no report."""
    by.require(Right.EDIT_CAMPAIGNS)
    session.execute(delete(PracticeMail))


def keep_newest(session: Session, most: int = KEPT) -> None:
    oldest = select(PracticeMail.id).order_by(PracticeMail.id.desc()).limit(1).offset(most).scalar_subquery()
    session.execute(delete(PracticeMail).where(PracticeMail.id <= oldest))
