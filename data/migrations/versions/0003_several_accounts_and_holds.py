"""Several mail accounts with limits, sends that pause or wait, quiet hours, a cap, and the mark of this installation

Revision: 0003
Before it: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAS_RUNNING = sa.text("state IN ('waiting', 'sending')")
IS_RUNNING = sa.text("state IN ('waiting', 'sending', 'paused')")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))

    op.add_column("dispatches", sa.Column("held_until", sa.DateTime(), nullable=True))
    op.add_column("dispatches", sa.Column("held_for", sa.String(40), nullable=False, server_default=""))
    op.add_column("dispatches", sa.Column("held_by", sa.String(120), nullable=False, server_default=""))
    op.drop_index("ix_dispatches_running", "dispatches")
    op.create_index("ix_dispatches_running", "dispatches", ["state"], sqlite_where=IS_RUNNING)

    op.add_column("mail_settings", sa.Column("name", sa.String(60), nullable=False, server_default=""))
    for limit in ("per_second", "per_hour", "per_day", "per_connection"):
        op.add_column("mail_settings", sa.Column(limit, sa.Integer(), nullable=True))
    op.add_column("mail_settings", sa.Column("resting_until", sa.DateTime(), nullable=True))
    op.create_table(
        "mail_paces",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("free_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mail_paces")),
    )
    op.create_table(
        "mail_minutes",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minute", sa.DateTime(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "minute", name=op.f("pk_mail_minutes")),
    )

    for moment in ("quiet_from", "quiet_until", "cap_messages", "cap_days"):
        op.add_column("shop", sa.Column(moment, sa.Integer(), nullable=True))
    op.add_column("shop", sa.Column("quiet_sundays", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("fenced_at", sa.DateTime(), nullable=True),
        sa.Column("copied_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )


def downgrade() -> None:
    op.drop_table("installation")
    for name in ("quiet_from", "quiet_until", "cap_messages", "cap_days", "quiet_sundays"):
        op.drop_column("shop", name)
    op.drop_table("mail_minutes")
    op.drop_table("mail_paces")
    for name in ("name", "per_second", "per_hour", "per_day", "per_connection", "resting_until"):
        op.drop_column("mail_settings", name)
    op.drop_index("ix_dispatches_running", "dispatches")
    op.create_index("ix_dispatches_running", "dispatches", ["state"], sqlite_where=WAS_RUNNING)
    for name in ("held_until", "held_for", "held_by"):
        op.drop_column("dispatches", name)
    op.drop_column("deliveries", "tries")
