"""What people wrote by other ways than mail, words that stop and start, and practice WhatsApp

Revision: 0014
Before it: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "received_mails", sa.Column("channel", sa.String(20), nullable=False, server_default="email")
    )
    op.add_column("received_mails", sa.Column("note", sa.String(200), nullable=False, server_default=""))
    op.add_column(
        "received_mails", sa.Column("opens_window", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_received_mails_window",
        "received_mails",
        ["channel", "received_at", "customer_id"],
        sqlite_where=sa.text("channel <> 'email'"),
    )
    op.add_column("shop", sa.Column("practice_whatsapp_port", sa.Integer(), nullable=True))
    op.create_table(
        "whatsapp_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stop", sa.JSON(), nullable=False),
        sa.Column("start", sa.JSON(), nullable=False),
        sa.Column("join_words", sa.String(120), nullable=False),
        sa.Column("join_wording", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_words")),
    )
    op.create_table(
        "practice_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("from_shop", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("mark", sa.String(512), nullable=False),
        sa.Column("user_id", sa.String(160), nullable=False),
        sa.Column("template", sa.String(512), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("category", sa.String(30), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_messages")),
        sa.UniqueConstraint("message_id", name=op.f("uq_practice_messages_message_id")),
    )
    op.create_index(op.f("ix_practice_messages_number"), "practice_messages", ["number"])


def downgrade() -> None:
    op.drop_table("practice_messages")
    op.drop_table("whatsapp_words")
    op.drop_column("shop", "practice_whatsapp_port")
    op.drop_index("ix_received_mails_window", "received_mails")
    op.drop_column("received_mails", "opens_window")
    op.drop_column("received_mails", "note")
    op.drop_column("received_mails", "channel")
