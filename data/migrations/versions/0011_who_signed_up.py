"""Who signed up on the form and waits to be asked, and how often the form was looked at by each way

Revision: 0011
Before it: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(60), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ups")),
    )
    op.create_index("ix_sign_ups_asked", "sign_ups", ["asked_at"])
    op.create_index("ix_sign_ups_mailbox", "sign_ups", ["email_key"])
    op.create_index("ix_sign_ups_due", "sign_ups", ["next_at"])
    op.create_index(op.f("ix_sign_ups_customer_id"), "sign_ups", ["customer_id"])
    op.create_table(
        "sign_up_looks",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sign_up_looks")),
    )
    op.add_column("shop", sa.Column("sign_up_open", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("shop", "sign_up_open")
    op.drop_table("sign_up_looks")
    op.drop_table("sign_ups")
