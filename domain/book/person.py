"""A person the shop knows, with tags and dates: the nouns of the customer book."""

from datetime import datetime
from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.base import Base, Instant
from domain.book.days import Day


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_gone", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
        Index("ix_customers_created", "created_at"),
        Index("ix_customers_active_at", "active_at"),
        Index("ix_customers_name", "last_name", "first_name", "id"),
        Index("ix_customers_wa_user_id", "wa_user_id", sqlite_where=text("wa_user_id IS NOT NULL")),
        Index("ix_customers_whatsapp_key", "whatsapp_key"),
        Index("ix_customers_merged_into", "merged_into", sqlite_where=text("merged_into IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    company: Mapped[str] = mapped_column(String(160), default="")
    email: Mapped[str] = mapped_column(String(320), default="")  # as typed; shown on the screen
    email_key: Mapped[str | None] = mapped_column(
        String(320), index=True
    )  # normalised; what a message goes to
    email_hash: Mapped[str | None] = mapped_column(String(32), index=True)  # keyed; how suppressions find it
    email_trouble: Mapped[str | None] = mapped_column(
        String(20)
    )  # "bounced", "complained", "invalid": not written to
    phone: Mapped[str] = mapped_column(String(40), default="")
    phone_key: Mapped[str | None] = mapped_column(String(20), index=True)  # E.164
    phone_hash: Mapped[str | None] = mapped_column(String(32))
    whatsapp_trouble: Mapped[str | None] = mapped_column(String(20))  # of the number; gone when that changes
    wa_user_id: Mapped[str | None] = mapped_column(
        String(160)
    )  # there people may have a name instead of a number
    wa_user_hash: Mapped[str | None] = mapped_column(String(32))
    # Where a message by WhatsApp goes: to the number, and to that name where no number is known.
    whatsapp_key: Mapped[str | None] = mapped_column(
        String(160), Computed("coalesce(phone_key, wa_user_id)", persisted=False)
    )
    whatsapp_hash: Mapped[str | None] = mapped_column(
        String(32), Computed("coalesce(phone_hash, wa_user_hash)", persisted=False)
    )
    status: Mapped[str] = mapped_column(String(40), default="customer", index=True)
    language: Mapped[str] = mapped_column(String(10), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    preferred_channel: Mapped[str] = mapped_column(String(20), default="", server_default="")
    postcode: Mapped[str] = mapped_column(String(20), default="", server_default="")
    marketing_opt_out: Mapped[bool] = mapped_column(default=False)  # global; wins over every preference
    active_at: Mapped[datetime] = mapped_column(
        Instant
    )  # the customer's own last act; at first, when they were added
    notes: Mapped[str] = mapped_column(Text, default="")
    attrs: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the shop's own fields
    source: Mapped[str] = mapped_column(String(20), default="typed")  # typed, import, api, sample
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    merged_into: Mapped[int | None]  # the customer who took over everything of this one, which is deleted
    version: Mapped[int] = mapped_column(default=1)

    tags: Mapped[list["Tag"]] = relationship(secondary="customer_tags", order_by="Tag.name", lazy="raise")
    dates: Mapped[list["CustomerDate"]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", lazy="raise"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def shown_name(self) -> str:
        return self.full_name or self.company or self.email or self.phone or "Nameless"


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60, collation="NOCASE"), unique=True)


class CustomerTag(Base):
    __tablename__ = "customer_tags"
    __table_args__ = (Index("ix_customer_tags_tag", "tag_id", "customer_id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)


class CustomerDate(Base):
    """A day that comes back every year: a birthday, a wedding. The year may be unknown."""

    __tablename__ = "customer_dates"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "note"),
        Index("ix_customer_dates_day", "kind", "month", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))  # birthday, wedding, engagement, name_day, custom
    month: Mapped[int]
    day: Mapped[int]
    year: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(80), default="")

    customer: Mapped[Customer] = relationship(back_populates="dates", lazy="raise")

    @property
    def as_day(self) -> Day:
        return Day(self.month, self.day, self.year)
