"""How many match, and how many are left out for which reason, without looking at everybody.

Those left out for a reason of their own are few and lie ready (`side_tables.Aside`), and so do those who share an address.
Where many are meant, these few are asked whether they are too. Otherwise everybody who is meant is read, once.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    not_,
    select,
    true,
)
from sqlalchemy.orm import Session

from domain.audience.asking import BOOK, asked_of, asks_by_number
from domain.audience.judging import Judged
from domain.audience.numbers import Numbers, how_many, is_indexed, numbers
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.side_tables import Aside, SharedAddress, aside_of

ALONE: Final = (
    LeftOut.NO_ADDRESS,
    LeftOut.BAD_ADDRESS,
    LeftOut.OPTED_OUT,
    LeftOut.SUPPRESSED,
    LeftOut.NO_YES,
)
MATCHED, GONE = "matched", "deleted"
FEW: Final = 8  # up to this part of the book, those who are meant are read one by one

Sums: TypeAlias = dict[str, int]
S: Final[Any] = SharedAddress.__table__
LEFT_OUT: Final[Any] = Aside.__table__.alias("left_out")  # a rule may ask of the table itself


def tally(session: Session, judged: Judged, each: Judged) -> Sums:
    """By LeftOut word, and "matched". `each` is the same as `judged`, asked of one customer at a time."""
    known = aside_of(judged.reach.channel, judged.message_type)
    aside = None if known is None else LEFT_OUT.c[known.key]
    met = numbers(judged.meant) if judged.fresh is None and aside is not None else None
    meant = _are_many(session, judged, met) if judged.fresh is None and aside is not None else None
    if meant is None:
        found = _row(session, _reading_each(judged, aside, met))
        return {**found, MATCHED: found[MATCHED] - found[GONE]}
    found = _row(session, _asking_the_few(judged, each, aside))
    return {**found, MATCHED: meant - found[GONE]}


def _are_many(session: Session, judged: Judged, met: Numbers | None) -> int | None:
    """Their number, the deleted too; None where they are few, or where counting them is most of the work."""
    if not (is_indexed(judged.meant) if met is None else met.are_in_order):
        return None
    meant = how_many(session, judged.meant)
    return meant if meant * FEW >= how_many(session, true()) else None


def _row(session: Session, statement: Select[Any]) -> Sums:
    return {word: number or 0 for word, number in session.execute(statement).mappings().one().items()}


def _reading_each(judged: Judged, aside: Any, met: Numbers | None) -> Select[Any]:
    """The limit that limits nothing keeps the reason from being worked out anew for each sum."""
    by_number = met is not None and (judged.spared is None or asks_by_number(judged.spared))
    people, number = (met.found, met.id) if by_number and met is not None else (BOOK, BOOK.c.id)
    shared = and_(S.c.customer_id == number, S.c.place == judged.reach.place)
    found = people.outerjoin(LEFT_OUT, LEFT_OUT.c.customer_id == number).outerjoin(S, shared)
    who = [] if by_number else [judged.meant, *([] if judged.fresh is None else [judged.fresh])]
    reason = _reason(judged, judged.why if aside is None else aside, number)
    one = select(reason.label("why"), S.c.address).select_from(found).where(*who).limit(-1).subquery("one")
    gets_it = one.c.why.is_(None)
    words = (GONE, *ALONE, LeftOut.ENOUGH)
    later = func.count(one.c.address).filter(gets_it) - func.count(one.c.address.distinct()).filter(gets_it)
    sums = [func.count().filter(one.c.why == str(word)).label(word) for word in words]
    columns: list[ColumnElement[Any]] = [func.count().label(MATCHED), *sums, later.label(LeftOut.DUPLICATE)]
    return select(*columns).select_from(one)


def _reason(judged: Judged, why: Any, number: ColumnElement[int]) -> ColumnElement[str | None]:
    gone = [] if why is not judged.why else [(Customer.deleted_at.is_not(None), GONE)]
    enough = (
        [] if judged.spared is None else [(asked_of(judged.spared, BOOK, id=number), str(LeftOut.ENOUGH))]
    )
    return case(*gone, (why.is_not(None), why), *enough, else_=None)


def _asking_the_few(judged: Judged, each: Judged, aside: Any) -> Select[Any]:
    few = _Few(judged, each, aside)
    return _side_by_side([few.alone(), *few.spared(), few.later_twins()])


def _side_by_side(parts: Iterable[Subquery]) -> Select[Any]:
    """One row with the columns of all."""
    columns: list[ColumnElement[Any]] = []
    found: FromClause = select(literal(1)).subquery("start")
    for part in parts:
        found = found.join(part, true())
        columns += part.c
    return select(*columns).select_from(found)


class _Few:
    """Those who may be left out, who lie ready, and only then are asked whether they are meant."""

    def __init__(self, judged: Judged, each: Judged, aside: Any) -> None:
        self.judged, self.meant, self.aside = judged, each.meant, aside

    def alone(self) -> Subquery:
        """The deleted among them."""
        meant, found = self._of(LEFT_OUT)
        sums = [func.count().filter(self.aside == str(word)).label(word) for word in (GONE, *ALONE)]
        return select(*sums).select_from(found).where(self.aside.is_not(None), meant).subquery("alone")

    def spared(self) -> list[Subquery]:
        if self.judged.spared is None:
            return []
        number = select(func.count().label(LeftOut.ENOUGH)).select_from(Customer)
        gets_it = not_(self._stands_aside(Customer.id))
        return [number.where(self.judged.meant, self.judged.spared, gets_it).subquery("enough")]

    def later_twins(self) -> Subquery:
        """Of several with one address who would get it, all but one."""
        meant, found = self._of(S)
        gets_it = [not_(self._stands_aside(S.c.customer_id)), meant]
        if self.judged.spared is not None:
            columns = {"id": S.c.customer_id, self.judged.reach.place: S.c.address}
            gets_it.append(not_(asked_of(self.judged.spared, S, **columns)))
        shared = select(func.count().label("number")).select_from(found)
        shared = shared.where(S.c.place == self.judged.reach.place, *gets_it)
        several = shared.group_by(S.c.address).having(func.count() > 1).subquery("several")
        return select(func.sum(several.c.number - 1).label(LeftOut.DUPLICATE)).subquery("later")

    def _of(self, table: Any) -> tuple[ColumnElement[bool], FromClause]:
        """The question asked of those in a side table, and where their cards are needed, with these."""
        if asks_by_number(self.meant):
            return asked_of(self.meant, table, id=table.c.customer_id), table
        return self.meant, table.join(BOOK, BOOK.c.id == table.c.customer_id)

    def _stands_aside(self, number: Any) -> ColumnElement[bool]:
        mine = LEFT_OUT.c.customer_id == number, self.aside.is_not(None)
        return select(LEFT_OUT.c.customer_id).where(*mine).correlate_except(LEFT_OUT).exists()
