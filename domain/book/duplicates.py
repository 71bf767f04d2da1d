"""Customers who may be one person, and pairs of whom somebody said that they are not."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base


class DifferentPeople(Base):
    """Somebody looked: these two are not one. They are not suggested again."""

    __tablename__ = "different_people"

    first_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )  # the higher number
