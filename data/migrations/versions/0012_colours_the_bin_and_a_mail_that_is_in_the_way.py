"""The shop's colour, how long deleted things are kept, one-shots that can be deleted, and a mail that can't be read

Revision: 0012
Before it: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ADDED = (
    ("shop", "colour", sa.String(7), ""),
    ("shop", "purge_after", sa.Integer(), "90"),
    ("dispatches", "colour", sa.String(7), ""),
    ("dispatches", "deleted_at", sa.DateTime(), None),
    ("mailbox_settings", "moves_to", sa.String(120), ""),
    ("mailbox_settings", "stuck_uid", sa.BigInteger(), "0"),
    ("mailbox_settings", "stuck_visits", sa.Integer(), "0"),
    ("mailbox_settings", "left_out", sa.Integer(), "0"),
)


def upgrade() -> None:
    for table, name, kind, usual in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=usual is None, server_default=usual))


def downgrade() -> None:
    for table, name, _, _ in ADDED:
        op.drop_column(table, name)
