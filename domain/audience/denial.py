"""How a condition reads that must not be so: "not tagged gold", "did not buy in the last 12 months". Pure."""

from collections.abc import Sequence
from typing import Final

from domain.audience.date_leaf import DATES, DateLeaf
from domain.audience.fields import FieldLeaf, Sort, field_called
from domain.audience.leaves import Leaf
from domain.audience.names import Names

# How a condition begins, and how its opposite does; particular ones first.
BEGINNINGS: Final = (
    ("may be ", "may not be "), ("is ", "is not "), ("wants no marketing", "has not said no to all marketing"),
    ("has not said no to all marketing", "wants no marketing"), ("has not said ", "has said "), ("has said ", "has not said "),
    ("has nothing ", "has something "), ("has something ", "has nothing "), ("has no tag", "has a tag"),
    ("has a tag", "has no tag"), ("has no recorded consent", "has a recorded consent"), ("has no ", "has at least one "),
    ("has a ", "does not have a "), ("has an ", "does not have an "), ("had ", "did not have "),
    ("bought nothing", "bought something"), ("bought", "did not buy"), ("came to ", "did not come to "),
    ("finished ", "did not finish "), ("opened ", "did not open "), ("clicked in ", "did not click in "),
    ("received ", "did not receive "), ("did not receive ", "received "), ("was not contacted at all", "was contacted"),
    ("was not ", "was "),
)  # fmt: skip
OF_A_FIELD: Final = (
    (" is not ", " is "), (" is ", " is not "), (" contains ", " does not contain "), (" starts with ", " does not start with "),
)  # fmt: skip
TWO_IN_ONE: Final = ", and no "  # the opposite of these is more than the opposite of how they begin


def denied(leaf: Leaf, names: Names) -> str:
    said = leaf.sentence(names)
    if subject := _subject(leaf, said):
        return subject + _instead(said.removeprefix(subject), OF_A_FIELD)
    if TWO_IN_ONE in said:
        return f"not anyone who {said}"
    return _instead(said, BEGINNINGS)


def none_of(said: Sequence[str]) -> str:
    return f"neither {' nor '.join(said)}"


def not_all_of(said: Sequence[str]) -> str:
    if len(said) == 2:
        return f"not both {said[0]} and {said[1]}"
    return f"not all of these: {'; '.join(said)}"


def _subject(leaf: Leaf, said: str) -> str:
    """What the sentence is about, where that is not the customer: "first name", "birthday"."""
    if isinstance(leaf, DateLeaf):
        return f"{DATES[leaf.kind]} \u201c{leaf.note}\u201d" if leaf.note else DATES[leaf.kind]
    if isinstance(leaf, FieldLeaf) and field_called(leaf.field).sort is not Sort.SWITCH:
        label = field_called(leaf.field).label
        return label if said.startswith(f"{label} ") else ""
    return ""


def _instead(said: str, beginnings: Sequence[tuple[str, str]]) -> str:
    for begins, instead in beginnings:
        if said.startswith(begins):
            return instead + said.removeprefix(begins)
    return f" not{said}" if said.startswith(" ") else f"not {said}"
