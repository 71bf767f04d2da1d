"""Customers who may be one person, and pairs of whom somebody said that they are not. Only ever a suggestion.

Nobody is compared with everybody: two people meet only in a small box, of those with one address, one number, or names
that begin alike and something else in common. So the whole book costs seconds, and memory for one box at a time.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations, groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, and_, func, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from data.base import Base
from domain.book.likeness import Card, Suggestion, card, compare, folded
from domain.book.person import Customer
from domain.refusal import Refusal, missing
from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Right

MOST_SUGGESTED: Final = 200
LARGEST_BOX: Final = 60  # of more people with one thing in common only neighbours by name are compared
NEIGHBOURS: Final = 8
MOST_NEAR: Final = 300
AT_ONCE: Final = 2_000
COLUMNS: Final = (
    Customer.id, Customer.first_name, Customer.last_name, Customer.company, Customer.email_key, Customer.phone_key,
    Customer.postcode,
)  # fmt: skip
_IN_THE_BOOK: Final = Customer.deleted_at.is_(None)


class DifferentPeople(Base):
    """Somebody looked: these two are not one. They are not suggested again."""

    __tablename__ = "different_people"

    first_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )  # the higher number


def suggest(
    session: Session, *, most: int = MOST_SUGGESTED, about: Collection[int] | None = None
) -> list[Suggestion]:
    """The likeliest pairs of the whole book, best first; of these people only, if `about` is given."""
    known_different = _told_apart(session)
    found: dict[tuple[int, int], Suggestion] = {}
    for one, other in _meetings(session):
        pair = (min(one.id, other.id), max(one.id, other.id))
        if pair in known_different or (about is not None and not (pair[0] in about or pair[1] in about)):
            continue
        if pair not in found and (suggestion := compare(one, other)):
            found[pair] = suggestion
            if len(found) > 20 * most:
                found = {(one.first_id, one.second_id): one for one in _best(found.values(), most)}
    return _best(found.values(), most)


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


def _meetings(session: Session) -> Iterator[tuple[Card, Card]]:
    for column in (Customer.email_key, Customer.phone_key):
        yield from _with_one(session, column)
    for people in _with_names_beginning_alike(session):
        for box in _boxes(people):
            yield from _pairs(box)


def _with_one(session: Session, column: InstrumentedAttribute[str | None]) -> Iterator[tuple[Card, Card]]:
    """Those who share an address, or a number."""
    shared = select(column).where(column.is_not(None), _IN_THE_BOOK).group_by(column).having(func.count() > 1)
    rows = select(*COLUMNS).where(column.in_(shared), _IN_THE_BOOK).order_by(column, Customer.id)
    streamed = session.execute(rows.execution_options(yield_per=AT_ONCE))
    for _, box in groupby(streamed, key=lambda row: getattr(row, column.key)):
        yield from _pairs([card(*row) for row in box])


def _with_names_beginning_alike(session: Session) -> Iterator[list[Card]]:
    """The book in parts, by the first two letters of the last name, or of the company where there is none."""
    for column, only in ((Customer.last_name, Customer.last_name != ""), (Customer.company, Customer.last_name == "")):  # fmt: skip
        for beginnings in _beginnings(session, column, only):
            ranges = [and_(column >= one, column < _after(one)) for one in beginnings]
            rows = select(*COLUMNS).where(or_(*ranges), only, _IN_THE_BOOK).order_by(Customer.id)
            yield [card(*row) for row in session.execute(rows)]


def _beginnings(session: Session, column: Any, only: ColumnElement[bool]) -> Iterable[list[str]]:
    """ "Be", "be" and "Bé" are one beginning."""
    rows = session.scalars(select(func.substr(column, 1, 2)).where(only, column != "").distinct())
    together: dict[str, list[str]] = {}
    for beginning in rows:
        together.setdefault(folded(beginning)[:2], []).append(beginning)
    return together.values()


def _after(beginning: str) -> str:
    """The first text that does not begin like this, in the order of the database."""
    return beginning[:-1] + chr(min(ord(beginning[-1]) + 1, 0x10FFFF))


def _boxes(people: Sequence[Card]) -> Iterator[list[Card]]:
    """People whose names begin alike and who have one more thing in common, or whose names are the same."""
    boxes: dict[tuple[str, ...], list[Card]] = {}
    for person in people:
        begins = person.first[:1], person.last[:3]
        keys: list[tuple[str, ...]] = [("name", person.whole)]
        if person.postcode:
            keys.append(("postcode", *begins, person.postcode))
        if person.domain:
            keys.append(("domain", *begins, person.domain))
        if person.phone:
            keys.append(("phone", *begins, person.phone[-6:]))
        for key in keys:
            boxes.setdefault(key, []).append(person)
    return (box for box in boxes.values() if len(box) > 1)


def _pairs(box: Sequence[Card]) -> Iterator[tuple[Card, Card]]:
    if len(box) <= LARGEST_BOX:
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
        plain = folded(name)[:2]
        written = {name[:2], name[:2].lower(), name[:2].upper(), name[:2].title(), plain, plain.title()} - {
            ""
        }
        begins = or_(*[and_(column >= one, column < _after(one)) for one in sorted(written)])
        near.append(and_(begins, Customer.first_name.startswith(row.first_name[:1], autoescape=True)))
    return near


def _best(found: Iterable[Suggestion], most: int) -> list[Suggestion]:
    return heapq.nsmallest(most, found, key=lambda one: (-one.score, one.first_id, one.second_id))
