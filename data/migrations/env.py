"""Alembic's door. It is only ever opened by `data.migrate`, which hands in the connection."""

from alembic import context

connection = context.config.attributes["connection"]
# `metadata` is given only when a new migration is being drafted; running one needs no knowledge of the tables.
# Huey's tables live in the same file and are none of our business.
HUEYS = {"kv", "schedule", "task", "counter"}


def is_ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    return not (kind == "table" and (name in HUEYS or str(name).startswith("customers_fts")))


def plain_type(kind: str, value: object, autogen_context: object) -> str | bool:
    """A migration stands for itself: it names the database's types, not classes that may change later."""
    return _PLAIN.get(type(value).__name__, False) if kind == "type" else False


_PLAIN = {"Instant": "sa.DateTime()", "Word": "sa.String(40)"}

context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    include_object=is_ours,
    render_item=plain_type,
    compare_type=False,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
