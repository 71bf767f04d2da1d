"""The ledger of consent names the words that were shown; one click may stop all marketing

Revision: 0009
Before it: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("first_shown", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
        sa.UniqueConstraint("mark", name=op.f("uq_wordings_mark")),
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER wordings_no_{act.lower()} BEFORE {act} ON wordings "
            "BEGIN SELECT RAISE(ABORT, 'wordings is only ever added to'); END"
        )
    op.add_column("consents", sa.Column("wording_id", sa.Integer(), nullable=True))
    op.add_column(
        "shop", sa.Column("one_click_stops_all", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("shop", "one_click_stops_all")
    op.drop_column("consents", "wording_id")
    op.drop_table("wordings")
