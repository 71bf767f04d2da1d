"""What is looked up too often to be searched for in the customer book itself: own fields one by one, and addresses that several share.

Triggers keep both true, whoever writes to `customers`; nobody else writes here.
"""

from sqlalchemy import DDL, Float, ForeignKey, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base

PLACES = ("email_key", "phone_key")


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
    __table_args__ = ({"sqlite_with_rowid": False},)

    place: Mapped[str] = mapped_column(String(20), primary_key=True)  # the column of `customers`
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)


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
        f"CREATE TRIGGER IF NOT EXISTS {name}_changed AFTER UPDATE OF {place} ON customers WHEN new.{place} IS NOT old.{place} "
        f"BEGIN {gone} {_share(place)} END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_removed AFTER DELETE ON customers WHEN old.{place} IS NOT NULL BEGIN {gone} END",
    ]


SHARE_TRIGGERS = [statement for place in PLACES for statement in _triggers(place)]

for _statement in [*FACT_TRIGGERS, *SHARE_TRIGGERS]:
    event.listen(Base.metadata, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
