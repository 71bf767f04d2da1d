"""A first look at whom a rule means, while somebody still writes it: how many, and a few of them by name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience import rules, segments
from domain.audience.names import read as read_names
from domain.book.customers import Customer


@dataclass(frozen=True, slots=True)
class Glimpse:
    matched: int
    words: str  # the rule as a sentence
    some: tuple[tuple[int, str], ...]  # id and name, in the order of the customer list


def glimpse(session: Session, tree: Any, *, now: datetime, most: int = 6) -> Glimpse:
    """Raises Refusal for a rule that is not understood, or that names a segment which is gone."""
    rule = rules.parse(tree)
    meant = (Customer.deleted_at.is_(None), segments.condition(session, rule, now=now))
    matched = segments.size(session, rule, now=now)
    order = (Customer.last_name, Customer.first_name, Customer.id)
    some = session.scalars(select(Customer).where(*meant).order_by(*order).limit(most))
    return Glimpse(
        matched, rule.sentence(read_names(session)), tuple((one.id, one.shown_name) for one in some)
    )
