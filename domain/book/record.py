"""Things a customer has or had, of some kind, over some time: the noun. Its verbs stand in `records`, its kinds in `record_kinds`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant


class RecordKind(Base):
    __tablename__ = "record_kinds"

    key: Mapped[str] = mapped_column(String(30), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    has_end: Mapped[bool] = mapped_column(default=False)
    icon: Mapped[str] = mapped_column(String(40), default="", server_default="")
    colour: Mapped[str] = mapped_column(String(20), default="", server_default="")
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class CustomerRecord(Base):
    __tablename__ = "customer_records"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        # They end in what a rule counts or adds up, so that the rows themselves need not be read.
        Index(
            "ix_customer_records_start",
            "kind",
            "status",
            "starts_at",
            "ends_at",
            "customer_id",
            "currency",
            "amount",
        ),
        Index("ix_customer_records_end", "kind", "ends_at", "starts_at", "status", "customer_id"),
        Index("ix_customer_records_customer", "customer_id", "kind", "starts_at", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(ForeignKey("record_kinds.key"))
    title: Mapped[str] = mapped_column(String(200), default="")
    category: Mapped[str] = mapped_column(String(60), default="")  # a key of `categories`
    staff: Mapped[str] = mapped_column(String(60), default="")  # a key of `staff`
    mode: Mapped[str | None] = mapped_column(String(10))  # in_store, online, remote
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(12), default="done")  # active, done, cancelled, paused
    amount: Mapped[int | None]  # minor units of `currency`
    currency: Mapped[str | None] = mapped_column(String(3))
    uses_left: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(20), default="typed")
    external_id: Mapped[str | None] = mapped_column(String(120))
    attrs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime | None] = mapped_column(Instant)  # empty where it was never changed
