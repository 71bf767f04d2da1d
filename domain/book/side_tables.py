"""What is looked up too often to be searched for in the customer book itself: own fields one by one, addresses that several
share, who is left out for a reason of their own, and when everybody last had something.

Triggers keep them true, whoever writes to the tables they are drawn from; nobody else writes here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, Float, ForeignKey, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Instant

PLACES = ("email_key", "phone_key", "whatsapp_key")
DRAWN_FROM = {"whatsapp_key": "phone_key, wa_user_id"}  # columns that are worked out


class CustomerFact(Base):
    """One own field of one customer. `number` is filled where the text is a number, however it was typed."""

    __tablename__ = "customer_facts"
    __table_args__ = (
        Index("ix_customer_facts_number", "key", "number"),
        Index("ix_customer_facts_text", "key", "text"),
        {"sqlite_with_rowid": False},
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    text: Mapped[str] = mapped_column(Text(collation="NOCASE"))
    number: Mapped[float | None] = mapped_column(Float)


class SharedAddress(Base):
    """Everybody whose address somebody else has too; one alone may stay behind where the other has left."""

    __tablename__ = "shared_addresses"
    __table_args__ = (
        Index("ix_shared_addresses_customer", "customer_id", "place"),
        {"sqlite_with_rowid": False},
    )

    place: Mapped[str] = mapped_column(String(20), primary_key=True)  # the column of `customers`
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)


class Aside(Base):
    """Whoever gets no message of some type for a reason that is theirs alone: a word of LeftOut, or "deleted". They are few.

    The answer is that of `consent.why_left_out`, which the launch and the engine ask; here it lies ready to be counted.
    """

    __tablename__ = "asides"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    email_marketing: Mapped[str | None] = mapped_column(String(20))
    email_newsletter: Mapped[str | None] = mapped_column(String(20))
    email_operational: Mapped[str | None] = mapped_column(String(20))


class LatestRecord(Base):
    """When a customer's last record of a kind begins, those that were cancelled aside. It may lie ahead."""

    __tablename__ = "latest_records"
    __table_args__ = (Index("ix_latest_records_at", "kind", "at"), {"sqlite_with_rowid": False})

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


def aside_of(channel: str, message_type: str) -> Any:
    """The column of `asides` that says why; None for a channel that has none, where everybody is read."""
    return getattr(Aside, f"{channel}_{message_type}", None)


_text = "coalesce(CAST(value AS TEXT), '')"
_is_number = f"json_type({_text}) IN ('integer', 'real')"
_number = f"CASE WHEN json_valid({_text}) THEN CASE WHEN {_is_number} THEN CAST({_text} AS REAL) END END"
_facts = (
    f"INSERT OR REPLACE INTO customer_facts(customer_id, key, text, number) SELECT new.id, key, {_text}, {_number} "
    "FROM json_each(new.attrs) WHERE json_type(new.attrs) = 'object';"
)

FACT_TRIGGERS = [
    f"CREATE TRIGGER IF NOT EXISTS customer_facts_added AFTER INSERT ON customers WHEN new.attrs <> '{{}}' BEGIN {_facts} END",
    "CREATE TRIGGER IF NOT EXISTS customer_facts_changed AFTER UPDATE OF attrs ON customers WHEN new.attrs <> old.attrs "
    f"BEGIN DELETE FROM customer_facts WHERE customer_id = new.id; {_facts} END",
]


def _share(place: str) -> str:
    """The newcomer, and the one who was alone until now. Where there are more, they are all written down already."""
    other = f"SELECT id FROM customers WHERE {place} = new.{place} AND id <> new.id LIMIT 1"
    return (
        f"INSERT OR IGNORE INTO shared_addresses(place, address, customer_id) SELECT '{place}', new.{place}, id FROM "
        f"({other}) UNION ALL SELECT '{place}', new.{place}, new.id WHERE EXISTS ({other});"
    )


def _triggers(place: str) -> list[str]:
    gone = f"DELETE FROM shared_addresses WHERE place = '{place}' AND address = old.{place} AND customer_id = old.id;"
    there = f"new.{place} IS NOT NULL AND EXISTS (SELECT 1 FROM customers WHERE {place} = new.{place} AND id <> new.id)"
    name = f"shared_{place}"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name}_added AFTER INSERT ON customers WHEN {there} BEGIN {_share(place)} END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_changed AFTER UPDATE OF {DRAWN_FROM.get(place, place)} ON customers WHEN new.{place} IS NOT old.{place} "
        f"BEGIN {gone} {_share(place)} END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_removed AFTER DELETE ON customers WHEN old.{place} IS NOT NULL BEGIN {gone} END",
    ]


SHARE_TRIGGERS = [statement for place in PLACES for statement in _triggers(place)]


def _why(message_type: str, heeds_no: bool) -> str:
    said = f"SELECT 1 FROM preferences WHERE customer_id = customers.id AND channel = 'email' AND message_type = '{message_type}'"
    no = f"WHEN marketing_opt_out OR EXISTS ({said} AND allowed = 0) THEN 'opted_out' " if heeds_no else ""
    kept_out = "SELECT 1 FROM suppressions WHERE address_hash = customers.email_hash AND channel = 'email'"
    return (
        "CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN email_key IS NULL THEN 'no_address' "
        f"WHEN email_trouble IS NOT NULL THEN 'bad_address' {no}"
        f"WHEN EXISTS ({kept_out} AND scope IN ('all', '{message_type}')) THEN 'suppressed' END"
    )


_reasons = (
    f"{_why('marketing', True)} AS m, {_why('newsletter', True)} AS n, {_why('operational', False)} AS o"
)


