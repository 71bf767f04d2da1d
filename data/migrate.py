"""Bring the database file to the shape that this program expects."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, inspect, text

NEWEST = "0019"  # the last file in data/migrations/versions; a test holds it to that


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
    to_version(engine, "head")
    return True


def to_version(engine: Engine, version: str, *, back: bool = False) -> None:
    """Foreign keys are not watched meanwhile, so that a table can be written anew under the rows that point at it. That
    they all point at something is looked at once, at the end.
    """
    from alembic import command

    go = command.downgrade if back else command.upgrade
    with (
        engine.connect().execution_options(writes=True) as connection,
        _unwatched(connection),
        connection.begin(),
    ):
        go(_alembic(connection), version)
        if lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError(f"A row of {lost[0]} points at nothing in {lost[2]}.")


def draft(engine: Engine, metadata: MetaData, message: str, revision: str) -> None:
    """Write a new migration from the difference between the tables and the file; read it before you keep it."""
    from alembic import command

    with engine.connect() as connection:
        command.revision(_alembic(connection, metadata), message, autogenerate=True, rev_id=revision)


@contextmanager
def _unwatched(connection: Connection) -> Iterator[None]:
    """SQLite hears it only outside of a transaction."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _alembic(connection: Any, metadata: MetaData | None = None) -> Any:
    from alembic.config import Config

    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    alembic.attributes.update(connection=connection, metadata=metadata)
    return alembic
