"""Those who are meant as plain numbers of customers, so that no card has to be opened to count them.

Most conditions say "is an owner of such rows". Those rows name their owners, and an index has them at hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Exists,
    FromClause,
    Select,
    Table,
    and_,
    func,
    select,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlalchemy.sql.operators import and_ as both
from sqlalchemy.sql.operators import eq, in_op, is_true, not_in_op

from domain.audience.asking import BOOK, asked_of, asks_by_number, card_columns
from domain.audience.leaf import NOUGHT
from domain.book.customers import Customer

Owners: TypeAlias = Select[Any] | CompoundSelect[Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everybody who is meant, the deleted too, each once."""

    found: FromClause
    id: ColumnElement[int]
    are_in_order: bool = False  # an index has them as they are, so that they are soon counted


def how_many(session: Session, meant: ColumnElement[bool]) -> int:
    """The deleted too."""
    return session.scalar(_count(meant)) or 0


def how_many_living(session: Session, meant: ColumnElement[bool], each: ColumnElement[bool]) -> int:
    """`each` is the same as `meant`, asked of one customer at a time: the deleted are few, and are taken off."""
    gone = select(func.count()).select_from(Customer).where(Customer.deleted_at.is_not(None), each)
    return how_many(session, meant) - (session.scalar(gone) or 0)


def numbers(meant: ColumnElement[bool]) -> Numbers | None:
    """None where only the cards themselves can tell."""
    if not asks_by_number(meant):
        return None
    parts = list(demands(meant))
    if not parts:
        return Numbers(BOOK, BOOK.c.id, are_in_order=True)
    owners = [_owners(part) for part in parts]
    leading = next(((place, found) for place, found in enumerate(owners) if found is not None), None)
    if leading is None:
        found = select(BOOK.c.id).where(meant).subquery("meant")
        return Numbers(found, found.c.id, are_in_order=_others(meant) is not None)
    place, first = leading
    return _also(_each_once(first), [part for number, part in enumerate(parts) if number != place])


def is_indexed(meant: ColumnElement[bool]) -> bool:
    """Whether one thing alone is asked of the cards, and an index has it."""
    leading = {next(iter(index.columns)).name for index in BOOK.indexes}
    return len(list(demands(meant))) == 1 and card_columns(meant) <= leading


def _count(meant: ColumnElement[bool]) -> Select[int]:
    every = select(func.count()).select_from(BOOK)
    others = _others(meant)
    if others is not None:
        those = select(func.count()).select_from(_each_once(others).found)
        return select(every.scalar_subquery() - those.scalar_subquery())
    met = numbers(meant)
    return every.where(meant) if met is None else select(func.count()).select_from(met.found)


def demands(condition: Any) -> Iterator[ColumnElement[bool]]:
    """What has to hold together."""
    if isinstance(condition, BooleanClauseList) and condition.operator is both:
        for part in condition.clauses:
            yield from demands(part)
    elif not _asks_nothing(condition):
        yield condition


def _asks_nothing(condition: Any) -> bool:
    held = condition.element if getattr(condition, "operator", None) is is_true else condition
    return isinstance(held, type(true()))


def _others(meant: ColumnElement[bool]) -> Owners | None:
    """Where everybody is meant but the owners of such rows."""
    parts = list(demands(meant))
    return _owners(parts[0], not_in_op) if len(parts) == 1 else None


def _owners(part: ColumnElement[bool], operator: Any = in_op) -> Owners | None:
    """Where it says "is an owner of such rows", or is none of them, and they all exist."""
    if not isinstance(part, BinaryExpression) or part.operator is not operator:
        return None
    found = getattr(part.right, "element", part.right)
    if not isinstance(found, Select | CompoundSelect) or getattr(part.left, "key", "") != "id":
        return None
    [owner] = found.selected_columns
    is_key = any(key.column is BOOK.c.id for key in owner.foreign_keys)
    return found if is_key else None


def _each_once(found: Owners) -> Numbers:
    """Of a union the parts come in the order of their owners, and are read side by side."""
    if isinstance(found, CompoundSelect):
        return _numbers(found.order_by(found.selected_columns[0].name), are_in_order=True)
    if _is_once(found):
        return _numbers(found, are_in_order=True)
    return _numbers(_distinct(found))


def _numbers(found: Owners, are_in_order: bool = False) -> Numbers:
    every = found.subquery("owners")
    [owner] = every.c
    return Numbers(every, owner, are_in_order)


def _distinct(found: Select[Any]) -> Select[Any]:
    """Rows that ask about others of their owner are best read in the order of owners: those others lie beside them."""
    asks_about_others = any(isinstance(part, Exists) for part in visitors.iterate(found))
    if asks_about_others:
        return found.distinct()
    [owner] = found.selected_columns  # not through all there is in the order of the owners
    return found.with_only_columns((owner + NOUGHT).label("id")).distinct()


def _also(first: Numbers, rest: list[ColumnElement[bool]]) -> Numbers:
    if not rest:
        return first
    others = asked_of(and_(true(), *rest), first.found, id=first.id)
    found = select(first.id.label("id")).where(others).subquery("meant")
    return Numbers(found, found.c.id)


def _is_once(found: Select[Any]) -> bool:
    """An owner can't come twice: all else in the key of the rows is given."""
    [owner] = found.selected_columns
    rows = getattr(owner, "table", None)
    if not isinstance(rows, Table):
        return False
    given = {_given(part) for part in demands(found.whereclause)} if found.whereclause is not None else set()
    return all(column.name in given or column.name == owner.name for column in rows.primary_key.columns)


def _given(part: Any) -> str:
    """The column that is said to be one value."""
    is_equal = isinstance(part, BinaryExpression) and part.operator is eq
    return str(part.left.name) if is_equal and isinstance(part.left, Column) else ""
