"""Bring the database file to the shape that this program expects."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, inspect, text

NEWEST = "0016"  # the last file in data/migrations/versions; a test holds it to that


def is_current(engine: Engine) -> bool:
    """A cheap look, so that an ordinary start need not load Alembic (0.9 s)."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == NEWEST)


def is_known(version: str) -> bool:
    """Whether a database of that shape can be brought to the newest. One that is newer can't."""
    return any((Path(__file__).parent / "migrations" / "versions").glob(f"{version}_*.py"))


def migrate(engine: Engine) -> bool:
    """True where something had to be done. All of it happens in one transaction, or nothing."""
    if is_current(engine):
        return False
    from alembic import command

    with (
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        command.upgrade(_alembic(connection), "head")
    return True


def draft(engine: Engine, metadata: MetaData, message: str, revision: str) -> None:
    """Write a new migration from the difference between the tables and the file; read it before you keep it."""
    from alembic import command

    with engine.connect() as connection:
        command.revision(_alembic(connection, metadata), message, autogenerate=True, rev_id=revision)


def _alembic(connection: Any, metadata: MetaData | None = None) -> Any:
    from alembic.config import Config

    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    alembic.attributes.update(connection=connection, metadata=metadata)
    return alembic
