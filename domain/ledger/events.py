"""What the outside reported about a delivery: opened, clicked. Who did it, a person or a machine, is judged once and kept."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant


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
