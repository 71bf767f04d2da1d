"""Who is left out, and when everybody last had something, lie ready to be counted

Revision: 0005
Before it: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TRIGGERS = (
    "asides_added", "asides_changed", "asides_no_added", "asides_no_changed", "asides_no_removed", "asides_kept_out_added",
    "asides_kept_out_changed", "asides_kept_out_removed", "latest_records_added", "latest_records_changed",
    "latest_records_removed",
)  # fmt: skip
OWN = ("deleted_at", "email_key", "email_hash", "email_trouble", "marketing_opt_out")
IS_LEFT_OUT = (
    "deleted_at IS NOT NULL OR email_key IS NULL OR email_trouble IS NOT NULL OR marketing_opt_out = 1"
)
START = ["kind", "status", "starts_at", "ends_at", "customer_id"]
MOVED = "(old.customer_id <> new.customer_id OR old.kind <> new.kind)"
TURNED = ("customer_id", "kind", "status", "starts_at")


def upgrade() -> None:
    asides()
    latest_records()
    op.create_index("ix_shared_addresses_customer", "shared_addresses", ["customer_id", "place"])
    op.drop_index("ix_customers_left_out_email", "customers")
    op.drop_index("ix_customer_records_start", "customer_records")
    op.create_index("ix_customer_records_start", "customer_records", [*START, "currency", "amount"])
    op.drop_index("ix_events_kind", "events")
    op.create_index("ix_events_kind", "events", ["kind", "who", "at", "delivery_id"])


def asides() -> None:
    op.create_table(
        "asides",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("email_marketing", sa.String(20), nullable=True),
        sa.Column("email_newsletter", sa.String(20), nullable=True),
        sa.Column("email_operational", sa.String(20), nullable=True),
        gone_with_customer("asides"),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_asides")),
    )
    op.execute(among("1"))
    kept_out = "EXISTS (SELECT 1 FROM suppressions WHERE address_hash = new.email_hash AND channel = 'email')"
    own = "new.deleted_at IS NOT NULL OR new.email_key IS NULL OR new.email_trouble IS NOT NULL OR new.marketing_opt_out"
    moved = " OR ".join(f"new.{column} IS NOT old.{column}" for column in OWN)
    on("customers", "asides_added", "INSERT", f"{own} OR {kept_out}", among("id = new.id"))
    on("customers", "asides_changed", f"UPDATE OF {', '.join(OWN)}", moved, again("id = new.id"))
    for row, act, name in (("new", "INSERT", "added"), ("old", "DELETE", "removed")):
        no = f"{row}.channel = 'email' AND {row}.allowed = 0"
        on("preferences", f"asides_no_{name}", act, no, again(f"id = {row}.customer_id"))
        theirs = again(f"email_hash = {row}.address_hash")
        on("suppressions", f"asides_kept_out_{name}", act, f"{row}.channel = 'email'", theirs)
    on("preferences", "asides_no_changed", "UPDATE", "1", again("id IN (old.customer_id, new.customer_id)"))
    both = again("email_hash IN (old.address_hash, new.address_hash)")
    on("suppressions", "asides_kept_out_changed", "UPDATE", "1", both)


def among(which: str) -> str:
    reasons = (
        f"{why('marketing', True)} AS m, {why('newsletter', True)} AS n, {why('operational', False)} AS o"
    )
    return (
        "INSERT INTO asides(customer_id, email_marketing, email_newsletter, email_operational) SELECT * FROM (SELECT id, "
        f"{reasons} FROM customers WHERE {which}) WHERE m IS NOT NULL OR n IS NOT NULL OR o IS NOT NULL;"
    )


def again(which: str) -> str:
    return f"DELETE FROM asides WHERE customer_id IN (SELECT id FROM customers WHERE {which}); {among(which)}"


def why(message_type: str, heeds_no: bool) -> str:
    said = f"SELECT 1 FROM preferences WHERE customer_id = customers.id AND channel = 'email' AND message_type = '{message_type}'"
    no = f"WHEN marketing_opt_out OR EXISTS ({said} AND allowed = 0) THEN 'opted_out' " if heeds_no else ""
    kept_out = "SELECT 1 FROM suppressions WHERE address_hash = customers.email_hash AND channel = 'email'"
    return (
        "CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN email_key IS NULL THEN 'no_address' "
        f"WHEN email_trouble IS NOT NULL THEN 'bad_address' {no}"
        f"WHEN EXISTS ({kept_out} AND scope IN ('all', '{message_type}')) THEN 'suppressed' END"
    )


def latest_records() -> None:
    op.create_table(
        "latest_records",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        gone_with_customer("latest_records"),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_latest_records")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO latest_records(customer_id, kind, at) SELECT customer_id, kind, max(starts_at) FROM customer_records "
        "WHERE status <> 'cancelled' GROUP BY customer_id, kind"
    )
    op.create_index("ix_latest_records_at", "latest_records", ["kind", "at"])
    newer = "SELECT 1 FROM latest_records WHERE customer_id = new.customer_id AND kind = new.kind AND at >= new.starts_at"
    put_in = (
        "INSERT OR REPLACE INTO latest_records(customer_id, kind, at) VALUES (new.customer_id, new.kind, new.starts_at);"
    )  # fmt: skip
    turned = " OR ".join(f"new.{column} IS NOT old.{column}" for column in TURNED)
    table = "customer_records"
    on(
        table,
        "latest_records_added",
        "INSERT",
        f"new.status <> 'cancelled' AND NOT EXISTS ({newer})",
        put_in,
    )
    on(
        table,
        "latest_records_changed",
        f"UPDATE OF {', '.join(TURNED)}",
        turned,
        latest("old", MOVED) + latest("new"),
    )
    on(table, "latest_records_removed", "DELETE", "old.status <> 'cancelled'", latest("old"))


def latest(row: str, only_if: str = "1") -> str:
    pair = f"{only_if} AND customer_id = {row}.customer_id AND kind = {row}.kind"
    return (
        f"DELETE FROM latest_records WHERE {pair}; INSERT OR REPLACE INTO latest_records(customer_id, kind, at) "
        f"SELECT customer_id, kind, starts_at FROM customer_records WHERE {pair} AND status <> 'cancelled' "
        f"AND EXISTS (SELECT 1 FROM customers WHERE id = {row}.customer_id) ORDER BY starts_at DESC LIMIT 1;"
    )


def on(table: str, name: str, act: str, when: str, then: str) -> None:
    op.execute(f"CREATE TRIGGER {name} AFTER {act} ON {table} WHEN {when} BEGIN {then} END")


def gone_with_customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id"], ["customers.id"], name=f"fk_{table}_customer_id_customers", ondelete="CASCADE"
    )


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_index("ix_events_kind", "events")
    op.create_index("ix_events_kind", "events", ["kind", "at"])
    op.drop_index("ix_customer_records_start", "customer_records")
    op.create_index("ix_customer_records_start", "customer_records", START)
    op.create_index(
        "ix_customers_left_out_email",
        "customers",
        ["id", *OWN[:2], *OWN[3:]],
        sqlite_where=sa.text(IS_LEFT_OUT),
    )
    op.drop_index("ix_shared_addresses_customer", "shared_addresses")
    op.drop_table("latest_records")
    op.drop_table("asides")
