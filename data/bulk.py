"""Many rows by one statement, through a table in memory.

A trigger that writes to a word index makes SQLite flush that index after each statement. With one statement for each row
that costs six times what the index itself does.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session


class Bulk:
    """`statement` reads its rows from `temp.{name}`, which has these columns."""

    def __init__(self, name: str, columns: Sequence[str], statement: str) -> None:
        self.name, self.statement = name, statement
        self._create = f"CREATE TEMP TABLE IF NOT EXISTS {name} ({', '.join(columns)})"
        self._fill = f"INSERT INTO temp.{name} VALUES ({', '.join('?' * len(columns))})"
        self._clear = f"DELETE FROM temp.{name}"

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
        """Values as they lie in the file; see `prepared.plain`."""
        if not rows:
            return
        connection = session.connection()
        connection.exec_driver_sql(self._create)
        connection.exec_driver_sql(self._clear)
        connection.exec_driver_sql(self._fill, list(rows))
        connection.exec_driver_sql(self.statement)
        connection.exec_driver_sql(self._clear)
