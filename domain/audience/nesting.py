"""Rules that name segments, whose rules name segments: put in order, without circles and of bearable size."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from domain.audience.fields import bad_rule
from domain.audience.rules import Rule

MOST_PARTS_TOGETHER, MOST_VALUES_TOGETHER = 300, 6_000

Lookup: TypeAlias = Callable[[int], Rule]


def named(rule: Rule, lookup: Lookup) -> dict[int, Rule]:
    """Every segment the rule names, also through another one; those that are named by others come first."""
    found: dict[int, Rule] = {}
    waiting = list(rule.mentions)
    while waiting:
        segment_id = waiting.pop()
        if segment_id not in found:
            found[segment_id] = lookup(segment_id)
            waiting += found[segment_id].mentions
    return {segment_id: found[segment_id] for segment_id in _inner_first(found)}


def require_bearable(rule: Rule, inside: Mapping[int, Rule]) -> None:
    """A segment that is named twice stands in the statement twice, and so does all that it names.

    A database reads at most a million characters and a thousand conditions in a row.
    """
    sizes: dict[int, tuple[int, int]] = {}
    for segment_id, inner in inside.items():
        sizes[segment_id] = _size(inner, sizes)
    parts, values = _size(rule, sizes)
    if parts > MOST_PARTS_TOGETHER or values > MOST_VALUES_TOGETHER:
        raise bad_rule("With the segments it names, this rule becomes too long.")


def _size(rule: Rule, sizes: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    inner = [sizes[segment_id] for segment_id in rule.mentioned]
    return rule.parts + sum(parts for parts, _ in inner), rule.weight + sum(values for _, values in inner)


def _inner_first(found: Mapping[int, Rule]) -> list[int]:
    order: list[int] = []
    waiting = set(found)
    while waiting:
        ready = sorted(segment_id for segment_id in waiting if found[segment_id].mentions.isdisjoint(waiting))
        if not ready:
            raise bad_rule("Segments name each other in a circle. Take out one of the conditions.")
        order += ready
        waiting -= set(ready)
    return order
