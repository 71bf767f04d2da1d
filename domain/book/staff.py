"""Who served the customer or teaches the workshop: a name on a record. Who may sign in stands in domain/shop/staff."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base


class StaffMember(Base):
    __tablename__ = "staff"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(default=0)
