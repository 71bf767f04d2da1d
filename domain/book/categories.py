"""What a record is about, in the shop's own words, such as "Rings" under "Jewellery": one level of nesting."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base


class Category(Base):
    __tablename__ = "categories"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    parent_key: Mapped[str | None] = mapped_column(ForeignKey("categories.key"))
    position: Mapped[int] = mapped_column(default=0)
