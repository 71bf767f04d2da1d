"""Groups, categories, staff, own fields, events of a delivery, imports that run and can be taken back, merged customers

Revision: 0004
Before it: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEW_TABLES = (
    "events", "import_changes", "different_people", "group_members", "groups", "own_fields", "staff", "categories",
)  # fmt: skip
NEW_COLUMNS = {
    "record_kinds": [
        sa.Column("icon", sa.String(40), nullable=False, server_default=""),
        sa.Column("colour", sa.String(20), nullable=False, server_default=""),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
    ],
    "customer_records": [
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=True),
    ],
    "customers": [
        sa.Column("preferred_channel", sa.String(20), nullable=False, server_default=""),
        sa.Column("postcode", sa.String(20), nullable=False, server_default=""),
        sa.Column("merged_into", sa.Integer(), nullable=True),
    ],
    "imports": [
        sa.Column("kind", sa.String(30), nullable=False, server_default="customers"),
        sa.Column("state", sa.String(10), nullable=False, server_default="done"),
        sa.Column("worker_id", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("done", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("options", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("refused", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("outcome", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
    ],
}


def upgrade() -> None:
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.add_column(table, column._copy())
    op.create_index(op.f("ix_customer_records_import_id"), "customer_records", ["import_id"])
    words_of_records()
    people()
    imports()
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_events_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_delivery", "events", ["delivery_id", "kind"])
    op.create_index("ix_events_kind", "events", ["kind", "at"])


def words_of_records() -> None:
    """What was typed on records so far becomes the first entries of the two lists."""
    op.create_table(
        "categories",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("parent_key", sa.String(60), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_key"], ["categories.key"], name=op.f("fk_categories_parent_key_categories")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_categories")),
    )
    op.create_table(
        "staff",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff")),
    )
    for table, column in (("categories", "category"), ("staff", "staff")):
        op.execute(
            f"INSERT INTO {table} (key, label, position) "
            f"SELECT DISTINCT {column}, {column}, 0 FROM customer_records WHERE {column} != ''"
        )
    op.create_table(
        "own_fields",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("sort", sa.String(10), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_own_fields")),
    )


def people() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120, collation="NOCASE"), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_groups_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        *gone_with_customer("group_members", "customer_id"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id_groups"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "customer_id", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_customer", "group_members", ["customer_id"])
    op.create_table(
        "different_people",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        *gone_with_customer("different_people", "first_id", "second_id"),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_different_people")),
    )
    op.create_index(op.f("ix_different_people_second_id"), "different_people", ["second_id"])


def imports() -> None:
    op.create_table(
        "import_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_changes_import_id_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_import", "import_changes", ["import_id", "id"])
    op.create_index(op.f("ix_import_changes_customer_id"), "import_changes", ["customer_id"])


def gone_with_customer(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], ["customers.id"], name=f"fk_{table}_{column}_customers", ondelete="CASCADE"
        )
        for column in columns
    ]


def downgrade() -> None:
    for table in NEW_TABLES:
        op.drop_table(table)
    op.drop_index(op.f("ix_customer_records_import_id"), "customer_records")
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column.name)
