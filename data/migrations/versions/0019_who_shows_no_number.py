"""Whoever shows no number on WhatsApp is reached by the id they have there: one column says where a message goes

Revision: 0019
Before it: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OTHER = "SELECT id FROM customers WHERE whatsapp_key = new.whatsapp_key AND id <> new.id LIMIT 1"
SHARE = (
    "INSERT OR IGNORE INTO shared_addresses(place, address, customer_id) "
    f"SELECT 'whatsapp_key', new.whatsapp_key, id FROM ({OTHER}) "
    f"UNION ALL SELECT 'whatsapp_key', new.whatsapp_key, new.id WHERE EXISTS ({OTHER});"
)
GONE = "DELETE FROM shared_addresses WHERE place = 'whatsapp_key' AND address = old.whatsapp_key AND customer_id = old.id;"
THERE = (
    "new.whatsapp_key IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM customers WHERE whatsapp_key = new.whatsapp_key AND id <> new.id)"
)
SHARED = (
    f"CREATE TRIGGER IF NOT EXISTS shared_whatsapp_key_added AFTER INSERT ON customers WHEN {THERE} BEGIN {SHARE} END",
    "CREATE TRIGGER IF NOT EXISTS shared_whatsapp_key_changed AFTER UPDATE OF phone_key, wa_user_id ON customers "
    f"WHEN new.whatsapp_key IS NOT old.whatsapp_key BEGIN {GONE} {SHARE} END",
    "CREATE TRIGGER IF NOT EXISTS shared_whatsapp_key_removed AFTER DELETE ON customers "
    f"WHEN old.whatsapp_key IS NOT NULL BEGIN {GONE} END",
)
TWICE = "SELECT whatsapp_key FROM customers WHERE whatsapp_key IS NOT NULL GROUP BY whatsapp_key HAVING count(*) > 1"
FILL = (
    "INSERT INTO shared_addresses(place, address, customer_id) SELECT 'whatsapp_key', whatsapp_key, id FROM customers "
    f"WHERE whatsapp_key IN ({TWICE})"
)
WHEN = (
    "new.phone_key IS NOT old.phone_key AND coalesce(new.whatsapp_trouble, new.wa_user_id) IS NOT NULL "
    "AND new.whatsapp_trouble IS old.whatsapp_trouble AND new.wa_user_id IS old.wa_user_id"
)


def upgrade() -> None:
    op.add_column("customers", sa.Column("wa_user_hash", sa.String(32), nullable=True))
    for name, length, parts in (
        ("whatsapp_key", 160, "phone_key, wa_user_id"),
        ("whatsapp_hash", 32, "phone_hash, wa_user_hash"),
    ):
        worked_out = sa.Computed(f"coalesce({parts})", persisted=False)
        op.add_column("customers", sa.Column(name, sa.String(length), worked_out, nullable=True))
    op.create_index("ix_customers_whatsapp_key", "customers", ["whatsapp_key"])
    for statement in SHARED:
        op.execute(sa.text(statement))
    op.execute(sa.text(FILL))
    _forget_with_the_number("CASE WHEN old.phone_key IS NULL THEN wa_user_id END")


def downgrade() -> None:
    _forget_with_the_number("NULL")
    for name in ("added", "changed", "removed"):
        op.execute(sa.text(f"DROP TRIGGER shared_whatsapp_key_{name}"))
    op.execute(sa.text("DELETE FROM shared_addresses WHERE place = 'whatsapp_key'"))
    op.drop_index("ix_customers_whatsapp_key", "customers")
    for name in ("whatsapp_hash", "whatsapp_key", "wa_user_hash"):
        op.drop_column("customers", name)


def _forget_with_the_number(what_stays: str) -> None:
    op.execute(sa.text("DROP TRIGGER customers_number_changed"))
    op.execute(
        sa.text(
            f"CREATE TRIGGER customers_number_changed AFTER UPDATE OF phone_key ON customers WHEN {WHEN} BEGIN "
            f"UPDATE customers SET whatsapp_trouble = NULL, wa_user_id = {what_stays} WHERE id = new.id; END"
        )
    )
