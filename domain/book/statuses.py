"""The statuses a customer can have in this shop: the shop's own words, each counted as active or not."""

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base

USUAL = [("lead", "Lead", True), ("customer", "Customer", True), ("vip", "VIP", True), ("former", "Former", False)]


class Status(Base):
    __tablename__ = "customer_statuses"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


def every(session: Session) -> list[Status]:
    return list(session.scalars(select(Status).order_by(Status.position, Status.key)))
