"""A list of values as a query: one statement whatever its length, so that it is compiled once."""

import json
from collections.abc import Sequence

from sqlalchemy import Select, func, select


def listed(values: Sequence[str] | Sequence[int]) -> Select[tuple[str]]:
    """For `column.in_(listed(values))`."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)
