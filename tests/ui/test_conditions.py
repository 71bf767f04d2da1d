"""The simple conditions and the rule's final form: what can be shown goes there and back, the rest is left alone."""

from typing import Any

import pytest

from domain.audience import phrases, rules, usual
from ui.parts import conditions
from ui.parts.conditions import KINDS, Condition

VALUES: dict[str, Any] = {"days": "14", "words": ["gold"], "text": "an", "number": "42,5", "choice": 7}


@pytest.mark.parametrize(("kind", "op"), [(kind, op) for kind in KINDS for op in KINDS[kind].ops])
def test_every_condition_leads_to_a_rule_and_back(kind: str, op: str) -> None:
    said = Condition(kind, op, VALUES.get(KINDS[kind].ops[op].value), "Ring size" if kind == "own" else "")
    assert not said.missing()
    tree = rules.parse(conditions.written("any", [said])).as_json()
    found = conditions.read(tree)
    assert found is not None
    word, back = found
    assert word == "any"
    assert [(one.kind, one.op, one.name) for one in back] == [(kind, op, said.name)]
    assert conditions.written("any", back) == tree


@pytest.mark.parametrize("rule", [rule for *_, rule in usual.SYSTEM])
def test_every_segment_of_handbill_can_be_copied_and_changed(rule: dict[str, Any]) -> None:
    """Each condition has its line in the catalogue; the simple editor of today knows only some of them."""
    [(_, parts)] = rules.parse(rule).as_json().items()
    assert all(phrases.read(part) is not None for part in parts)


@pytest.mark.parametrize(
    "tree",
    [
        {"all": [{"any": [{"tag": ["gold"]}, {"tag": ["pearls"]}]}, {"status_active": True}]},
        {"not": {"all": [{"tag": ["gold"]}]}},
        {"all": [{"not": {"field": "first_name", "op": "eq", "value": "Ana"}}]},
        {"all": [{"date": "birthday", "within_days": 14, "ignore_year": False}]},
        {"all": [{"date": "engagement", "within_days": 14, "ignore_year": True}]},
        {"all": [{"reachable": {"channel": "email", "message_type": "newsletter"}}]},
        {"all": [{"field": "created_at", "op": "after", "value": "2026-01-01"}]},
        {"all": [{"field": "language", "op": "in", "value": ["en", "de"]}]},
    ],
)
def test_a_rule_that_would_lose_something_is_not_read(tree: dict[str, Any]) -> None:
    assert conditions.read(rules.parse(tree).as_json()) is None


def test_a_single_condition_without_a_group_and_a_single_status_are_read() -> None:
    assert conditions.read({"tag": ["gold"]}) == ("all", [Condition("tag", "any", ["gold"])])
    one = {"all": [{"field": "status", "op": "eq", "value": "vip"}]}
    assert conditions.read(one) == ("all", [Condition("status", "in", ["vip"])])


@pytest.mark.parametrize(
    "gap",
    [
        Condition("tag", "any", []),
        Condition("birthday", "within", ""),
        Condition("birthday", "within", "400"),
        Condition("birthday", "within", "-3"),
        Condition("birthday", "within", "soon"),
        Condition("first_name", "eq", "  "),
        Condition("own", "eq", "P"),
        Condition("own", "gt", "many", "Ring size"),
        Condition("segment", "in", None),
    ],
)
def test_a_gap_is_told(gap: Condition) -> None:
    assert gap.missing().endswith(".")
