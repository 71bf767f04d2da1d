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
    "shared_addresses", "customer_facts", "events", "import_changes", "different_people", "group_members", "groups",
    "own_fields", "staff", "categories",
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

LEFT_OUT = ("deleted_at", "email_key", "email_trouble", "marketing_opt_out")
IS_LEFT_OUT = (
    "deleted_at IS NOT NULL OR email_key IS NULL OR email_trouble IS NOT NULL OR marketing_opt_out = 1"
)
RECORDS_BEFORE = {
    "ix_customer_records_start": ["kind", "status", "starts_at"],
    "ix_customer_records_end": ["kind", "ends_at"],
    "ix_customer_records_customer": ["customer_id", "kind"],
}
RECORDS_BY = {
    "ix_customer_records_start": ["kind", "status", "starts_at", "ends_at", "customer_id"],
    "ix_customer_records_end": ["kind", "ends_at", "starts_at", "status", "customer_id"],
    "ix_customer_records_customer": ["customer_id", "kind", "starts_at", "status"],
}
TEXT = "coalesce(CAST(value AS TEXT), '')"
IS_NUMBER = f"json_type({TEXT}) IN ('integer', 'real')"
NUMBER = f"CASE WHEN json_valid({TEXT}) THEN CASE WHEN {IS_NUMBER} THEN CAST({TEXT} AS REAL) END END"
TRIGGERS = (
    "customer_facts_added", "customer_facts_changed",
    *(f"shared_{place}_{act}" for place in ("email_key", "phone_key") for act in ("added", "changed", "removed")),
)  # fmt: skip


def upgrade() -> None:
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.add_column(table, column._copy())
    op.create_index(op.f("ix_customer_records_import_id"), "customer_records", ["import_id"])
    op.create_index(
        "ix_customers_merged_into",
        "customers",
        ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
    )
    what_was_said_can_be_blanked()
    words_of_records()
    people()
    imports()
    own_fields_one_by_one()
    shared_addresses()
    covering_indexes()
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


KEPT_IN_AUDIT = ("id", "at", "action", "subject_id", "actor_id", "actor_name", "actor_role", "via", "address")


def what_was_said_can_be_blanked() -> None:
    """Who is erased is erased from the log too: of entries about customers the contents may go, and nothing else."""
    is_kept = " AND ".join(f"new.{column} IS old.{column}" for column in KEPT_IN_AUDIT)
    about_customers = "(old.action LIKE 'customer.%' OR old.action LIKE 'record.%')"
    blanked = f"new.before IS NULL AND new.after IS NULL AND {about_customers} AND {is_kept}"
    op.execute("DROP TRIGGER audit_entries_no_update")
    op.execute(
        f"CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries WHEN NOT ({blanked}) "
        "BEGIN SELECT RAISE(ABORT, 'audit_entries is only ever added to'); END"
    )


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


def own_fields_one_by_one() -> None:
    op.create_table(
        "customer_facts",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(collation="NOCASE"), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        *gone_with_customer("customer_facts", "customer_id"),
        sa.PrimaryKeyConstraint("customer_id", "key", name=op.f("pk_customer_facts")),
        sqlite_with_rowid=False,
    )
    facts = f"SELECT customers.id, key, {TEXT}, {NUMBER} FROM customers, json_each(attrs) WHERE json_type(attrs) = 'object'"
    op.execute(f"INSERT OR REPLACE INTO customer_facts {facts}")
    op.create_index("ix_customer_facts_number", "customer_facts", ["key", "number"])
    op.create_index("ix_customer_facts_text", "customer_facts", ["key", "text"])
    new = f"SELECT new.id, key, {TEXT}, {NUMBER} FROM json_each(new.attrs) WHERE json_type(new.attrs) = 'object'"
    put_in = f"INSERT OR REPLACE INTO customer_facts {new};"
    take_out = "DELETE FROM customer_facts WHERE customer_id = new.id;"
    on_customers("customer_facts_added", "INSERT", "new.attrs <> '{}'", put_in)
    on_customers("customer_facts_changed", "UPDATE OF attrs", "new.attrs <> old.attrs", take_out + put_in)


def shared_addresses() -> None:
    op.create_table(
        "shared_addresses",
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", "address", "customer_id", name=op.f("pk_shared_addresses")),
        sqlite_with_rowid=False,
    )
    for place in ("email_key", "phone_key"):
        several = f"SELECT {place} FROM customers WHERE {place} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        op.execute(
            f"INSERT INTO shared_addresses SELECT '{place}', {place}, id FROM customers WHERE {place} IN ({several})"
        )
        other = f"SELECT id FROM customers WHERE {place} = new.{place} AND id <> new.id LIMIT 1"
        put_in = (
            f"INSERT OR IGNORE INTO shared_addresses SELECT '{place}', new.{place}, id FROM ({other}) "
            f"UNION ALL SELECT '{place}', new.{place}, new.id WHERE EXISTS ({other});"
        )
        mine = f"place = '{place}' AND address = old.{place} AND customer_id = old.id"
        take_out = f"DELETE FROM shared_addresses WHERE {mine};"
        shares = f"new.{place} IS NOT NULL AND EXISTS ({other.removesuffix(' LIMIT 1')})"
        moved = f"new.{place} IS NOT old.{place}"
        on_customers(f"shared_{place}_added", "INSERT", shares, put_in)
        on_customers(f"shared_{place}_changed", f"UPDATE OF {place}", moved, take_out + put_in)
        on_customers(f"shared_{place}_removed", "DELETE", f"old.{place} IS NOT NULL", take_out)


def on_customers(name: str, act: str, when: str, then: str) -> None:
    op.execute(f"CREATE TRIGGER {name} AFTER {act} ON customers WHEN {when} BEGIN {then} END")


def covering_indexes() -> None:
    op.drop_index("ix_customers_live", "customers")
    op.create_index(
        "ix_customers_left_out_email", "customers", ["id", *LEFT_OUT], sqlite_where=sa.text(IS_LEFT_OUT)
    )
    op.create_index(
        "ix_customers_gone", "customers", ["deleted_at"], sqlite_where=sa.text("deleted_at IS NOT NULL")
    )
    op.create_index(
        "ix_preferences_no",
        "preferences",
        ["channel", "message_type", "customer_id"],
        sqlite_where=sa.text("allowed IS 0"),
    )
    for name, columns in RECORDS_BY.items():
        op.drop_index(name, "customer_records")
        op.create_index(name, "customer_records", columns)


def without_covering_indexes() -> None:
    for name, columns in RECORDS_BEFORE.items():
        op.drop_index(name, "customer_records")
        op.create_index(name, "customer_records", columns)
    op.drop_index("ix_preferences_no", "preferences")
    op.drop_index("ix_customers_gone", "customers")
    op.drop_index("ix_customers_left_out_email", "customers")
    op.create_index("ix_customers_live", "customers", ["id"], sqlite_where=sa.text("deleted_at IS NULL"))


def gone_with_customer(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], ["customers.id"], name=f"fk_{table}_{column}_customers", ondelete="CASCADE"
        )
        for column in columns
    ]


def downgrade() -> None:
    without_covering_indexes()
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    for table in NEW_TABLES:
        op.drop_table(table)
    op.execute("DROP TRIGGER audit_entries_no_update")
    op.execute(
        "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'audit_entries is only ever added to'); END"
    )
    op.drop_index("ix_customers_merged_into", "customers")
    op.drop_index(op.f("ix_customer_records_import_id"), "customer_records")
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column.name)
