"""Rules as the builder shows them: every rule goes there and back, and nothing it has no sentence for is lost."""

from copy import deepcopy
from typing import Any

import pytest

from domain.audience import phrases, rules, usual
from domain.audience.catalogue import Ask, Entry, Input, Line, Of
from domain.audience.phrases import BY_KEY, ENTRIES
from ui.parts import conditions
from ui.parts.conditions import Kept, Nest

GOLD: dict[str, Any] = {"tag": ["gold"]}
VALUES: dict[Ask, Any] = {
    Ask.CHOICES: ["gold"], Ask.CHOICE: 7, Ask.DAYS: 14, Ask.NUMBER: 3, Ask.MONEY: 1250, Ask.TEXT: "an",
    Ask.VALUE: "P", Ask.SPAN: {"days": 30}, Ask.OWN_FIELD: "attrs.ring",
}  # fmt: skip


def filled(entry: Entry) -> Line:
    line = conditions.begun(entry)
    for one in entry.inputs:
        if not one.optional and conditions.gap(line, one):
            line.values[one.key] = [7] if one.of is Of.GROUPS else VALUES[one.ask]
    return line


def back(tree: dict[str, Any]) -> dict[str, Any]:
    """By way of the screen, in the rule's usual form."""
    return rules.parse(conditions.written(conditions.read(rules.parse(tree).as_json()))).as_json()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
@pytest.mark.parametrize("negated", [False, True])
def test_every_condition_leads_to_a_rule_and_back(entry: Entry, negated: bool) -> None:
    line = filled(entry)
    line.negated = negated
    tree = rules.parse(conditions.written(Nest("any", [line]))).as_json()
    assert not conditions.has_gaps(Nest("any", [line]))
    root = conditions.read(tree)
    assert root.word == "any"
    [found] = root.parts
    assert isinstance(found, Line)
    assert (found.entry.key, found.negated) == (entry.key, negated)
    assert back(tree) == tree


@pytest.mark.parametrize(
    ("entry", "one"),
    [(entry, one) for entry in ENTRIES for one in entry.inputs if one.optional],
    ids=lambda of: of.key,
)
def test_every_narrowing_leads_to_a_rule_and_back(entry: Entry, one: Input) -> None:
    line = filled(entry)
    taken = [other for other in entry.inputs if other.key in line.values]
    if one in taken or one not in conditions.may_add(line):
        pytest.skip("it is there from the start")
    known = one.usual or next(iter(one.choices or {}), VALUES[one.ask])
    line.values[one.key] = deepcopy(known)
    tree = rules.parse(conditions.written(Nest(parts=[line]))).as_json()
    assert back(tree) == tree
    assert conditions.written(Nest(parts=[line])) != conditions.written(Nest(parts=[filled(entry)]))


@pytest.mark.parametrize(
    "tree",
    [
        *(rule for *_, rule in usual.SYSTEM),
        {"all": [{"any": [GOLD, {"tag": ["pearls"]}]}, {"status_active": True}]},
        {"all": [{"not": {"any": [GOLD, {"all": [{"tagged": True}, {"not": GOLD}]}]}}]},
        {"all": [{"any": [{"all": [{"any": [GOLD]}]}]}]},
        {"all": [{"not": {"not": GOLD}}]},
        {"all": [{"any": []}, {"date": "birthday", "within_days": 14, "ignore_year": False}]},
        {"all": [{"field": "created_at", "op": "after", "value": "2026-01-01T00:00:00Z"}]},
        {"all": [{"field": "language", "op": "in", "value": ["en", "de"]}]},
    ],
)
def test_no_rule_loses_anything(tree: dict[str, Any]) -> None:
    assert back(tree) == rules.parse(tree).as_json()


def test_a_rule_without_a_group_becomes_a_group_of_one() -> None:
    assert conditions.written(conditions.read(GOLD)) == {"all": [GOLD]}
    assert conditions.written(conditions.read({"not": {"any": [GOLD]}})) == {
        "all": [{"not": {"any": [GOLD]}}]
    }


def test_any_of_nothing_is_still_nobody() -> None:
    assert conditions.written(conditions.read({"any": []})) == {"all": [{"any": []}]}


def test_an_empty_rule_is_everybody_whatever_its_word() -> None:
    assert conditions.written(Nest("any")) == {"all": []}


def test_what_is_nested_deeper_than_the_screen_is_kept_as_it_is() -> None:
    third = {"any": [GOLD, {"tagged": False}]}
    root = conditions.read({"all": [{"any": [{"all": [third]}]}]})
    [outer] = root.parts
    assert isinstance(outer, Nest)
    [inner] = outer.parts
    assert isinstance(inner, Nest)
    assert inner.parts == [Kept(third)]


@pytest.mark.parametrize(
    ("key", "values", "said"),
    [
        ("tag", {"tag": []}, "Choose at least one."),
        ("birthday", {"within_days": ""}, "Give a number."),
        ("birthday", {"within_days": 400}, "Give a whole number from 0 to 366."),
        ("birthday", {"within_days": "soon"}, "Give a whole number from 0 to 366."),
        ("first_name", {"value": "  "}, "Fill this in, or take the condition out."),
        ("own", {"field": "attrs.ring", "op": "gt", "value": "many"}, "Give a number."),
        ("own", {"field": "attrs.", "value": "P"}, "Choose which of your own fields is meant."),
        ("segment", {"segment": None}, "Choose one."),
        ("bought", {"record.started_within": {"months": ""}}, "Give a whole number from 1 to 1,200."),
        ("bought", {"record.amount.gte": "much"}, "Give an amount, such as 100."),
    ],
)
def test_a_gap_is_told(key: str, values: dict[str, Any], said: str) -> None:
    line = conditions.begun(BY_KEY[key])
    line.values |= values
    assert conditions.missing(line) == said
    assert conditions.has_gaps(Nest(parts=[Nest(parts=[line])]))


def test_an_empty_group_is_a_gap() -> None:
    assert conditions.missing(Nest()).startswith("This set is empty.")


def test_what_is_compared_by_size_becomes_a_number() -> None:
    line = conditions.begun(BY_KEY["own"])
    line.values |= {"field": "attrs.ring", "op": "gt", "value": " 42,5 "}
    assert conditions.written(line)["value"] == 42.5


def test_a_new_condition_leaves_the_catalogue_alone() -> None:
    line = conditions.begun(BY_KEY["tag"])
    line.values["tag"].append("gold")
    assert conditions.begun(BY_KEY["tag"]).values == {"tag": []}
    assert phrases.read({"tag": ["gold"]}) is not None


def test_leaving_out_and_keeping_to_one_way_exclude_each_other() -> None:
    line = conditions.begun(BY_KEY["workshop_ahead"])
    line.values["record.mode"] = "online"
    assert "record.mode.not" not in {one.key for one in conditions.may_add(line)}


def test_two_hundred_conditions_are_full() -> None:
    root = Nest(parts=[filled(BY_KEY["tag"]) for _ in range(199)])
    assert conditions.is_full(root)
    rules.parse(conditions.written(root))
    del root.parts[0]
    assert not conditions.is_full(root)
