"""The mark of this installation in its database. A file beside the database holds the same; a copy does not match."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant


class Installation(Base):
    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(32))
    beats: Mapped[int] = mapped_column(default=0)  # grows while a worker lives, here and in the file beside
    fenced_at: Mapped[datetime | None] = mapped_column(Instant)  # nothing is sent until the owner confirms
    copied_at: Mapped[datetime | None] = mapped_column(Instant)  # the last beat of the copy
