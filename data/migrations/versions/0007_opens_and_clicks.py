"""Opens and clicks: where links lead, who hit them and why it is judged so, how often each message was opened

Revision: 0007
Before it: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHOWN = {
    "rule": sa.String(20),
    "agent": sa.String(200),
    "device": sa.String(10),
}
COUNTED = {
    "opens": ("opened", "human"), "machine_opens": ("opened", "machine"), "unsure_opens": ("opened", "unsure"),
    "clicks": ("clicked", "human"), "machine_clicks": ("clicked", "machine"), "unsure_clicks": ("clicked", "unsure"),
}  # fmt: skip
MOMENTS = {"opened_at": "opened", "clicked_at": "clicked"}
NAMES = ", ".join((*COUNTED, *MOMENTS))
TRIGGERS = ("engagements_added", "engagements_judged", "engagements_removed", "engagements_gone")


def upgrade() -> None:
    for name, kind in SHOWN.items():
        op.add_column("events", sa.Column(name, kind, nullable=False, server_default=""))
    op.add_column("events", sa.Column("link", sa.Integer(), nullable=True))
    op.add_column(
        "dispatches", sa.Column("measured", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    usual = sa.text("""'["marketing", "newsletter"]'""")
    op.add_column("shop", sa.Column("measured", sa.JSON(), nullable=False, server_default=usual))
    tables()
    op.execute(of_all())
    for statement in triggers():
        op.execute(statement)


def tables() -> None:
    op.create_table(
        "targets",
        sa.Column("dispatch_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("words", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispatch_id"],
            ["dispatches.id"],
            name=op.f("fk_targets_dispatch_id_dispatches"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dispatch_id", "place", name=op.f("pk_targets")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unmeasured",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_unmeasured_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_unmeasured")),
    )
    op.create_table(
        "engagements",
        sa.Column("dispatch_id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        *(sa.Column(name, sa.DateTime(), nullable=True) for name in MOMENTS),
        sa.PrimaryKeyConstraint("dispatch_id", "delivery_id", name=op.f("pk_engagements")),
        sqlite_with_rowid=False,
    )


def of_all() -> str:
    figures = (
        *(f"sum({is_one('events', column)})" for column in COUNTED),
        *(f"min({first('events', kind)})" for kind in MOMENTS.values()),
    )
    return (
        f"INSERT INTO engagements(dispatch_id, delivery_id, {NAMES}) SELECT deliveries.dispatch_id, deliveries.id, "
        f"{', '.join(figures)} FROM events JOIN deliveries ON deliveries.id = events.delivery_id GROUP BY deliveries.id"
    )


def triggers() -> list[str]:
    values = (
        *(is_one("new", column) for column in COUNTED),
        *(first("new", kind) for kind in MOMENTS.values()),
    )
    added = (*(f"{column} = {column} + excluded.{column}" for column in COUNTED), *map(sooner, MOMENTS))
    judged = (
        *(f"{column} = {column} + {is_one('new', column)} - {is_one('old', column)}" for column in COUNTED),
        *(again("new", column) for column in MOMENTS),
    )
    taken = (
        *(f"{column} = {column} - {is_one('old', column)}" for column in COUNTED),
        *(again("old", column) for column in MOMENTS),
    )
    return [
        "CREATE TRIGGER engagements_added AFTER INSERT ON events BEGIN "
        f"INSERT INTO engagements(dispatch_id, delivery_id, {NAMES}) SELECT dispatch_id, id, {', '.join(values)} "
        "FROM deliveries WHERE id = new.delivery_id ON CONFLICT(dispatch_id, delivery_id) DO UPDATE SET "
        f"{', '.join(added)}; END",
        "CREATE TRIGGER engagements_judged AFTER UPDATE OF who ON events WHEN new.who <> old.who BEGIN "
        f"UPDATE engagements SET {', '.join(judged)} WHERE {of_row('new')}; END",
        "CREATE TRIGGER engagements_removed AFTER DELETE ON events BEGIN "
        f"UPDATE engagements SET {', '.join(taken)} WHERE {of_row('old')}; END",
        "CREATE TRIGGER engagements_gone AFTER DELETE ON deliveries BEGIN DELETE FROM engagements "
        "WHERE dispatch_id = old.dispatch_id AND delivery_id = old.id; END",
    ]


def is_one(row: str, column: str) -> str:
    kind, who = COUNTED[column]
    return f"({row}.kind = '{kind}' AND {row}.who = '{who}')"


def first(row: str, kind: str) -> str:
    return f"CASE WHEN {row}.kind = '{kind}' AND {row}.who = 'human' THEN {row}.at END"


def again(row: str, column: str) -> str:
    kind = MOMENTS[column]
    left = f"SELECT min(at) FROM events WHERE delivery_id = {row}.delivery_id AND kind = '{kind}' AND who = 'human'"
    return f"{column} = CASE WHEN {row}.kind = '{kind}' THEN ({left}) ELSE {column} END"


def sooner(column: str) -> str:
    both = f"coalesce({column}, excluded.{column})", f"coalesce(excluded.{column}, {column})"
    return f"{column} = min({both[0]}, {both[1]})"


def of_row(row: str) -> str:
    the_send = f"SELECT dispatch_id FROM deliveries WHERE id = {row}.delivery_id"
    return f"delivery_id = {row}.delivery_id AND dispatch_id = ({the_send})"


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    for table in ("engagements", "unmeasured", "targets"):
        op.drop_table(table)
    op.drop_column("shop", "measured")
    op.drop_column("dispatches", "measured")
    for name in ("link", *SHOWN):
        op.drop_column("events", name)
