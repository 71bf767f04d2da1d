"""What was reported is found by kind, by who reported it, and where it is about nothing of ours; answers by their message

Revision: 0016
Before it: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_incoming_events_kind", "incoming_events", ["kind"])
    op.create_index("ix_incoming_events_provider", "incoming_events", ["provider"])
    op.create_index(
        "ix_incoming_events_strange", "incoming_events", ["kind"], sqlite_where=sa.text("delivery_id IS NULL")
    )
    op.create_index(
        "ix_received_mails_delivery",
        "received_mails",
        ["delivery_id"],
        sqlite_where=sa.text("delivery_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_received_mails_delivery", "received_mails")
    op.drop_index("ix_incoming_events_strange", "incoming_events")
    op.drop_index("ix_incoming_events_provider", "incoming_events")
    op.drop_index("ix_incoming_events_kind", "incoming_events")
