"""Customers who may be one person, and pairs of whom somebody said that they are not. Only ever a suggestion.

Nobody is compared with everybody: two people meet only in a small box (`meetings`), the likeliest boxes first, and nobody
looks on once enough is found that is likelier than all the rest. So a book of 100,000 costs less than a second.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, and_, func, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base
from domain.book import meetings
from domain.book.likeness import Card, Suggestion, alike, card, compare, folded
from domain.book.meetings import COLUMNS, Box
from domain.book.person import Customer
from domain.refusal import Refusal, missing
from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Right

MOST_SUGGESTED: Final = 200
MOST_COMPARED: Final = 3_000_000  # names in one look; half a second
MOST_WITH_ONE_ADDRESS: Final = 60  # of more people only neighbours by name are compared
NEIGHBOURS: Final = 8
MOST_NEAR: Final = 300
_IN_THE_BOOK: Final = Customer.deleted_at.is_(None)


class DifferentPeople(Base):
    """Somebody looked: these two are not one. They are not suggested again."""

    __tablename__ = "different_people"

    first_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )  # the higher number


class Found(list[Suggestion]):
    """Suggestions, best first. `crowded`: of how many boxes people were so many that not each was compared with each."""

    crowded: int = 0


def suggest(
    session: Session,
    *,
    most: int = MOST_SUGGESTED,
    about: Collection[int] | None = None,
    by_name: bool = True,
) -> Found:
    """The likeliest pairs of the whole book, best first; of these people only, if `about` is given.

    Without `by_name` only those who share an address or a number, which takes no time.
    """
    look = _Look(most, about, _told_apart(session))
    for people in meetings.with_one_address(session):
        look.at(_pairs(people))
    if by_name:
        for box in meetings.with_names_alike(session, look.has_enough, about):
            look.into(box)
    return look.found()


class _Look:
    """What one look through the book has found so far; it remembers little more than it will show."""

    def __init__(self, most: int, about: Collection[int] | None, apart: Collection[tuple[int, int]]) -> None:
        self.most, self.about, self.apart = most, about, apart
        self.pairs: dict[tuple[int, int], Suggestion] = {}
        self.scores: Counter[int] = Counter()
        self.crowded, self.left = 0, MOST_COMPARED

    def into(self, box: Box) -> None:
        costs = box.many * (box.many - 1) // 2
        if not box.people or costs > self.left:
            self.crowded += 1
            return
        self.left -= costs
        self.at(alike(box.people))

    def at(self, meeting: Iterable[tuple[Card, Card]]) -> None:
        for one, other in meeting:
            pair = (one.id, other.id) if one.id < other.id else (other.id, one.id)
            if pair in self.pairs or pair in self.apart or not self._is_meant(pair):
                continue
            if suggestion := compare(one, other):
                self._keep(pair, suggestion)

    def has_enough(self, ceiling: int) -> bool:
        """As many as are wanted are likelier than anything that comes from here on."""
        return sum(many for score, many in self.scores.items() if score >= ceiling) >= self.most

    def found(self) -> Found:
        best = Found(_best(self.pairs.values(), self.most))
        best.crowded = self.crowded
        return best

    def _is_meant(self, pair: tuple[int, int]) -> bool:
        return self.about is None or pair[0] in self.about or pair[1] in self.about

    def _keep(self, pair: tuple[int, int], suggestion: Suggestion) -> None:
        self.pairs[pair] = suggestion
        self.scores[suggestion.score] += 1
        if len(self.pairs) > 20 * self.most:
            best = _best(self.pairs.values(), self.most)
            self.pairs = {(one.first_id, one.second_id): one for one in best}
            self.scores = Counter(one.score for one in best)


def of(session: Session, customer_id: int, *, most: int = 5) -> list[Suggestion]:
    """Who may be the same person as this one: quick enough for their page."""
    row = session.execute(select(*COLUMNS).where(Customer.id == customer_id, _IN_THE_BOOK)).one_or_none()
    if row is None:
        raise missing("customer")
    person, apart = card(*row), _told_apart(session, customer_id)
    found: dict[int, Suggestion] = {}
    for near in _near(row):
        others = select(*COLUMNS).where(_IN_THE_BOOK, Customer.id != customer_id, near).limit(MOST_NEAR)
        for other in (card(*one) for one in session.execute(others)):
            pair = min(other.id, person.id), max(other.id, person.id)
            if pair not in apart and (suggestion := compare(person, other)):
                found[other.id] = suggestion
    return _best(found.values(), most)


def last_change(session: Session) -> tuple[int, int]:
    """Another one as soon as somebody was written down, changed, merged or told apart, by hand or by a list. Costs nothing."""
    changing = or_(AuditEntry.action.startswith("customer."), AuditEntry.action.startswith("import."))
    entry = select(AuditEntry.id).where(changing).order_by(AuditEntry.id.desc()).limit(1)
    return session.scalar(select(func.max(Customer.id))) or 0, session.scalar(entry) or 0


def different(session: Session, first_id: int, second_id: int, *, by: Actor, now: datetime) -> None:
    """Somebody looked: they are two. Said twice, it is remembered once."""
    by.require(Right.EDIT_CUSTOMERS)
    one, other = sorted((first_id, second_id))
    if one == other:
        raise Refusal("same_customer", "These are one customer already.")
    living = select(func.count()).where(Customer.id.in_([one, other]), _IN_THE_BOOK)
    if session.scalar(living) != 2:
        raise missing("customer")
    session.execute(insert(DifferentPeople).values(first_id=one, second_id=other).on_conflict_do_nothing())
    audit.write(
        session, "customer.told_apart", by=by, now=now, subject_id=one, after={"different_from": other}
    )


def _told_apart(session: Session, customer_id: int | None = None) -> set[tuple[int, int]]:
    rows = select(DifferentPeople.first_id, DifferentPeople.second_id)
    if customer_id is not None:
        rows = rows.where(
            or_(DifferentPeople.first_id == customer_id, DifferentPeople.second_id == customer_id)
        )
    return {(first, second) for first, second in session.execute(rows)}


def _pairs(box: Sequence[Card]) -> Iterator[tuple[Card, Card]]:
    if len(box) <= MOST_WITH_ONE_ADDRESS:
        return combinations(box, 2)
    ordered = sorted(box, key=lambda person: (person.whole, person.id))
    return (
        (one, other)
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 : place + 1 + NEIGHBOURS]
    )


def _near(row: Any) -> list[ColumnElement[bool]]:
    near: list[ColumnElement[bool]] = []
    if row.email_key:
        near.append(Customer.email_key == row.email_key)
    if row.phone_key:
        near.append(Customer.phone_key == row.phone_key)
    column = Customer.last_name if row.last_name else Customer.company
    if name := row.last_name or row.company:
        same_letter = Customer.first_name.startswith(row.first_name[:1], autoescape=True)
        near += [and_(column == name, same_letter), and_(_begins_like(column, name), same_letter)]
    return near


def _begins_like(column: Any, name: str) -> ColumnElement[bool]:
    """ "Be", "be" and "Bé" are one beginning."""
    plain = folded(name)[:2]
    written = {name[:2], name[:2].lower(), name[:2].upper(), name[:2].title(), plain, plain.title()} - {""}
    return or_(*[and_(column >= one, column < _after(one)) for one in sorted(written)])


def _after(beginning: str) -> str:
    """The first text that does not begin like this, in the order of the database."""
    return beginning[:-1] + chr(min(ord(beginning[-1]) + 1, 0x10FFFF))


def _best(found: Iterable[Suggestion], most: int) -> list[Suggestion]:
    return heapq.nsmallest(most, found, key=lambda one: (-one.score, one.first_id, one.second_id))
