"""Which send somebody said no by is found at once, in a ledger of a million lines too; lists brought in are not in the index

Revision: 0015
Before it: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_consents_source", "consents", ["source"], sqlite_where=sa.text("how <> 'import'"))


def downgrade() -> None:
    op.drop_index("ix_consents_source", "consents")
