"""A condition over `customers`, asked of something else that stands for customers: another look at the book, a side table."""

from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, FromClause, SQLColumnExpression, Table, inspect
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.selectable import AliasedReturnsRows

from domain.book.person import Customer

BOOK: Final[Table] = inspect(Customer).local_table  # type: ignore[assignment]

T = TypeVar("T")


def asked_of(
    condition: SQLColumnExpression[T], stand_in: FromClause, **columns: ColumnElement[Any]
) -> ColumnElement[T]:
    """`columns` are those called otherwise in `stand_in`, such as id=shared.c.customer_id.

    A condition that looks at other customers has to do it by an alias of its own, which stays as it is.
    """

    def swap(element: Any, **_: Any) -> Any:
        if isinstance(element, AliasedReturnsRows):
            return element
        if _is_column(element):
            return columns.get(element.key, stand_in.c.get(element.key))
        return stand_in if element is BOOK or _is_book(element) else None

    bare: Any = condition.__clause_element__() if isinstance(condition, QueryableAttribute) else condition
    return cast(ColumnElement[T], visitors.replacement_traverse(bare, {}, swap))


def asks_by_number(condition: ColumnElement[Any]) -> bool:
    """Whether it needs nothing but the customer's number, because all else stands in other tables."""
    return card_columns(condition) <= {"id"}


def card_columns(condition: ColumnElement[Any]) -> set[str]:
    """The columns of `customers` that it looks at, those of other looks at the book aside."""
    return {one.key for one in visitors.iterate(condition) if _is_column(one)}  # type: ignore[attr-defined]


def _is_column(element: Any) -> bool:
    return isinstance(element, ColumnClause) and _is_book(element.table)


def _is_book(element: Any) -> bool:
    return isinstance(element, Table) and element.name == BOOK.name
