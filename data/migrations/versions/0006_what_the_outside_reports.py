"""What the outside reports: events of providers, what was heard of a message, the keys of providers

Revision: 0006
Before it: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HEARD = {
    "heard": sa.String(40),
    "heard_at": sa.DateTime(),
    "heard_reason": sa.String(30),
    "heard_said": sa.Text(),
}
PROVED = "deliveries.state = 'unknown' AND deliveries.heard IS NOT NULL"


def upgrade() -> None:
    for name, kind in HEARD.items():
        op.add_column("deliveries", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_deliveries_heard",
        "deliveries",
        ["dispatch_id", "heard"],
        sqlite_where=sa.text("heard IS NOT NULL"),
    )
    op.create_index("ix_deliveries_proved", "deliveries", ["id"], sqlite_where=sa.text(PROVED))
    incoming_events()
    op.create_table(
        "used_tokens",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("token", sa.String(200), nullable=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "token", name=op.f("pk_used_tokens")),
    )
    op.create_table(
        "provider_settings",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_provider_settings")),
    )


def incoming_events() -> None:
    op.create_table(
        "incoming_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=True),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("address_hash", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(30), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("diagnostic", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_events")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_incoming_events_provider_event_id")),
    )
    for name, columns, where in (
        ("address", ["address_hash", "kind"], "address_hash IS NOT NULL"),
        ("message", ["provider", "message_id"], "message_id <> ''"),
        ("delivery", ["delivery_id"], "delivery_id IS NOT NULL"),
    ):
        op.create_index(f"ix_incoming_events_{name}", "incoming_events", columns, sqlite_where=sa.text(where))


def downgrade() -> None:
    for table in ("provider_settings", "used_tokens", "incoming_events"):
        op.drop_table(table)
    op.drop_index("ix_deliveries_proved", "deliveries")
    op.drop_index("ix_deliveries_heard", "deliveries")
    for name in HEARD:
        op.drop_column("deliveries", name)
