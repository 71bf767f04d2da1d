"""Full-text search over the customer book, and ledgers that the database itself keeps from being rewritten

Revision: 0002
Before it: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = "first_name, last_name, company, email, phone"
OLD = "old.first_name, old.last_name, old.company, old.email, old.phone"
NEW = "new.first_name, new.last_name, new.company, new.email, new.phone"
APPEND_ONLY = ("audit_entries", "consents")


def upgrade() -> None:
    op.execute(
        f"CREATE VIRTUAL TABLE customers_fts USING fts5({COLUMNS}, content='customers', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
    )
    op.execute(f"INSERT INTO customers_fts(rowid, {COLUMNS}) SELECT id, {COLUMNS} FROM customers")
    for statement in search_triggers():
        op.execute(statement)
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )


def downgrade() -> None:
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{act}")
    for act in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER customers_fts_{act}")
    op.execute("DROP TABLE customers_fts")


def search_triggers() -> list[str]:
    add = f"INSERT INTO customers_fts(rowid, {COLUMNS}) VALUES (new.id, {NEW});"
    take = f"INSERT INTO customers_fts(customers_fts, rowid, {COLUMNS}) VALUES ('delete', old.id, {OLD});"
    return [
        f"CREATE TRIGGER customers_fts_insert AFTER INSERT ON customers BEGIN {add} END",
        f"CREATE TRIGGER customers_fts_delete AFTER DELETE ON customers BEGIN {take} END",
        f"CREATE TRIGGER customers_fts_update AFTER UPDATE OF {COLUMNS} ON customers BEGIN {take} {add} END",
    ]
