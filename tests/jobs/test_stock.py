"""What SQLite goes by when it chooses its way follows the book, also for those who have the file open all the while."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from data.database import database, unit
from domain.book import customers
from jobs import upkeep
from tests.cast import Cast

ONE_DAY, ONE_STATUS = "created_at = '2026-01-01', status = id", "created_at = id, status = 'vip'"


def test_whoever_has_the_file_open_goes_the_better_way(cast: Cast, now: datetime, tmp_path: Path) -> None:
    with unit() as session:
        for _ in range(50):
            customers.create(session, {"first_name": "Ana"}, by=cast.olive, now=now)
    with database().connect() as connection:
        for turn, (spread, better) in enumerate(((ONE_DAY, "status"), (ONE_STATUS, "created"))):
            with unit() as session:
                session.execute(text(f"UPDATE customers SET {spread}"))
            upkeep.tidy(now, pulses=tmp_path)
            assert f"ix_customers_{better} " in way(connection, turn)


def way(connection: Connection, turn: int) -> str:
    """Each time in other words: what was prepared once is not prepared anew to be explained."""
    connection.execute(text("SELECT count(*) FROM customers")).all()
    asked = f"SELECT id + {turn} FROM customers WHERE status = 'vip' AND created_at = '2026-01-01'"
    found = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all()
    connection.rollback()
    return str(found[0].detail)
