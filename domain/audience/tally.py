"""How many match, and how many are left out for which reason, without looking at everybody.

Those left out are few, and an index finds them: no address, an address that does not work, a no. So where an audience
is told by numbers of customers alone (everybody, tags, lists, records), the matching are counted without reading them,
and the few are asked whether they are meant. Otherwise everybody who is meant is read once.
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
    except_,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.operators import in_op

from domain.audience.asking import BOOK, asked_of, asks_by_number
from domain.audience.judging import Judged
from domain.book import consent
from domain.book.consent import LeftOut, Reach
from domain.book.customers import Customer
from domain.book.side_tables import SharedAddress

ALONE: Final = (LeftOut.NO_ADDRESS, LeftOut.BAD_ADDRESS, LeftOut.OPTED_OUT, LeftOut.SUPPRESSED)
MATCHED, GONE = "matched", "gone"
FEW: Final = 8  # up to this part of the book, those who are meant are read one by one

Sums: TypeAlias = dict[str, int]


def tally(session: Session, judged: Judged, each: Judged) -> Sums:
    """By LeftOut word, and "matched". `each` is the same as `judged`, asked of one customer at a time."""
    if judged.fresh is not None or not asks_by_number(judged.meant):
        return _row(session, _reading_each(judged))
    meant = session.scalar(how_many(judged.meant)) or 0
    whole = session.scalar(how_many(true())) or 0
    if meant * FEW < whole:
        return _row(session, _reading_each(judged))
    sums = _row(session, _asking_the_few(judged, each))
    return {**sums, MATCHED: meant - sums[GONE]}


def how_many(meant: ColumnElement[bool]) -> Select[int]:
    """The deleted too. Where it says "is one of these", these are counted, and no customer is looked up."""
    if meant is true() or isinstance(meant, type(true())):
        return select(func.count()).select_from(BOOK)
    owners = _owners(meant)
    if owners is not None:
        return owners
    return select(func.count()).select_from(Customer).where(meant)


def _owners(meant: ColumnElement[bool]) -> Select[int] | None:
    """The number of owners, where it says "is an owner of such rows"; they all exist. None where it says anything else."""
    if not isinstance(meant, BinaryExpression) or meant.operator is not in_op:
        return None
    found = getattr(meant.right, "element", meant.right)
    if not isinstance(found, Select):
        return None
    owner = found.selected_columns[0]
    if not any(key.column is BOOK.c.id for key in owner.foreign_keys):
        return None
    if found._group_by_clauses:
        return select(func.count()).select_from(found.subquery())
    return found.with_only_columns(func.count(owner.distinct()))


def _row(session: Session, statement: Select[Any]) -> Sums:
    return {word: number or 0 for word, number in session.execute(statement).mappings().one().items()}


def _reading_each(judged: Judged) -> Select[Any]:
    """The limit that limits nothing keeps the reason from being worked out anew for each sum."""
    why = select(judged.why.label("why"), Customer.id).where(judged.who).limit(-1).subquery("matching")
    columns = [func.count().label(MATCHED)]
    columns += [func.count().filter(why.c.why == str(word)).label(word) for word in ALONE]
    twins = judged.twins()
    later = select(func.sum(twins.c.number - 1).label(LeftOut.DUPLICATE)).select_from(twins)
    return _side_by_side([select(*columns).select_from(why).subquery("alone"), *_sum_of_spared(judged), later.subquery("later")])  # fmt: skip


def _asking_the_few(judged: Judged, each: Judged) -> Select[Any]:
    few = _Few(judged, each)
    return _side_by_side([few.by_own_row(), few.said_no(), few.kept_out(), *_sum_of_spared(judged), few.later_twins()])  # fmt: skip


def _sum_of_spared(judged: Judged) -> list[Subquery]:
    if judged.spared is None:
        return []
    number = select(func.count().label(LeftOut.ENOUGH)).select_from(Customer)
    return [number.where(judged.who, judged.spared, judged.why.is_(None)).subquery("enough")]


def _side_by_side(parts: Iterable[Subquery]) -> Select[Any]:
    """One row with the columns of all; those of the same name are added."""
    sums: dict[str, ColumnElement[Any]] = {}
    found: FromClause = select(literal(1)).subquery("start")
    for part in parts:
        found = found.join(part, true())
        for column in part.c:
            sums[column.key] = sums[column.key] + column if column.key in sums else column
    return select(*(number.label(word) for word, number in sums.items())).select_from(found)


class _Few:
    """Those who may be left out, each found by an index, and only then asked whether they are meant."""

    def __init__(self, judged: Judged, each: Judged) -> None:
        self.reach, self.message_type = judged.reach, judged.message_type
        self.spared, self.meant = judged.spared, each.meant

    def by_own_row(self) -> Subquery:
        """In the words of the index, which holds all that is looked at here."""
        own = _own_reason(self)
        words = (GONE, LeftOut.NO_ADDRESS, LeftOut.BAD_ADDRESS, LeftOut.OPTED_OUT)
        found = (
            select(own.label("why")).where(_stands_aside(self.reach), self.meant).limit(-1).subquery("aside")
        )
        return select(*(func.count().filter(found.c.why == str(word)).label(word) for word in words)).subquery("by_row")  # fmt: skip

    def said_no(self) -> Subquery:
        if not self.message_type.needs_consent:
            return select(literal(0).label(LeftOut.OPTED_OUT)).subquery("said_no")
        found = _ids_without(self._refusers(), self._aside())
        number = select(func.count().label(LeftOut.OPTED_OUT)).select_from(found)
        return number.where(asked_of(self.meant, found)).subquery("said_no")

    def kept_out(self) -> Subquery:
        refused = [self._refusers()] if self.message_type.needs_consent else []
        found = _ids_without(self._suppressed(), self._aside(), *refused)
        number = select(func.count().label(LeftOut.SUPPRESSED)).select_from(found)
        return number.where(asked_of(self.meant, found)).subquery("kept_out")

    def later_twins(self) -> Subquery:
        """Of several with one address who would get it, all but one."""
        S = SharedAddress
        gets_it = [S.customer_id.not_in(self._aside()), *self._not_refused(S.customer_id)]
        gets_it += [S.customer_id.not_in(self._suppressed()), self._of_sharer(self.meant)]
        gets_it += [] if self.spared is None else [not_(self._of_sharer(self.spared))]
        shared = select(func.count().label("number")).where(S.place == self.reach.place, *gets_it)
        several = shared.group_by(S.address).having(func.count() > 1).subquery("several")
        return select(func.sum(several.c.number - 1).label(LeftOut.DUPLICATE)).subquery("later")

    def _of_sharer(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        table: Any = SharedAddress.__table__
        columns = {"id": table.c.customer_id, self.reach.place: table.c.address}
        return asked_of(condition, table, **columns)

    def _aside(self) -> Select[Any]:
        aside = BOOK.alias("aside")
        reason = asked_of(_own_reason(self), aside)
        return select(aside.c.id).where(asked_of(_stands_aside(self.reach), aside), reason.is_not(None))

    def _refusers(self) -> Select[int]:
        return consent.refusers(self.reach.channel, self.message_type)

    def _not_refused(self, customer_id: Any) -> list[ColumnElement[bool]]:
        return [customer_id.not_in(self._refusers())] if self.message_type.needs_consent else []

    def _suppressed(self) -> Select[Any]:
        other = BOOK.alias("kept_out_ones")
        hashes = consent.kept_out(self.reach.channel, self.message_type)
        return select(other.c.id).where(asked_of(self.reach.address_hash, other).in_(hashes))


def _ids_without(these: Select[Any], *those: Select[Any]) -> Subquery:
    """In the order of the numbers, so that each is read once, side by side."""
    ids = [select(one.subquery().c[0].label("id")) for one in (these, *those)]
    return except_(*ids).order_by("id").subquery()


def _stands_aside(reach: Reach) -> ColumnElement[bool]:
    own = reach.address.is_(None), reach.trouble.is_not(None), Customer.marketing_opt_out
    return or_(Customer.deleted_at.is_not(None), *own)


def _own_reason(few: _Few) -> ColumnElement[str | None]:
    reasons: list[tuple[ColumnElement[bool], str]] = [
        (Customer.deleted_at.is_not(None), GONE),
        (few.reach.address.is_(None), str(LeftOut.NO_ADDRESS)),
        (few.reach.trouble.is_not(None), str(LeftOut.BAD_ADDRESS)),
    ]
    if few.message_type.needs_consent:
        reasons.append((and_(Customer.marketing_opt_out), str(LeftOut.OPTED_OUT)))
    return case(*reasons, else_=None)
