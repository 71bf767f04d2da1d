"""The rows of a file that were not taken, as a file of their own: to be corrected and brought in again. Pure."""

from collections.abc import Sequence

from data import csv_file
from domain.book.table_file import Table

ROW, WHY = "Row", "Why it was refused"


def as_csv(table: Table, rejected: Sequence[tuple[int, str]]) -> bytes:
    """Headings and cells as they were, with the number of the row and the reason before them."""
    wanted = {number for number, _ in rejected}
    kept = table.misfits | {number: cells for number, cells in table.rows if number in wanted}
    lines = [csv_file.line([number, reason, *kept.get(number, [])]) for number, reason in rejected]
    return "".join([csv_file.opening([ROW, WHY, *table.headers]), *lines]).encode("utf-8", "replace")
