"""Things a customer has or had, of some kind, over some time: orders, appointments, repairs, passes."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.book.person import Customer
from domain.book.words import flat, one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

USUAL_KINDS = [
    ("order", "Order", False),
    ("appointment", "Appointment", True),
    ("repair", "Repair", True),
    ("workshop", "Workshop place", True),
    ("pass", "Gift card or pass", True),
    ("subscription", "Care plan", True),
    ("quote", "Quote", True),
]
LENGTHS = {"title": 200, "category": 60, "staff": 60, "external_id": 120}
STATES = ("active", "done", "cancelled", "paused")
MODES = ("in_store", "online", "remote")
FIELDS = {
    *LENGTHS,
    "kind",
    "mode",
    "starts_at",
    "ends_at",
    "status",
    "amount",
    "currency",
    "uses_left",
    "source",
    "attrs",
}


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
        Index("ix_customer_records_start", "kind", "status", "starts_at"),
        Index("ix_customer_records_end", "kind", "ends_at"),
        Index("ix_customer_records_customer", "customer_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(ForeignKey("record_kinds.key"))
    title: Mapped[str] = mapped_column(String(200), default="")
    category: Mapped[str] = mapped_column(String(60), default="")
    staff: Mapped[str] = mapped_column(String(60), default="")
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


def ensure_usual_kinds(session: Session) -> None:
    """The kinds a jeweller or florist has; the shop may have added its own."""
    present = set(session.scalars(select(RecordKind.key)))
    session.add_all(
        RecordKind(key=key, label=label, has_end=has_end)
        for key, label, has_end in USUAL_KINDS
        if key not in present
    )
    session.flush()


def kinds(session: Session) -> dict[str, str]:
    """What each kind is called in this shop."""
    return {kind.key: kind.label for kind in session.scalars(select(RecordKind))}


def add(
    session: Session, customer_id: int, fields: dict[str, Any], *, by: Actor, now: datetime
) -> CustomerRecord:
    """What the customer has already done (not what lies ahead) counts as their own act."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = session.get(Customer, customer_id)
    if customer is None or customer.deleted_at:
        raise missing("customer")
    record = CustomerRecord(customer_id=customer.id, created_at=now, **_checked(session, fields))
    _refuse_twice(session, record)
    session.add(record)
    if record.starts_at <= now and record.status != "cancelled":
        customer.active_at = max(customer.active_at, record.starts_at)
    session.flush()
    audit.write(session, "record.added", by=by, now=now, subject_id=customer.id, after={"kind": record.kind})
    return record


def of(session: Session, customer_id: int) -> list[CustomerRecord]:
    """Newest first."""
    rows = select(CustomerRecord).where(CustomerRecord.customer_id == customer_id)
    return list(session.scalars(rows.order_by(CustomerRecord.starts_at.desc(), CustomerRecord.id.desc())))


def _checked(session: Session, fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(fields) - FIELDS):
        raise Refusal("unknown_field", f"A record has no field called {unknown[0]}.", Kind.MALFORMED)
    kind = fields.get("kind")
    if not isinstance(kind, str) or session.get(RecordKind, kind) is None:
        raise invalid(
            "kind", "Choose what this is: " + ", ".join(session.scalars(select(RecordKind.key))) + "."
        )
    starts_at, ends_at = (
        _moment("starts_at", fields.get("starts_at")),
        _moment("ends_at", fields.get("ends_at")),
    )
    if starts_at is None:
        raise invalid("starts_at", "Please say when it was or begins.")
    if ends_at and ends_at < starts_at:
        raise invalid("ends_at", "This ends before it begins.")
    texts = {name: one_line(name, fields.get(name), longest) for name, longest in LENGTHS.items()}
    return {
        **texts,
        "external_id": texts["external_id"] or None,
        "kind": kind,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "status": _one_of("status", fields.get("status") or "done", STATES),
        "mode": _one_of("mode", fields["mode"], MODES) if fields.get("mode") else None,
        "amount": _whole("amount", fields.get("amount")),
        "currency": _currency(fields.get("currency")),
        "uses_left": _whole("uses_left", fields.get("uses_left")),
        "source": one_line("source", fields.get("source"), 20) or "typed",
        "attrs": flat("attrs", fields.get("attrs") or {}),
    }


def _moment(field: str, value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(field, "This is not a moment. Write it like 2026-05-17T10:30.") from None


def _one_of(field: str, value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise invalid(field, "Choose one of: " + ", ".join(words) + ".")
    return str(value)


def _whole(field: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
        raise invalid(field, "This must be a whole number.")
    return value


def _currency(value: Any) -> str | None:
    word = one_line("currency", value, 3).upper()
    if word and not (len(word) == 3 and word.isascii() and word.isalpha()):
        raise invalid("currency", "A currency has three letters, such as GBP.")
    return word or None


def _refuse_twice(session: Session, record: CustomerRecord) -> None:
    same = select(CustomerRecord.id).where(
        CustomerRecord.source == record.source, CustomerRecord.external_id == record.external_id
    )
    if record.external_id and session.scalar(same):
        raise Refusal(
            "already_there", f"The record {record.external_id} is already in the book.", Kind.CONFLICT
        )
