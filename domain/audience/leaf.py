"""What all leaves of a rule have in common: a leaf is one plain statement about one customer.

A leaf is always true or false, never SQL's third answer: otherwise `not` would lose the people with an empty field.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    exists,
    false,
    func,
    literal_column,
    not_,
    select,
    true,
    union,
)

from domain.audience.fields import bad_rule, whole, word, words
from domain.audience.look import Look
from domain.audience.names import Names, Reference, Thing
from domain.book.person import Customer

__all__ = ["NOUGHT", "Leaf", "Reference", "Thing", "at_least", "owns", "owns_any", "times"]

MOST_SIDE_BY_SIDE = 8
# Added to a column, so that SQLite does not look for an index of it.
NOUGHT: Final[ColumnElement[int]] = literal_column("0")


class Leaf(Protocol):
    @property
    def weight(self) -> int:
        """How many values it carries into the statement."""

    @property
    def refers(self) -> tuple[Reference, ...]:
        """What must be there for the leaf to mean anything."""

    def where(self, look: Look) -> ColumnElement[bool]: ...

    def sentence(self, names: Names) -> str: ...

    def as_json(self) -> dict[str, Any]: ...


def owns(look: Look, owner: SQLColumnExpression[Any], *such: ColumnElement[bool]) -> ColumnElement[bool]:
    """The customer has a row such as this; `owner` is that row's customer and may be empty."""
    return at_least(look, owner, 1, *such)


def at_least(
    look: Look, owner: SQLColumnExpression[Any], number: int, *such: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Has so many rows. Of many customers, the owners are gathered first; of one, only that one's rows are read."""
    if number < 1:
        return true()
    found = select(owner).where(*such, owner.is_not(None))
    if look.of_many:
        often = found if number == 1 else found.group_by(owner).having(func.count() >= number)
        return Customer.id.in_(often)
    mine = and_(owner == Customer.id, *such)
    if number == 1:
        return exists().where(mine).correlate(Customer)
    return select(func.count()).where(mine).correlate(Customer).scalar_subquery() >= number


def owns_any(
    of_many: bool, owner: SQLColumnExpression[Any], any_such: ColumnElement[bool], *each: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Has a row of one of these sorts, said together and one by one: an index has each sort in the order of its owners,
    and so a few of them are read side by side.
    """
    if not of_many:
        return exists().where(owner == Customer.id, any_such).correlate(Customer)
    if not 1 <= len(each) <= MOST_SIDE_BY_SIDE:
        return Customer.id.in_(select(owner).where(any_such))
    found = [select(owner).where(one) for one in each]
    return Customer.id.in_(found[0] if len(found) == 1 else union(*found))


def times(
    look: Look, owner: SQLColumnExpression[Any], op: str, number: int, *such: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Has a number of such rows that compares so with `number`; nobody's number is unknown."""

    def reaches(wanted: int) -> ColumnElement[bool]:
        return at_least(look, owner, wanted, *such)

    match op:
        case "gte":
            return reaches(number)
        case "gt":
            return reaches(number + 1)
        case "lt":
            return not_(reaches(number))
        case "lte":
            return not_(reaches(number + 1))
    if number < 0:
        return false()
    return and_(reaches(number), not_(reaches(number + 1)))


def only(tree: dict[str, Any], *known: str, of: str = "") -> None:
    unknown = next((key for key in tree if key not in known), None)
    if unknown is not None:
        raise bad_rule(f"A condition about \u201c{of or known[0]}\u201d can't have \u201c{unknown}\u201d.")


def inner(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """What stands below the key of a leaf, with its own keys."""
    given = tree[key]
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        raise bad_rule(f"\u201c{key}\u201d needs its details as names with values.")
    return given


def switch(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise bad_rule(f"\u201c{what}\u201d must be true or false.")
    return value


def one_or_more(value: Any, what: str) -> tuple[str, ...]:
    found = words([value] if isinstance(value, str) else value, what)
    if not found or not all(found):
        raise bad_rule(f"\u201c{what}\u201d must name at least one.")
    return found


def one_of(value: Any, what: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    found = word(value, what)
    if found not in known:
        raise bad_rule(f"There is no {what} called \u201c{found}\u201d. Known are: {', '.join(known)}.")
    return found


def positive(value: Any, what: str, most: int) -> int:
    return whole(value, what, 1, most)


def bare(values: tuple[Any, ...]) -> Any:
    """One is written as itself, several as a list."""
    return values[0] if len(values) == 1 else list(values)


def either(names: tuple[str, ...] | list[str]) -> str:
    """gold, watches or pearls"""
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def called(keys: tuple[Any, ...], names: Mapping[Any, str]) -> list[str]:
    return [names.get(key, str(key)) for key in keys]


def days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def months(number: int) -> str:
    return "month" if number == 1 else f"{number} months"
