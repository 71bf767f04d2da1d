"""A campaign may say something on a second channel too, and one launch of it is then several sends

Revision: 0017
Before it: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ONE_SEND = "CONSTRAINT uq_dispatches_campaign_id_run_no UNIQUE (campaign_id, run_no)"
ANOTHER = "CONSTRAINT uq_dispatches_nonce"


def upgrade() -> None:
    op.add_column("dispatches", sa.Column("part", sa.String(40), nullable=False, server_default="main"))
    written_anew(f"{ONE_SEND}, \n\t{ANOTHER}", ANOTHER)
    op.create_index(
        "uq_dispatches_part",
        "dispatches",
        ["campaign_id", "run_no", "part"],
        unique=True,
        sqlite_where=sa.text("state != 'undone'"),
    )
    op.create_table(
        "siblings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("goes", sa.String(40), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_siblings_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_siblings")),
        sa.UniqueConstraint("campaign_id", "channel", name=op.f("uq_siblings_campaign_id_channel")),
    )
    op.create_index("ix_siblings_due", "siblings", ["due_at"], sqlite_where=sa.text("due_at IS NOT NULL"))


def downgrade() -> None:
    """What went by the other channel stays on record, as a send of its own."""
    op.drop_table("siblings")
    op.execute("UPDATE dispatches SET campaign_id = NULL WHERE part <> 'main'")
    op.drop_index("uq_dispatches_part", "dispatches")
    written_anew(ANOTHER, f"{ONE_SEND}, \n\t{ANOTHER}")
    op.drop_column("dispatches", "part")


def written_anew(old: str, new: str) -> None:
    """SQLite can't change a constraint, so the table is written anew under its name; the ledger goes on pointing at its rows.

    `legacy_alter_table`: a trigger of the audit log names the table, and is not to be looked at while it is away.
    """
    here = op.get_bind()
    made, *indices = (
        sql
        for (sql,) in here.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'dispatches' AND sql IS NOT NULL ORDER BY type = 'index'"
        )
    )
    if here.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError(
            "with foreign keys watched, the ledger would be emptied together with the old table"
        )
    if made.count(old) != 1:
        raise RuntimeError("the table of sends is not as it was left")
    here.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    here.exec_driver_sql(made.replace("dispatches", "new_dispatches", 1).replace(old, new))
    here.exec_driver_sql("INSERT INTO new_dispatches SELECT * FROM dispatches")
    here.exec_driver_sql("DROP TABLE dispatches")
    here.exec_driver_sql("ALTER TABLE new_dispatches RENAME TO dispatches")
    for index in indices:
        here.exec_driver_sql(index)
    here.exec_driver_sql("PRAGMA legacy_alter_table = OFF")
