"""What recipients, and machines on the way to them, did with a message: opened, clicked. Every hit is one row.

Who did it is judged when the row is written, and once more when a later hit tells more: see `results.humans`.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant

OPENED, CLICKED = "opened", "clicked"
LONGEST_AGENT = 200  # characters


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_delivery", "delivery_id", "kind"),
        Index("ix_events_kind", "kind", "who", "at", "delivery_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))  # opened, clicked
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(8), default="human")  # human, machine, unsure
    rule: Mapped[str] = mapped_column(String(20), default="", server_default="")  # that decided who
    link: Mapped[int | None]  # a place of `targets`; none for an open, and where a provider reported it
    agent: Mapped[str] = mapped_column(String(LONGEST_AGENT), default="", server_default="")
    device: Mapped[str] = mapped_column(String(10), default="", server_default="")  # phone, tablet, computer
