"""An import: which file, how it is meant, how far it came, what became of it."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    cast,
    exists,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from data.base import Base, Instant
from domain.book.columns import CUSTOMERS
from domain.book.person import Customer
from domain.refusal import missing
from domain.shop.people import Actor, Right, Role

RUNNING, DONE, FAILED, UNDOING, UNDONE = "running", "done", "failed", "undoing", "undone"
CHANGED, ADDED = "changed", "added"
KEPT_FOR: Final = timedelta(days=30)  # what an import changed, so that it can be taken back


class Import(Base):
    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    basis: Mapped[str] = mapped_column(String(200), default="")  # why the shop may write to these people
    kind: Mapped[str] = mapped_column(
        String(30), default=CUSTOMERS, server_default=CUSTOMERS
    )  # or a record kind
    state: Mapped[str] = mapped_column(
        String(10), default=DONE, server_default=DONE
    )  # running, done, failed, undoing, undone
    worker_id: Mapped[int | None]  # who is at it
    total: Mapped[int] = mapped_column(default=0, server_default="0")  # people or records to take
    done: Mapped[int] = mapped_column(default=0, server_default="0")  # of them, how far it came
    options: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default="{}"
    )  # how the file is meant, who asked, and where its bytes lie
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    added: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0, server_default="0")  # rows; the first reasons are below
    rejected: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [{"row": 7, "reason": "..."}]
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # see undoing
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_open(self) -> bool:
        return self.state in (RUNNING, UNDOING)

    @property
    def asked_by(self) -> dict[str, Any]:
        by: dict[str, Any] = self.options.get("by", {})
        return by


class ImportChange(Base):
    """What one import did to one customer or record that was there before, or into which groups it put a new one."""

    __tablename__ = "import_changes"
    __table_args__ = (Index("ix_import_changes_import", "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: it may be gone by then
    record_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(10))  # changed, added
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of what was changed: before and after
    version: Mapped[int | None]  # the customer's, right after the import


def get(session: Session, import_id: int, *, by: Actor) -> Import:
    by.require(Right.EDIT_CUSTOMERS)
    entry = session.get(Import, import_id)
    if entry is None:
        raise missing("import")
    return entry


def latest(session: Session, *, by: Actor, limit: int = 50, before: int | None = None) -> list[Import]:
    """Newest first, without their reasons."""
    by.require(Right.EDIT_CUSTOMERS)
    rows = select(Import).options(defer(Import.rejected, raiseload=True)).order_by(Import.id.desc())
    return list(session.scalars((rows.where(Import.id < before) if before else rows).limit(limit)))


def added_by(session: Session, import_id: int) -> set[int]:
    """The customers that came with it and are in the book."""
    mine = select(Customer.id).where(Customer.import_id == import_id, Customer.deleted_at.is_(None))
    return set(session.scalars(mine))


def let_go_of_members(session: Session, group_id: int, customer_ids: Select[Any]) -> None:
    """A hand has put these into the group: whatever put them there before, taking an import back leaves them in it."""
    named_groups = cast(Import.mapping, Text).contains('"groups"')
    among = list(session.scalars(select(Import.id).where(named_groups, Import.state != UNDONE)))
    if not among:
        return
    listed = func.json_each(ImportChange.before, "$.groups").table_valued("value", name="listed")
    noted = exists(select(1).select_from(listed).where(listed.c.value == group_id))
    others = (
        select(func.json_group_array(listed.c.value)).select_from(listed).where(listed.c.value != group_id)
    )
    rest = func.json_set(ImportChange.before, "$.groups", func.json(others.scalar_subquery()))
    theirs = ImportChange.import_id.in_(among), ImportChange.customer_id.in_(customer_ids), noted
    forgetting = update(ImportChange).where(*theirs).values(before=type_coerce(rest, Text))
    session.execute(forgetting.execution_options(synchronize_session=False))


def how_many(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Import)) or 0


def asker(entry: Import) -> Actor:
    """Whoever started it; what runs later is still their act."""
    asked = entry.asked_by
    role = Role(asked.get("role", Role.CLOCK))
    return Actor(
        entry.by_user_id,
        asked.get("name", "Handbill"),
        role,
        asked.get("via", "clock"),
        False,
        asked.get("address", ""),
    )


def wanted_files(session: Session, *, now: datetime) -> set[str]:
    """What still lies beside the database for one of them: the file itself while it runs, its refused rows for a while."""
    recent = select(Import.options).where(Import.created_at > now - KEPT_FOR)
    names = {options.get("refused_file") for options in session.scalars(recent)}
    open_ones = select(Import.options).where(Import.state.in_((RUNNING, UNDOING)))
    names |= {options.get("file") for options in session.scalars(open_ones)}
    return {name for name in names if name}
