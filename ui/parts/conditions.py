"""The conditions that the simple editor knows, each as a short sentence, and their way to the rule's final form and back.

A rule that can't be put into these sentences without loss is never touched: `read` answers None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Tree = dict[str, Any]


@dataclass(frozen=True)
class Op:
    """`value` says what is asked for: nothing, days, text, number, words (a list of names), or one of a list."""

    label: str
    value: str
    write: Callable[[str, Any], Tree]  # the name of an own field (or nothing), and the value


@dataclass(frozen=True)
class Kind:
    label: str
    ops: Mapping[str, Op]
    usual: Any = None  # the value that a new condition starts with


@dataclass
class Condition:
    kind: str
    op: str
    value: Any = None
    name: str = ""  # of an own field

    @property
    def asks_for(self) -> str:
        return KINDS[self.kind].ops[self.op].value

    def missing(self) -> str:
        """What is still to be said; empty when the condition is whole."""
        if self.kind == "own" and not self.name.strip():
            return "Choose which of your own fields is meant."
        if self.asks_for == "nothing":
            return ""
        if self.asks_for == "days":
            return "" if _is_days(self.value) else "Give the number of days, from 0 to 366."
        if self.asks_for == "number":
            return "" if _number(self.value) is not None else "Give a number."
        if self.asks_for == "words":
            return "" if self.value else "Choose at least one."
        return "" if str(self.value or "").strip() else "Fill this in, or take the condition out."

    def tree(self) -> Tree:
        return KINDS[self.kind].ops[self.op].write(self.name.strip(), self.value)


def _is_days(value: Any) -> bool:
    return str(value).strip().isdecimal() and int(str(value)) <= 366 if value is not None else False


def _number(value: Any) -> int | float | None:
    try:
        found = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return int(found) if found.is_integer() else found


def _field(
    field: str, op: str, clean: Callable[[Any], Any] = lambda value: value
) -> Callable[[str, Any], Tree]:
    return lambda name, value: {"field": field or f"attrs.{name}", "op": op, "value": clean(value)}


def _bare(field: str, op: str) -> Callable[[str, Any], Tree]:
    return lambda name, value: {"field": field or f"attrs.{name}", "op": op}


def _not(write: Callable[[str, Any], Tree]) -> Callable[[str, Any], Tree]:
    return lambda name, value: {"not": write(name, value)}


def _days(value: Any) -> int:
    return int(str(value).strip())


def _text(value: Any) -> str:
    return str(value).strip()


def _tags(name: str, value: Any) -> Tree:
    return {"tag": list(value)}


def _segment(name: str, value: Any) -> Tree:
    return {"segment": int(value)}


def _may_email(name: str, value: Any) -> Tree:
    return {"reachable": {"channel": "email", "message_type": "marketing"}}


def _active(active: bool) -> Callable[[str, Any], Tree]:
    return lambda name, value: {"status_active": active}


def _coming(date: str) -> Callable[[str, Any], Tree]:
    return lambda name, value: {"date": date, "within_days": _days(value), "ignore_year": True}


def _word_ops(field: str) -> dict[str, Op]:
    return {
        "contains": Op("contains", "text", _field(field, "contains", _text)),
        "starts_with": Op("begins with", "text", _field(field, "starts_with", _text)),
        "eq": Op("is", "text", _field(field, "eq", _text)),
        "ne": Op("is not", "text", _field(field, "ne", _text)),
        "is_set": Op("is known", "nothing", _bare(field, "is_set")),
        "is_not_set": Op("is not known", "nothing", _bare(field, "is_not_set")),
    }


def _ago_ops(field: str, *, lately: str, long_ago: str) -> dict[str, Op]:
    return {
        "within_days": Op(lately, "days", _field(field, "within_days", _days)),
        "older_than_days": Op(long_ago, "days", _field(field, "older_than_days", _days)),
    }


KINDS: Final[dict[str, Kind]] = {
    "status": Kind(
        "Status",
        {
            "in": Op("is any of", "words", _field("status", "in", list)),
            "not_in": Op("is none of", "words", _field("status", "not_in", list)),
        },
    ),
    "tag": Kind(
        "Tags", {"any": Op("has any of", "words", _tags), "none": Op("has none of", "words", _not(_tags))}
    ),
    "created_at": Kind(
        "Added to the book",
        _ago_ops("created_at", lately="in the last", long_ago="more than"),
        30,
    ),
    "active_at": Kind(
        "Last active",
        _ago_ops("active_at", lately="in the last", long_ago="more than"),
        90,
    ),
    "birthday": Kind("Birthday", {"within": Op("in the next", "days", _coming("birthday"))}, 14),
    "wedding": Kind("Wedding day", {"within": Op("in the next", "days", _coming("wedding"))}, 14),
    "may_email": Kind(
        "Marketing by email",
        {
            "yes": Op("may be sent", "nothing", _may_email),
            "no": Op("may not be sent", "nothing", _not(_may_email)),
        },
    ),
    "active": Kind(
        "Kind of customer",
        {
            "yes": Op("is an active one", "nothing", _active(True)),
            "no": Op("is not an active one", "nothing", _active(False)),
        },
    ),
    "first_name": Kind("First name", _word_ops("first_name")),
    "last_name": Kind("Last name", _word_ops("last_name")),
    "company": Kind("Company", _word_ops("company")),
    "email": Kind("Email", _word_ops("email")),
    "phone": Kind("Phone", _word_ops("phone")),
    "language": Kind("Language", _word_ops("language")),
    "email_trouble": Kind(
        "Address problem",
        {
            "is_set": Op("there is one", "nothing", _bare("email_trouble", "is_set")),
            "is_not_set": Op("there is none", "nothing", _bare("email_trouble", "is_not_set")),
        },
    ),
    "own": Kind(
        "Your own field",
        {
            **_word_ops(""),
            "gt": Op("is above", "number", _field("", "gt", _number)),
            "lt": Op("is below", "number", _field("", "lt", _number)),
        },
    ),
    "segment": Kind(
        "Segment",
        {
            "in": Op("belongs to", "choice", _segment),
            "out": Op("does not belong to", "choice", _not(_segment)),
        },
    ),
}


def written(word: str, conditions: "list[Condition]") -> Tree:
    """`word` is "all" or "any"."""
    return {word: [condition.tree() for condition in conditions]}


def read(tree: Tree) -> "tuple[str, list[Condition]] | None":
    """The same rule as sentences, or None when the simple editor would lose something of it."""
    word = next((word for word in ("all", "any") if word in tree), None)
    parts = tree[word] if word else [tree]
    found = [_read(_usual(part)) for part in parts]
    if not all(found):
        return None
    conditions = [one for one in found if one]
    same = [condition.tree() for condition in conditions] == [_usual(part) for part in parts]
    return (word or "all", conditions) if same else None


def _usual(part: Tree) -> Tree:
    """One status is a list of one."""
    if part.get("field") == "status" and part.get("op") in ("eq", "ne"):
        return {"field": "status", "op": "in" if part["op"] == "eq" else "not_in", "value": [part["value"]]}
    return part


def _read(part: Tree) -> Condition | None:
    """A guess; `read` keeps it only if it leads back to the very same rule."""
    turned = "not" in part
    inner: Any = part["not"] if turned else part
    if "tag" in inner:
        return Condition("tag", "none" if turned else "any", list(inner["tag"]))
    if "segment" in inner:
        return Condition("segment", "out" if turned else "in", inner["segment"])
    if "reachable" in inner:
        return Condition("may_email", "no" if turned else "yes")
    if turned:
        return None
    if "status_active" in part:
        return Condition("active", "yes" if part["status_active"] else "no")
    if "date" in part:
        return Condition(part["date"], "within", part["within_days"]) if part["date"] in KINDS else None
    return _of_field(part) if "field" in part else None


def _of_field(part: Tree) -> Condition | None:
    field, op, value = part["field"], part["op"], part.get("value")
    own = field.removeprefix("attrs.") if field.startswith("attrs.") else ""
    kind = "own" if own else field
    if kind not in KINDS or op not in KINDS[kind].ops:
        return None
    return Condition(kind, op, value, own)
