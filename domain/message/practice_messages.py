"""Practice: the WhatsApp messages that went nowhere, as they stand on the phone of whoever would have got them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.listed import listed
from domain.refusal import missing
from domain.shop.people import Actor, Right

KEPT: Final = 2_000  # messages; practice is no archive
NUMBER: Final = re.compile(r"[\d\s+()./-]+")
LEAST_DIGITS: Final = 4  # of a number without the zeros before it
ORDER: Final = ("taken", "sent", "delivered", "read", "failed")


class PracticeMessage(Base):
    """One message, from the shop or from the person."""

    __tablename__ = "practice_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[str] = mapped_column(String(20), index=True)  # of the person, with its +
    from_shop: Mapped[bool]
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    mark: Mapped[str] = mapped_column(String(512), default="")  # ours, as it went out
    user_id: Mapped[str] = mapped_column(String(160), default="")
    template: Mapped[str] = mapped_column(String(512), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    category: Mapped[str] = mapped_column(String(30), default="")
    shown: Mapped[dict[str, Any]]  # header, media, link, body, footer, buttons
    status: Mapped[str] = mapped_column(String(12), default="taken")
    code: Mapped[int] = mapped_column(default=0)  # why it failed
    seen_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Chat:
    """One person's phone, by its newest message."""

    number: str
    newest: PracticeMessage
    unseen: int


def keep(
    session: Session,
    *,
    number: str,
    from_shop: bool,
    message_id: str,
    shown: Mapping[str, Any],
    now: datetime,
    mark: str = "",
    user_id: str = "",
    template: str = "",
    language: str = "",
    category: str = "",
    code: int = 0,
) -> PracticeMessage:
    row = PracticeMessage(
        at=now, number=number, from_shop=from_shop, message_id=message_id, mark=mark, user_id=user_id, template=template,
        language=language, category=category, shown=dict(shown), status="failed" if code else "taken", code=code,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def chats(session: Session, *, search: str = "", of: Sequence[str] = (), limit: int = 50) -> list[Chat]:
    """The newest first. `search`: in the numbers and in all that was said; `of`: also these phones, for the name they belong to."""
    newest = select(func.max(PracticeMessage.id)).group_by(PracticeMessage.number)
    if search:
        newest = newest.where(PracticeMessage.number.in_(_fitting(search, of)))
    query = select(PracticeMessage).where(PracticeMessage.id.in_(newest)).order_by(PracticeMessage.id.desc())
    rows = list(session.scalars(query.limit(limit)))
    waiting = _unseen(session, [one.number for one in rows])
    return [Chat(one.number, one, waiting.get(one.number, 0)) for one in rows]


def chat(session: Session, number: str, *, limit: int = 100) -> list[PracticeMessage]:
    """The oldest first, as on a phone."""
    theirs = select(PracticeMessage).where(PracticeMessage.number == number)
    rows = session.scalars(theirs.order_by(PracticeMessage.id.desc()).limit(limit)).all()
    return list(reversed(rows))


def read(session: Session, row_id: int) -> PracticeMessage:
    found = session.get(PracticeMessage, row_id)
    if found is None:
        raise missing("message")
    return found


def note(session: Session, row_id: int, status: str, *, code: int = 0) -> None:
    """What became of it there; a later step is not followed by an earlier one."""
    row = read(session, row_id)
    if ORDER.index(status) > ORDER.index(row.status):
        row.status, row.code = status, code


def latest_from_them(session: Session) -> dict[str, datetime]:
    """When each of them last wrote."""
    theirs = select(PracticeMessage.number, func.max(PracticeMessage.at)).where(~PracticeMessage.from_shop)
    found: dict[str, datetime] = dict(iter(session.execute(theirs.group_by(PracticeMessage.number))))
    return found


def phones(session: Session) -> tuple[int, int]:
    """How many there are, and on how many of them lies something that nobody has seen."""
    number = func.count(func.distinct(PracticeMessage.number))
    fresh = select(number).where(PracticeMessage.seen_at.is_(None), PracticeMessage.from_shop)
    return session.scalar(select(number)) or 0, session.scalar(fresh) or 0


def mark_seen(session: Session, number: str, *, now: datetime) -> None:
    theirs = PracticeMessage.number == number, PracticeMessage.seen_at.is_(None)
    session.execute(
        update(PracticeMessage)
        .where(*theirs)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PracticeMessage)) or 0


def newest(session: Session) -> int:
    """Its number; 0 for none. A change of it tells that something came."""
    return session.scalar(select(func.max(PracticeMessage.id))) or 0


def latest(session: Session) -> datetime | None:
    """When the newest from the shop came."""
    return session.scalar(select(func.max(PracticeMessage.at)).where(PracticeMessage.from_shop))


def empty(session: Session, *, by: Actor) -> None:
    by.require(Right.EDIT_CAMPAIGNS)
    session.execute(delete(PracticeMessage))


def keep_newest(session: Session, most: int = KEPT) -> None:
    oldest = select(PracticeMessage.id).order_by(PracticeMessage.id.desc()).limit(1).offset(most)
    session.execute(delete(PracticeMessage).where(PracticeMessage.id <= oldest.scalar_subquery()))


def _fitting(search: str, of: Sequence[str]) -> Select[str]:
    """A number may be typed as people write it: with spaces, or with the zeros that stand before it at home."""
    said = PracticeMessage.shown["body"].as_string().icontains(search, autoescape=True)
    digits = "".join(filter(str.isdecimal, search)) if NUMBER.fullmatch(search) else ""
    spelled = {one for one in (digits, digits.lstrip("0")) if one == digits or len(one) >= LEAST_DIGITS} - {
        ""
    }
    numbers = [PracticeMessage.number.contains(one) for one in spelled]
    return select(PracticeMessage.number).where(or_(said, PracticeMessage.number.in_(listed(of)), *numbers))


def _unseen(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    waiting = (
        PracticeMessage.seen_at.is_(None),
        PracticeMessage.from_shop,
        PracticeMessage.number.in_(numbers),
    )
    rows = select(PracticeMessage.number, func.count()).where(*waiting).group_by(PracticeMessage.number)
    found: dict[str, int] = dict(iter(session.execute(rows)))
    return found
