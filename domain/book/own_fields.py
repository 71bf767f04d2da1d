"""The shop's own fields, such as "Ring size": what each is called and what it holds. The values lie in `customers.attrs`."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base


class OwnField(Base):
    __tablename__ = "own_fields"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)  # as in attrs and in {{ attrs.key }}
    label: Mapped[str] = mapped_column(String(60))
    sort: Mapped[str] = mapped_column(String(10), default="text")  # text, number, date, yes_no, choice
    choices: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
