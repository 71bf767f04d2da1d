"""A rule as the builder shows it: lines with gaps, sets of lines, and what it has no sentence for.

Pure. Every rule can be read: what the catalogue can't say, or what is nested deeper than a screen bears, is kept as it
is, shown in words, and can only be taken out.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from domain.audience import phrases
from domain.audience.catalogue import Ask, Entry, Input, Line, Tree
from domain.audience.phrases import SIZE_OPS
from domain.audience.rules import MOST_PARTS
from domain.audience.span import MOST_DAYS, MOST_MONTHS

DEEPEST: Final = 2  # sets inside the outermost one
WORDS: Final = ("all", "any")
TOO_MANY: Final = (
    f"A rule can have at most {MOST_PARTS} conditions. Put some of them into a segment of their own."
)


@dataclass(slots=True)
class Kept:
    tree: Tree


@dataclass(slots=True)
class Nest:
    """`word` is "all" or "any"."""

    word: str = "all"
    parts: "list[Part]" = field(default_factory=list)
    negated: bool = False


Part: TypeAlias = Line | Nest | Kept


def read(tree: Tree) -> Nest:
    """The outermost set; a rule without one is a set of one. "Any of nothing" is nobody, and stays so."""
    word = next((word for word in WORDS if tree.get(word) or (word == "all" and word in tree)), None)
    parts = tree[word] if word else [tree]
    return Nest(word or "all", [_read(part, 1) for part in parts])


def written(part: Part) -> Tree:
    """The rule's final form. Only for what has no gaps."""
    if isinstance(part, Kept):
        return part.tree
    made = _nest(part) if isinstance(part, Nest) else part.entry.tree(_final(part))
    return {"not": made} if part.negated else made


def begun(entry: Entry) -> Line:
    return Line(entry, deepcopy(entry.values))


def lines(nest: Nest) -> Iterator[Part]:
    """Every part below it, sets before what they hold."""
    for part in nest.parts:
        yield part
        if isinstance(part, Nest):
            yield from lines(part)


def is_full(nest: Nest) -> bool:
    return sum(1 for _ in lines(nest)) >= MOST_PARTS - 1


def missing(part: Part) -> str:
    """What is still to be said; empty when the part is whole. The parts of a set say it themselves."""
    if isinstance(part, Kept):
        return ""
    if isinstance(part, Nest):
        return "" if part.parts else "This set is empty. Add a condition, or take the set out."
    asked = (one for one in part.entry.inputs if one.is_asked(part.values))
    return next(filter(None, (gap(part, one) for one in asked)), "")


def has_gaps(nest: Nest) -> bool:
    return any(missing(part) for part in lines(nest))


def gap(line: Line, one: Input) -> str:
    """What is wrong with one value. A narrowing that was added has to say something: an empty one would let everybody in."""
    value = line.values.get(one.key)
    if value in (None, "", [], "attrs."):
        return "" if one.optional and one.key not in line.values else _empty(one)
    match one.ask:
        case Ask.DAYS | Ask.NUMBER | Ask.MONEY:
            return _outside(value, one.least, one.most if one.ask is not Ask.MONEY else 10**15)
        case Ask.SPAN:
            [(unit, number)] = value.items()
            return _outside(number, one.least, MOST_DAYS if unit == "days" else MOST_MONTHS)
        case Ask.VALUE if line.values.get("op") in SIZE_OPS:
            return "" if number_in(value) is not None else "Give a number."
        case Ask.TEXT | Ask.VALUE:
            return "" if str(value).strip() else _empty(one)
    return ""


def number_in(value: Any) -> int | float | None:
    try:
        found = float(str(value).strip().replace(",", "."))
    except ValueError:
        return None
    if found != found or abs(found) > 1e15:
        return None
    return int(found) if found.is_integer() else found


def may_add(line: Line) -> list[Input]:
    """What may narrow it further. A value inside another's place can't stand beside it."""
    taken = [one.path for one in line.entry.inputs if one.key in line.values]
    free = [one for one in line.entry.inputs if one.optional and one.key not in line.values]
    return [one for one in free if not any(_overlap(one.path, path) for path in taken)]


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _read(part: Tree, depth: int) -> Part:
    negated = set(part) == {"not"}
    inner: Any = part["not"] if negated else part
    word = next((word for word in WORDS if word in inner), None)
    if word is None:
        return phrases.read(part) or Kept(part)
    if depth > DEEPEST or not inner[word]:
        return Kept(part)
    return Nest(word, [_read(one, depth + 1) for one in inner[word]], negated)


def _nest(nest: Nest) -> Tree:
    """Without a condition everybody belongs, whatever the word."""
    return {nest.word if nest.parts else "all": [written(part) for part in nest.parts]}


def _final(line: Line) -> dict[str, Any]:
    return {one.key: _said(line, one) for one in line.entry.inputs if one.key in line.values}


def _said(line: Line, one: Input) -> Any:
    value = line.values[one.key]
    if one.ask is Ask.VALUE and line.values.get("op") in SIZE_OPS:
        return number_in(value)
    return value.strip() if isinstance(value, str) and one.ask in (Ask.TEXT, Ask.VALUE) else value


def _empty(one: Input) -> str:
    match one.ask:
        case Ask.CHOICES:
            return "Choose at least one."
        case Ask.CHOICE:
            return "Choose one."
        case Ask.OWN_FIELD:
            return "Choose which of your own fields is meant."
        case Ask.TEXT | Ask.VALUE:
            return "Fill this in, or take the condition out."
    return "Give a number."


def _outside(value: Any, least: int, most: int) -> str:
    """Money is counted in pence or cents, so its bounds are not told."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return ""
    return (
        f"Give a whole number from {least:,} to {most:,}."
        if most < 10**15
        else "Give an amount, such as 100."
    )
