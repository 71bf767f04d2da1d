"""Who served the customer or teaches the workshop: a name on a record. Who may sign in stands in domain/shop/staff."""

from typing import Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base
from domain.book.record import CustomerRecord
from domain.book.shelf import Shelf


class StaffMember(Base):
    __tablename__ = "staff"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(default=0)


SHELF: Final = Shelf("staff member", StaffMember, CustomerRecord.staff)
every, labels, get, counts = SHELF.every, SHELF.labels, SHELF.get, SHELF.counts
key_of, keys_of = SHELF.key_of, SHELF.keys_of
add, rename, order, delete = SHELF.add, SHELF.rename, SHELF.order, SHELF.delete
