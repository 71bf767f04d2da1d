"""The shop's own lists stand in the order that the owner gives them."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.refusal import Kind, Refusal


def put_in_order(rows: Iterable[Any], keys: Sequence[str], noun: str) -> None:
    """As given; those that are not named follow in the order they had. `noun` is what one of them is called."""
    known = {row.key: row for row in rows}
    if unknown := [key for key in keys if key not in known]:
        raise Refusal("unknown_key", f"There is no {noun} {unknown[0][:60]}.", Kind.MALFORMED)
    for place, key in enumerate(dict.fromkeys([*keys, *known])):
        known[key].position = place
