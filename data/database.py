"""The engine and the unit of work: opened at a door, closed at the door."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Update, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

BUSY_SECONDS = 30
PAGES_AT_ONCE = 300
LOOK_AGAIN = 0.002  # seconds; a long job leaves a gap of twice that between two of its units

_engine: Engine | None = None
_sessions: sessionmaker[Session] | None = None


def now() -> datetime:
    """The moment, for doors and jobs; the domain gets it as an argument."""
    return datetime.now(UTC)


def open_database(path: Path) -> Engine:
    """Connect this process to its database file. The last call wins, so tests can move on to a new file."""
    global _engine, _sessions
    close_database()
    _engine = make_engine(path)
    _sessions = sessionmaker(_engine, expire_on_commit=False, autoflush=True)
    return _engine


def close_database() -> None:
    global _engine, _sessions
    if _engine is not None:
        _engine.dispose()
    _engine = _sessions = None


def database() -> Engine:
    if _engine is None:
        raise RuntimeError("open_database() was not called")
    return _engine


@contextmanager
def unit() -> Iterator[Session]:
    """One unit of work that writes: all of it is kept, or none."""
    with _session() as session, session.begin():
        session.connection(execution_options={"writes": True})
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A consistent look that writes nothing and waits for nobody."""
    with _session() as session:
        yield session


def changed(session: Session, statement: Update) -> int:
    """How many rows the statement changes. What the session holds in memory does not learn of it."""
    result: Any = session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)


def empty_log() -> None:
    """What was overwritten in the database may still be read in the log beside it, until that is begun anew.

    Where somebody is just reading, the log stays for now: it is written over by what comes next.
    """
    connection = database().raw_connection()
    try:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        return
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        connection.close()


def write_words_anew(index: str) -> None:
    """The words taken out of a search index leave the file as it is written anew, in steps of some 20 ms, between which others
    may write. A million customers take a second of work.
    """
    connection = database().raw_connection()
    merge = f"INSERT INTO {index}({index}, rank) VALUES ('merge', ?)"
    pages = -PAGES_AT_ONCE  # below zero: everything, not only what is due
    try:
        connection.execute("PRAGMA secure_delete = ON")
        while _changes(connection, merge, pages) > 1:  # one change is the asking itself
            pages = PAGES_AT_ONCE
            time.sleep(2 * LOOK_AGAIN)
    except sqlite3.OperationalError:  # others write all the time: the next erasing does the rest
        return
    finally:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.close()


def _changes(connection: Any, statement: str, *values: Any) -> int:
    before = connection.total_changes
    connection.execute(statement, values)
    return int(connection.total_changes - before)


@contextmanager
def overwriting(session: Session) -> Iterator[None]:
    """What is changed or deleted inside leaves nothing behind: freed places of the file are filled with zeros, and the
    log beside the database is begun anew as soon as this is committed."""
    connection = session.connection()
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    yield
    session.flush()
    event.listen(session, "after_commit", lambda _: empty_log(), once=True)
    connection.exec_driver_sql("PRAGMA secure_delete = OFF")


def make_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _session() -> Session:
    if _sessions is None:
        raise RuntimeError("open_database() was not called")
    return _sessions()


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: see _begin
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a lost lease would mean a second copy; groups make the price small
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "cache_size=-8000",  # KiB for each connection; with four times that a launch to 100,000 took 77 MB
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    # A writer takes the lock at once: a later upgrade from reading can fail with "database is locked".
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN")
    else:
        _begin_to_write(connection)


def _begin_to_write(connection: Any) -> None:
    """SQLite itself looks again ever more seldom, at last ten times a second, and so misses every gap of a long job."""
    driver, end = connection.connection.dbapi_connection, time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < end:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
            time.sleep(LOOK_AGAIN)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last try, which says why it can't
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
