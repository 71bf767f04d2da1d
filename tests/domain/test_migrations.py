"""The file on a shop's disk and the mapped classes say the same, and an old file keeps what is in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from data import migrate
from data.database import close_database, open_database
from domain import tables

CUSTOMER = (
    "INSERT INTO customers (id, first_name, last_name, company, email, phone, status, language, timezone, "
    "marketing_opt_out, active_at, notes, attrs, source, created_at, updated_at, version) VALUES (1, 'Ana', 'Müller', "
    "'', 'ana@example.org', '', 'vip', '', '', 0, '2026-01-01', '', '{}', 'typed', '2026-01-01', '2026-01-01', 1)"
)
CONSENT = (
    "INSERT INTO consents (channel, message_type, allowed, at, how, source, wording, by_name, address) "
    "VALUES ('email', 'all', 1, '2026-01-01', 'staff', '', '', '', '')"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    yield open_database(tmp_path / "shop.db")
    close_database()


def test_a_migrated_file_is_what_the_mapped_classes_say(engine: Engine) -> None:
    migrate.migrate(engine)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert [one for one in found if "customers_fts" not in str(one)] == []


def test_the_newest_number_is_the_last_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(migrate._alembic(connection))
    assert script.get_current_head() == migrate.NEWEST


def test_migrating_twice_does_nothing_the_second_time(engine: Engine) -> None:
    assert migrate.migrate(engine) is True
    assert migrate.migrate(engine) is False


def test_a_filled_file_of_the_version_before_keeps_its_rows_and_can_be_searched(engine: Engine) -> None:
    upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text(CUSTOMER))
    migrate.migrate(engine)
    with engine.connect() as connection:
        found = connection.scalars(
            text("SELECT rowid FROM customers_fts WHERE customers_fts MATCH 'muller*'")
        ).all()
    assert found == [1]


@pytest.mark.parametrize("act", ["UPDATE consents SET allowed = 0", "DELETE FROM consents"])
def test_the_consent_ledger_can_only_be_added_to(engine: Engine, act: str) -> None:
    migrate.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(CONSENT))
    with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as connection:
        connection.execute(text(act))


def upgrade(engine: Engine, revision: str) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        command.upgrade(migrate._alembic(connection), revision)
