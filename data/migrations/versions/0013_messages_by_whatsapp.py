"""What a message by WhatsApp says, its templates, the shop's number there, and whom it has written to within a day

Revision: 0013
Before it: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER_CHANGED = (
    "CREATE TRIGGER customers_number_changed AFTER UPDATE OF phone_key ON customers WHEN "
    "new.phone_key IS NOT old.phone_key AND coalesce(new.whatsapp_trouble, new.wa_user_id) IS NOT NULL "
    "AND new.whatsapp_trouble IS old.whatsapp_trouble AND new.wa_user_id IS old.wa_user_id "
    "BEGIN UPDATE customers SET whatsapp_trouble = NULL, wa_user_id = NULL WHERE id = new.id; END"
)


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("content", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("dispatches", sa.Column("content", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("customers", sa.Column("whatsapp_trouble", sa.String(20), nullable=True))
    op.add_column("customers", sa.Column("wa_user_id", sa.String(160), nullable=True))
    known = sa.text("wa_user_id IS NOT NULL")
    op.create_index("ix_customers_wa_user_id", "customers", ["wa_user_id"], sqlite_where=known)
    op.execute(NUMBER_CHANGED)
    op.create_table(
        "whatsapp_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("remote_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("category", sa.String(30), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("quality", sa.String(20), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("rejected_reason", sa.Text(), nullable=False),
        sa.Column("synced_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_templates")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_whatsapp_templates_name_language")),
    )
    op.create_table(
        "whatsapp_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone_number_id", sa.String(40), nullable=False),
        sa.Column("practice", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("quality", sa.String(20), nullable=False),
        sa.Column("tier", sa.String(30), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("resting_until", sa.DateTime(), nullable=True),
        sa.Column("last_success_at", sa.DateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=True),
        sa.Column("synced_at", sa.DateTime(), nullable=True),
        sa.Column("sync_error", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_numbers")),
    )
    op.create_table(
        "whatsapp_reached",
        sa.Column("address", sa.String(160), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_whatsapp_reached")),
    )
    op.create_index(op.f("ix_whatsapp_reached_at"), "whatsapp_reached", ["at"])


def downgrade() -> None:
    op.drop_table("whatsapp_reached")
    op.drop_table("whatsapp_numbers")
    op.drop_table("whatsapp_templates")
    op.execute("DROP TRIGGER customers_number_changed")
    op.drop_index("ix_customers_wa_user_id", "customers")
    op.drop_column("customers", "wa_user_id")
    op.drop_column("customers", "whatsapp_trouble")
    op.drop_column("dispatches", "content")
    op.drop_column("campaigns", "content")
