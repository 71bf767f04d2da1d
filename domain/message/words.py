"""Values as plain data: only what a letter can carry, and nothing of our own program."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    """The text without what no letter can carry: control characters go, every kind of line end becomes one kind."""
    if not ODD.search(text):
        return text
    text = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", text))


def tidy(value: Any) -> Any:
    """Values as plain data, all texts clean; an object of our own program shows nothing."""
    if isinstance(value, str):
        return plain(str(value))
    if isinstance(value, (dict, Mapping)):
        return {plain(str(key)): tidy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(item) for item in value]
    return value if isinstance(value, (int, float, Decimal, date)) else None
