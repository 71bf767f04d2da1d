"""What a campaign also says on a second channel: its content there, and who gets it. One row for each channel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.channels import channel as channels
from domain.refusal import invalid
from domain.sending import content

CHANNEL: Final = "whatsapp"
MAIN_CHANNEL: Final = "email"  # the only one that another can go beside
USUAL_DAYS: Final = 3
MOST_DAYS: Final = 30


class Goes(StrEnum):
    """To whom it goes; only ever to people who may be written to there."""

    INSTEAD = "instead"  # whose address on the main channel is missing or does not work
    AFTER = "after"  # these, and days later whoever it came back from, or who has not looked at it
    TOGETHER = "together"  # everybody in the audience, also those who get it on the main channel


class Sibling(Base):
    __tablename__ = "siblings"
    __table_args__ = (
        UniqueConstraint("campaign_id", "channel"),
        Index("ix_siblings_due", "due_at", sqlite_where=text("due_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    channel: Mapped[str] = mapped_column(String(20), default=CHANNEL)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as `Draft.content` of that channel
    goes: Mapped[Goes] = mapped_column(Word(Goes), default=Goes.INSTEAD)
    after_days: Mapped[int] = mapped_column(default=USUAL_DAYS)
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # when the clock asks; None: it does not
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(Text, default="")  # why the clock could not ask
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def is_apart(self) -> bool:
        """Nobody gets it on both channels."""
        return self.goes is not Goes.TOGETHER

    def begin_waiting(self, since: datetime) -> None:
        """Where it is wanted, the clock is to ask so many days after the main channel was over."""
        if self.goes is Goes.AFTER and self.asked_at is None:
            self.due_at = since + timedelta(days=self.after_days)


def of(session: Session, campaign_id: int) -> Sibling | None:
    return session.scalar(select(Sibling).where(Sibling.campaign_id == campaign_id))


def of_many(session: Session, campaign_ids: list[int]) -> dict[int, Sibling]:
    """By campaign; one that says nothing elsewhere is left out."""
    found = select(Sibling).where(Sibling.campaign_id.in_(campaign_ids))
    return {one.campaign_id: one for one in session.scalars(found)}


def as_json(sibling: Sibling | None) -> dict[str, Any] | None:
    """What somebody wrote of it, in the shape that `checked` takes."""
    if sibling is None:
        return None
    return {
        "channel": sibling.channel,
        "content": sibling.content,
        "goes": str(sibling.goes),
        "after_days": sibling.after_days,
    }


def checked(given: Any) -> dict[str, Any]:
    """What was typed or posted, with what is usual where nothing was said. Raises Refusal with the field "also"."""
    if not isinstance(given, Mapping):
        raise invalid("also", "This must be an object with what also goes by WhatsApp.")
    unknown = set(given) - {"channel", "content", "goes", "after_days"}
    if unknown:
        raise invalid("also", f"There is no field called {sorted(map(str, unknown))[0]} in it.")
    return {
        "channel": _channel(given.get("channel") or CHANNEL),
        "content": content.checked({"content": given.get("content") or {}})["content"],
        "goes": _goes(given.get("goes") or Goes.INSTEAD),
        "after_days": _days(given.get("after_days", USUAL_DAYS)),
    }


def copy(session: Session, from_id: int, to_id: int, *, now: datetime) -> None:
    """For a duplicate: the same words to the same people, and nothing of what became of it."""
    sibling = of(session, from_id)
    if sibling is None:
        return
    same = {name: getattr(sibling, name) for name in ("channel", "content", "goes", "after_days")}
    session.add(Sibling(campaign_id=to_id, error="", created_at=now, updated_at=now, **same))
    session.flush()


def _channel(value: Any) -> str:
    if value != CHANNEL:
        raise invalid("also", f"Only {channels.named(CHANNEL).label} can go beside email.")
    return CHANNEL


def _goes(value: Any) -> Goes:
    try:
        return Goes(value)
    except ValueError:
        raise invalid("goes", "Choose instead, after or together.") from None


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise invalid("afterDays", f"Choose from 1 to {MOST_DAYS} days.")
    return value
