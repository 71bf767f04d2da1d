"""A word of the shop that something speaks of stays: the book can't see what does, so the doors say it."""

from collections.abc import Sequence
from typing import Final

from domain.refusal import Kind, Refusal

MOST_NAMED: Final = 5


def require_unused(label: str, used_by: Sequence[str]) -> None:
    """`used_by`: what speaks of it, in words such as "the segment Ring buyers"."""
    if not used_by:
        return
    some = list(used_by[:MOST_NAMED])
    if len(used_by) > MOST_NAMED:
        some.append(f"{len(used_by) - MOST_NAMED} more")
    named = " and ".join(filter(None, [", ".join(some[:-1]), some[-1]]))
    raise Refusal("in_use", f"{label} is still used by {named}.", Kind.CONFLICT, used_by=list(used_by))
