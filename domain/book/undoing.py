"""Taking an import back (N18): what it changed is kept for some days, and whoever was changed since stays as they are."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base


class ImportChange(Base):
    """What one import did to one customer or record."""

    __tablename__ = "import_changes"
    __table_args__ = (Index("ix_import_changes_import", "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: it may be gone by then
    record_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(10))  # added, changed
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what stood there, of what was changed
    version: Mapped[int | None]  # the customer's, right after the import: another one means changed since
