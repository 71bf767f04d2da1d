"""An account that sends so many messages a second keeps when each of them may be followed, not only the last one

Revision: 0018
Before it: 0017
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _begin_anew(sa.Column("taken", sa.JSON(), nullable=False))


def downgrade() -> None:
    _begin_anew(sa.Column("free_at", sa.DateTime(), nullable=False))


def _begin_anew(column: sa.Column[Any]) -> None:
    """What stands in it is a second old at most when it matters."""
    op.drop_table("mail_paces")
    op.create_table(
        "mail_paces",
        sa.Column("account_id", sa.Integer(), nullable=False),
        column,
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mail_paces")),
    )
