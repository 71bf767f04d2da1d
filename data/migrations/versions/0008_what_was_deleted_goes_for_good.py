"""What was deleted goes for good: when it went, and words of the log about it may go with it; no entry is put over another

Revision: 0008
Before it: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = {"campaigns": "campaign", "dispatches": "one_shot", "templates": "template", "segments": "segment"}
KEPT = ("id", "at", "action", "subject_id", "actor_id", "actor_name", "actor_role", "via", "address")
ABOUT_PEOPLE = ("old.action LIKE 'customer.%'", "old.action LIKE 'record.%'")
REFUSED = "SELECT RAISE(ABORT, 'audit_entries is only ever added to')"


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("purged_at", sa.DateTime(), nullable=True))
    gone = (
        f"(old.action LIKE '{first}.%' AND EXISTS "
        f"(SELECT 1 FROM {table} WHERE id = old.subject_id AND purged_at IS NOT NULL))"
        for table, first in TABLES.items()
    )
    may_be_blanked((*ABOUT_PEOPLE, *gone))
    op.execute(
        "CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries "
        f"WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = new.id) BEGIN {REFUSED}; END"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entries_no_replace")
    may_be_blanked(ABOUT_PEOPLE)
    for table in TABLES:
        op.drop_column(table, "purged_at")


def may_be_blanked(which: tuple[str, ...]) -> None:
    is_kept = " AND ".join(f"new.{column} IS old.{column}" for column in KEPT)
    blanked = f"new.before IS NULL AND new.after IS NULL AND ({' OR '.join(which)}) AND {is_kept}"
    op.execute("DROP TRIGGER audit_entries_no_update")
    op.execute(
        "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries "
        f"WHEN NOT ({blanked}) BEGIN {REFUSED}; END"
    )
