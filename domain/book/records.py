"""Writing down what a customer has or had, changing it and taking it out again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.book import categories, record_kinds, staff
from domain.book.person import Customer
from domain.book.record import CustomerRecord, RecordKind
from domain.book.words import flat, one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit, shop
from domain.shop.money import currency_of
from domain.shop.people import Actor, Right

__all__ = [
    "CustomerRecord", "RecordKind", "add", "change", "delete", "ensure_usual_kinds", "get", "how_many", "kinds", "of",
]  # fmt: skip

LENGTHS: Final = {"title": 200, "category": 60, "staff": 60, "external_id": 120}
STATES: Final = ("active", "done", "cancelled", "paused")
MODES: Final = ("in_store", "online", "remote")
FIELDS: Final = (
    *LENGTHS, "kind", "mode", "starts_at", "ends_at", "status", "amount", "currency", "uses_left", "source", "attrs",
)  # fmt: skip
# Without an end these are over when they were; others go on until somebody says otherwise.
OVER_AT_ONCE: Final = ("order", "appointment", "workshop", "quote")

ensure_usual_kinds = record_kinds.ensure_usual
kinds = record_kinds.labels


def add(
    session: Session, customer_id: int, fields: dict[str, Any], *, by: Actor, now: datetime
) -> CustomerRecord:
    """What the customer has already done (not what lies ahead) counts as their own act."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = _living(session, customer_id)
    record = CustomerRecord(customer_id=customer.id, created_at=now, **_checked(session, fields, now))
    _refuse_twice(session, record)
    session.add(record)
    _count_as_act(customer, record, now)
    session.flush()
    audit.write(session, "record.added", by=by, now=now, subject_id=customer.id, after=_seen(record))
    return record


def change(
    session: Session, record_id: int, fields: dict[str, Any], *, by: Actor, now: datetime
) -> CustomerRecord:
    """Change what is given."""
    by.require(Right.EDIT_CUSTOMERS)
    record = get(session, record_id)
    customer = _living(session, record.customer_id)
    before = {name: getattr(record, name) for name in FIELDS}
    checked = _checked(session, before | fields, now)
    changed = {name: value for name, value in checked.items() if value != before[name]}
    if not changed:
        return record
    seen = _seen(record)
    for name, value in changed.items():
        setattr(record, name, value)
    with session.no_autoflush:
        _refuse_twice(session, record)
    record.updated_at = now
    _count_as_act(customer, record, now)
    session.flush()
    before, after = _differences(seen, _seen(record))
    audit.write(
        session, "record.changed", by=by, now=now, subject_id=customer.id, before={"id": record.id, **before}, after=after
    )  # fmt: skip
    return record


def delete(session: Session, record_id: int, *, by: Actor, now: datetime) -> None:
    by.require(Right.EDIT_CUSTOMERS)
    record = get(session, record_id)
    audit.write(
        session, "record.deleted", by=by, now=now, subject_id=record.customer_id, before=_seen(record)
    )
    session.delete(record)
    session.flush()


def get(session: Session, record_id: int) -> CustomerRecord:
    record = session.get(CustomerRecord, record_id)
    if record is None:
        raise missing("record")
    return record


def of(session: Session, customer_id: int, *, most: int | None = None) -> list[CustomerRecord]:
    """The timeline: what lies ahead first, then back in time."""
    rows = select(CustomerRecord).where(CustomerRecord.customer_id == customer_id).limit(most)
    return list(session.scalars(rows.order_by(CustomerRecord.starts_at.desc(), CustomerRecord.id.desc())))


def how_many(session: Session, customer_id: int) -> int:
    return session.scalar(select(func.count()).where(CustomerRecord.customer_id == customer_id)) or 0


def _living(session: Session, customer_id: int) -> Customer:
    customer = session.get(Customer, customer_id)
    if customer is None or customer.deleted_at:
        raise missing("customer")
    return customer


def _count_as_act(customer: Customer, record: CustomerRecord, now: datetime) -> None:
    if record.starts_at <= now and record.status != "cancelled":
        customer.active_at = max(customer.active_at, record.starts_at)


def _checked(session: Session, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise Refusal("unknown_field", f"A record has no field called {unknown[0][:60]}.", Kind.MALFORMED)
    kind = _kind(session, fields.get("kind"))
    starts_at, ends_at = _span(fields)
    texts = {name: one_line(name, fields.get(name), longest) for name, longest in LENGTHS.items()}
    amount = _whole("amount", fields.get("amount"))
    return {
        **texts,
        "category": categories.key_of(session, texts["category"]),
        "staff": staff.key_of(session, texts["staff"]),
        "external_id": texts["external_id"] or None,
        "kind": kind.key,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "status": _status(fields.get("status"), kind, starts_at, ends_at, now),
        "mode": _one_of("mode", fields["mode"], MODES) if fields.get("mode") else None,
        "amount": amount,
        "currency": _currency(session, fields.get("currency"), amount),
        "uses_left": _not_less_than_none(_whole("uses_left", fields.get("uses_left"))),
        "source": one_line("source", fields.get("source"), 20) or "typed",
        "attrs": flat("attrs", fields.get("attrs") or {}),
    }


def _kind(session: Session, key: Any) -> RecordKind:
    kind = session.get(RecordKind, key) if isinstance(key, str) else None
    if kind is None:
        raise invalid("kind", "Choose what this is: " + ", ".join(record_kinds.labels(session)) + ".")
    return kind


def _span(fields: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    starts_at = _moment("starts_at", fields.get("starts_at"))
    ends_at = _moment("ends_at", fields.get("ends_at"))
    if starts_at is None:
        raise invalid("starts_at", "Please say when it was or begins.")
    if ends_at and ends_at < starts_at:
        raise invalid("ends_at", "This ends before it begins.")
    return starts_at, ends_at


def _status(
    given: Any, kind: RecordKind, starts_at: datetime, ends_at: datetime | None, now: datetime
) -> str:
    """As said; otherwise what the dates say: something that lies ahead or goes on is not done yet."""
    if given:
        return _one_of("status", given, STATES)
    goes_on = ends_at is None and kind.has_end and kind.key not in OVER_AT_ONCE
    lies_ahead = starts_at > now or bool(ends_at and ends_at > now)
    return "active" if lies_ahead or goes_on else "done"


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


def _not_less_than_none(uses_left: int | None) -> int | None:
    if uses_left is not None and uses_left < 0:
        raise invalid("uses_left", "There can't be less than none left.")
    return uses_left


def _currency(session: Session, value: Any, amount: int | None) -> str | None:
    """An amount without one is in the shop's own money."""
    word = one_line("currency", value, 3).upper()
    if word and not (len(word) == 3 and word.isascii() and word.isalpha()):
        raise invalid("currency", "A currency has three letters, such as GBP.")
    if word or amount is None:
        return word or None
    return currency_of(shop.read(session).country)


def _refuse_twice(session: Session, record: CustomerRecord) -> None:
    same = select(CustomerRecord.id).where(
        CustomerRecord.source == record.source,
        CustomerRecord.external_id == record.external_id,
        CustomerRecord.id != (record.id or 0),
    )
    if record.external_id and session.scalar(same):
        raise Refusal(
            "already_there", f"The record {record.external_id} is already in the book.", Kind.CONFLICT
        )


def _seen(record: CustomerRecord) -> dict[str, Any]:
    """What the audit log keeps of it: what is filled, as plain values."""
    values = {name: getattr(record, name) for name in FIELDS if getattr(record, name)}
    plain = {name: str(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return {"id": record.id, **plain}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in FIELDS if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}
