"""Many rows by one statement, through a table in memory.

A trigger that writes to a word index makes SQLite flush that index after each statement. With one statement for each row
that costs six times what the index itself does.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session


class Bulk:
    """The statements read their rows from `temp.{name}`, which has these columns."""

    def __init__(self, name: str, columns: Sequence[str], *statements: str) -> None:
        self.name, self.statements = name, statements
        self._create = f"CREATE TEMP TABLE IF NOT EXISTS {name} ({', '.join(columns)})"
        self._fill = f"INSERT INTO temp.{name} VALUES ({', '.join('?' * len(columns))})"
        self._clear = f"DELETE FROM temp.{name}"

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]], *same: Sequence[Any]) -> None:
        """Values as they lie in the file; see `prepared.plain`. `same`: for each statement what is alike in all rows."""
        if not rows:
            return
        connection = session.connection()
        connection.exec_driver_sql(self._create)
        connection.exec_driver_sql(self._clear)
        connection.exec_driver_sql(self._fill, list(rows))
        for place, statement in enumerate(self.statements):
            connection.exec_driver_sql(statement, tuple(same[place]) if same else ())
        connection.exec_driver_sql(self._clear)
