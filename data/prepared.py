"""Statements that run thousands of times a minute: built and compiled once, then handed to the driver as text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Executable, String, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeEngine


class Prepared:
    """Building such a statement anew costs several times its execution. Rows come back as the driver gives them."""

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=sqlite.dialect(paramstyle="named"),
            compile_kwargs={"render_postcompile": True},
        )
        self.sql = str(compiled)
        self._fixed = {name: plain(value) for name, value in compiled.params.items()}

    def run(self, session: Session, **values: Any) -> CursorResult[Any]:
        given = {name: plain(value) for name, value in values.items()}
        return session.connection().exec_driver_sql(self.sql, self._fixed | given)

    def run_each(self, session: Session, rows: Sequence[Mapping[str, Any]], **values: Any) -> None:
        """Once for each row, in the driver's own loop."""
        shared = self._fixed | {name: plain(value) for name, value in values.items()}
        session.connection().exec_driver_sql(self.sql, [{**shared, **row} for row in rows])


def slot(name: str, kind: type[TypeEngine[Any]]) -> BindParameter[Any]:
    """A value that is given at each run."""
    return bindparam(name, None, type_=kind, required=False)


def among(what: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Whether it is one of those that are given as a JSON list: so many in one value that no limit is met."""
    wanted = func.json_each(slot(name, String)).table_valued("value", name=name)
    return what.in_(select(wanted.c.value))


def moment(text: str | None) -> datetime | None:
    """Read back from how it lies in the file."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def plain(value: Any) -> Any:
    """As it lies in the file."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return str(value) if isinstance(value, StrEnum) else value
