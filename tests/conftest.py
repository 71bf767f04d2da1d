"""What every test may ask for: an open shop in a folder of its own, the cast, and a moment that stands still."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.util import LRUCache

from data import database
from data.config import Config, use_config
from data.database import close_database, open_database, unit
from data.secrets import use_keys
from domain import tables
from domain.book import records, statuses
from domain.book.search import FTS_DDL
from tests.cast import Cast, hire


@pytest.fixture
def now() -> datetime:
    """A Saturday morning before Christmas."""
    return datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def known_statements(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What SQLAlchemy made of a statement for one database serves the next: each test opens one of its own, and more than
    half of a short test would go into making hundreds of statements anew.

    Nor does this process wait for the disk: that is for the hour when the power goes, and then the tests are over too.
    Processes that are killed on purpose are others, and they wait.
    """
    make = database.make_engine
    first = make(tmp_path_factory.mktemp("first") / "handbill.db")
    known: LRUCache[Any, Any] = LRUCache(5_000)  # more than one program has: all tests together know more
    first.connect().close()  # from now on it knows what this SQLite can do

    def like_the_first(path: Path) -> Engine:
        engine = make(path)
        engine.dialect, engine._compiled_cache = first.dialect, known
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "make_engine", like_the_first)
        yield
    first.dispose()


@pytest.fixture(scope="session")
def blank_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every table, made once and copied for each test: making one takes ten times as long."""
    path = tmp_path_factory.mktemp("blank") / "handbill.db"
    engine = open_database(path)
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        for statement in FTS_DDL:
            connection.execute(text(statement))
    with unit() as session:
        statuses.ensure_usual(session)
        records.ensure_usual_kinds(session)
    close_database()  # the last connection takes the log into the file
    return path


@pytest.fixture
def shop_db(tmp_path: Path, blank_shop: Path) -> Iterator[Path]:
    """A new database file with every table, open for `unit()` and `reading()`; gives its path."""
    use_config(Config(data=tmp_path))
    use_keys(b"test" * 8)
    path = tmp_path / "handbill.db"
    shutil.copyfile(blank_shop, path)
    open_database(path)
    yield path
    close_database()


@pytest.fixture
def cast(shop_db: Path, now: datetime) -> Cast:
    with unit() as session:
        return hire(session, now)