def asides_among(which: str) -> str:
    """A statement that writes down those of these customers who belong into `asides`."""
    return (
        f"INSERT INTO asides(customer_id, email_marketing, email_newsletter, email_operational) SELECT * FROM "
        f"(SELECT id, {_reasons} FROM customers WHERE {which}) WHERE m IS NOT NULL OR n IS NOT NULL OR o IS NOT NULL;"
    )


def _look_again(which: str) -> str:
    them = f"SELECT id FROM customers WHERE {which}"
    return f"DELETE FROM asides WHERE customer_id IN ({them}); {asides_among(which)}"


_OWN = ("deleted_at", "email_key", "email_hash", "email_trouble", "marketing_opt_out")
_stands_aside = (
    "new.deleted_at IS NOT NULL OR new.email_key IS NULL OR new.email_trouble IS NOT NULL OR new.marketing_opt_out "
    "OR EXISTS (SELECT 1 FROM suppressions WHERE address_hash = new.email_hash AND channel = 'email')"
)
_moved = " OR ".join(f"new.{column} IS NOT old.{column}" for column in _OWN)


def _trigger(name: str, act: str, table: str, when: str, then: str) -> str:
    return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {act} ON {table} WHEN {when} BEGIN {then} END"


_by_hash = "email_hash = {}.address_hash"
ASIDE_TRIGGERS = [
    _trigger("asides_added", "INSERT", "customers", _stands_aside, asides_among("id = new.id")),
    _trigger(
        "asides_changed", f"UPDATE OF {', '.join(_OWN)}", "customers", _moved, _look_again("id = new.id")
    ),
    _trigger(
        "asides_no_added",
        "INSERT",
        "preferences",
        "new.channel = 'email' AND new.allowed = 0",
        _look_again("id = new.customer_id"),
    ),
    _trigger(
        "asides_no_changed", "UPDATE", "preferences", "1", _look_again("id IN (old.customer_id, new.customer_id)")
    ),
    _trigger(
        "asides_no_removed",
        "DELETE",
        "preferences",
        "old.channel = 'email' AND old.allowed = 0",
        _look_again("id = old.customer_id"),
    ),
    _trigger(
        "asides_kept_out_added", "INSERT", "suppressions", "new.channel = 'email'", _look_again(_by_hash.format("new"))
    ),
    _trigger(
        "asides_kept_out_changed",
        "UPDATE",
        "suppressions",
        "1",
        _look_again("email_hash IN (old.address_hash, new.address_hash)"),
    ),
    _trigger(
        "asides_kept_out_removed", "DELETE", "suppressions", "old.channel = 'email'", _look_again(_by_hash.format("old"))
    ),
]  # fmt: skip

LATEST_OF_ALL = (
    "INSERT INTO latest_records(customer_id, kind, at) SELECT customer_id, kind, max(starts_at) FROM customer_records "
    "WHERE status <> 'cancelled' GROUP BY customer_id, kind"
)


_MOVED = "(old.customer_id <> new.customer_id OR old.kind <> new.kind)"


def _look_again_at(row: str, only_if: str = "1") -> str:
    """Where the customer is being deleted with all their records, nothing is written down any more."""
    pair = f"{only_if} AND customer_id = {row}.customer_id AND kind = {row}.kind"
    return (
        f"DELETE FROM latest_records WHERE {pair}; INSERT OR REPLACE INTO latest_records(customer_id, kind, at) "
        f"SELECT customer_id, kind, starts_at FROM customer_records WHERE {pair} AND status <> 'cancelled' "
        f"AND EXISTS (SELECT 1 FROM customers WHERE id = {row}.customer_id) ORDER BY starts_at DESC LIMIT 1;"
    )


_newer = "SELECT 1 FROM latest_records WHERE customer_id = new.customer_id AND kind = new.kind AND at >= new.starts_at"
_put_in = "INSERT OR REPLACE INTO latest_records(customer_id, kind, at) VALUES (new.customer_id, new.kind, new.starts_at);"
_turned = " OR ".join(
    f"new.{column} IS NOT old.{column}" for column in ("customer_id", "kind", "status", "starts_at")
)
LATEST_TRIGGERS = [
    _trigger(
        "latest_records_added",
        "INSERT",
        "customer_records",
        f"new.status <> 'cancelled' AND NOT EXISTS ({_newer})",
        _put_in,
    ),
    _trigger(
        "latest_records_changed",
        "UPDATE OF customer_id, kind, status, starts_at",
        "customer_records",
        _turned,
        _look_again_at("old", _MOVED) + _look_again_at("new"),
    ),
    _trigger(
        "latest_records_removed", "DELETE", "customer_records", "old.status <> 'cancelled'", _look_again_at("old")
    ),
]  # fmt: skip

# What was learned of somebody at WhatsApp belongs to the number, whoever changes that: a page, a list, an import taken back.
# Only who came without a number keeps the name they have there when they get one.
NUMBER_TRIGGERS = [
    _trigger(
        "customers_number_changed",
        "UPDATE OF phone_key",
        "customers",
        "new.phone_key IS NOT old.phone_key AND coalesce(new.whatsapp_trouble, new.wa_user_id) IS NOT NULL "
        "AND new.whatsapp_trouble IS old.whatsapp_trouble AND new.wa_user_id IS old.wa_user_id",
        "UPDATE customers SET whatsapp_trouble = NULL, wa_user_id = CASE WHEN old.phone_key IS NULL THEN wa_user_id END "
        "WHERE id = new.id;",
    )
]

for _statement in [*FACT_TRIGGERS, *SHARE_TRIGGERS, *ASIDE_TRIGGERS, *LATEST_TRIGGERS, *NUMBER_TRIGGERS]:
    event.listen(Base.metadata, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
