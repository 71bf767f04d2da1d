"""How much lies in each table and how it is spread, which SQLite goes by when it chooses its way to an answer."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# So many rows of each index are looked at: a tenth of a second for a million customers.
LOOKED_AT: Final = 1_000
# A table made anew is noticed by all who have the file open; they would not read new figures in the old one.
STEPS: Final = (f"PRAGMA analysis_limit={LOOKED_AT}", "DROP TABLE IF EXISTS sqlite_stat1", "ANALYZE")


def take_stock(session: Session) -> None:
    """To be called now and then, and where the book has just grown by much."""
    for step in STEPS:
        session.execute(text(step))
