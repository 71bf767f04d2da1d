"""A list of the shop's own words that records use, such as categories or staff: it grows by itself and is kept in order.

A key is the word as it was first written. It stays when the label changes, so that records and rules stay true.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.book.leaning import require_unused
from domain.book.ordering import put_in_order
from domain.book.record import CustomerRecord
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

LONGEST: Final = 60
MOST: Final = 2_000

T = TypeVar("T", bound=Any)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """`model` has key, label and position; `used_in` is the column of a record that holds one of its keys."""

    noun: str
    model: type[T]
    used_in: InstrumentedAttribute[str]

    def every(self, session: Session) -> list[T]:
        return list(session.scalars(select(self.model).order_by(self.model.position, self.model.label)))

    def labels(self, session: Session) -> dict[str, str]:
        """What each key is called now."""
        return {row.key: row.label for row in self.every(session)}

    def get(self, session: Session, key: str) -> T:
        row = session.get(self.model, key)
        if row is None:
            raise missing(self.noun)
        return row

    def keys_of(self, session: Session, names: Iterable[str]) -> dict[str, str]:
        """The key of each name as typed; a name that is new joins the list. Empty ones are left out."""
        known = self._known(session)
        found: dict[str, str] = {}
        for name in dict.fromkeys(names):
            if name:
                found[name] = known.get(name.casefold()) or self._join(session, name, known)
        session.flush()
        return found

    def key_of(self, session: Session, name: str) -> str:
        return self.keys_of(session, [name]).get(name, "")

    def add(self, session: Session, label: str, *, by: Actor, now: datetime) -> T:
        by.require(Right.MANAGE_SHOP)
        name = self._free(session, label)
        self._refuse_too_many(session)
        row: T = self.model(key=name, label=name, position=self._last(session) + 1)
        session.add(row)
        session.flush()
        audit.write(session, f"{self.noun}.added", by=by, now=now, after={"key": row.key})
        return row

    def rename(self, session: Session, key: str, label: str, *, by: Actor, now: datetime) -> T:
        by.require(Right.MANAGE_SHOP)
        row = self.get(session, key)
        before, row.label = row.label, self._free(session, label, besides=key)
        session.flush()
        self._note(session, "renamed", key, {"label": before}, {"label": row.label}, by, now)
        return row

    def order(self, session: Session, keys: Sequence[str], *, by: Actor, now: datetime) -> None:
        """As given; those that are not named follow in the order they had."""
        by.require(Right.MANAGE_SHOP)
        put_in_order(self.every(session), keys, self.noun)
        session.flush()
        audit.write(session, f"{self.noun}.ordered", by=by, now=now, after={"keys": list(keys)})

    def delete(
        self,
        session: Session,
        key: str,
        *,
        replacement: str | None = None,
        used_by: Sequence[str],
        by: Actor,
        now: datetime,
    ) -> int:
        """Refused while a segment or a campaign speaks of it (`used_by`: in words), and while records use it, unless
        they get another one. Answers with the number of records changed."""
        by.require(Right.MANAGE_SHOP)
        row, used = self.get(session, key), self.used(session, key)
        require_unused(row.label, used_by)
        if replacement is not None:
            self._replace(session, key, replacement)
        elif used:
            raise self._in_use(row.label, used)
        session.delete(row)
        session.flush()
        self._note(session, "deleted", key, {"label": row.label}, {"replacement": replacement}, by, now)
        return used

    def used(self, session: Session, key: str) -> int:
        """How many records have it."""
        return session.scalar(select(func.count()).where(self.used_in == key)) or 0

    def counts(self, session: Session) -> dict[str, int]:
        """How many records have each; those that nobody uses are missing."""
        rows = select(self.used_in, func.count()).where(self.used_in != "").group_by(self.used_in)
        return dict(iter(session.execute(rows)))

    def _known(self, session: Session) -> dict[str, str]:
        """Folded key or label -> key. A key wins over another one's label."""
        rows = self.every(session)
        return {row.label.casefold(): row.key for row in rows} | {row.key.casefold(): row.key for row in rows}

    def _join(self, session: Session, name: str, known: dict[str, str]) -> str:
        self._refuse_too_many(session)
        session.add(self.model(key=name, label=name, position=self._last(session) + 1))
        session.flush()
        known[name.casefold()] = name
        return name

    def _last(self, session: Session) -> int:
        return session.scalar(select(func.max(self.model.position))) or 0

    def _free(self, session: Session, label: Any, besides: str | None = None) -> str:
        name = one_line("label", label, LONGEST)
        if not name:
            raise invalid("label", f"Please give the {self.noun} a name.")
        if self._known(session).get(name.casefold(), besides) != besides:
            raise Refusal("name_taken", f"{name} is in the list already.", Kind.CONFLICT, field="label")
        return name

    def _replace(self, session: Session, key: str, replacement: str) -> None:
        self.get(session, replacement)
        if replacement == key:
            raise invalid("replacement", "Choose another one in its place.")
        moving = update(CustomerRecord).where(self.used_in == key).values({self.used_in: replacement})
        session.execute(moving.execution_options(synchronize_session=False))

    def _in_use(self, label: str, used: int) -> Refusal:
        records = "1 record has" if used == 1 else f"{used:,} records have"
        sentence = f"{records} {label}. Say which one they get instead."
        return Refusal("in_use", sentence, Kind.CONFLICT, records=used)

    def _refuse_too_many(self, session: Session) -> None:
        if (session.scalar(select(func.count()).select_from(self.model)) or 0) >= MOST:
            raise Refusal("too_many", f"This list is full: it can hold {MOST:,}. Delete some first.")

    def _note(
        self,
        session: Session,
        what: str,
        key: str,
        before: dict[str, Any],
        after: dict[str, Any],
        by: Actor,
        now: datetime,
    ) -> None:
        audit.write(
            session, f"{self.noun}.{what}", by=by, now=now, before={"key": key, **before}, after=after
        )
