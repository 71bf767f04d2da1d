"""A rule looked at in pieces while somebody writes it: how many one condition fits, and whether one person belongs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.audience import rules, segments
from domain.audience.names import read as read_names
from domain.audience.rules import Group, Rule
from domain.audience.unmet import holds, miss
from domain.audience.who import Audience, Who
from domain.book.customers import Customer
from domain.refusal import missing


@dataclass(frozen=True, slots=True)
class Belonging:
    inside: bool
    sentence: str


def count(session: Session, tree: Any, *, now: datetime, of: int | None = None) -> int:
    """`of` is the segment the condition is written for. Raises Refusal for what could not be saved there."""
    segments.require_sound(session, tree, of=of)
    return segments.size(session, rules.parse(tree), now=now)


def belonging(session: Session, tree: Any, customer_id: int, *, now: datetime) -> Belonging:
    """In by which condition, or out by which."""
    customer, rule = session.get(Customer, customer_id), rules.parse(tree)
    if customer is None:
        raise missing("customer")
    if customer.deleted_at is not None:
        return Belonging(False, "This customer was deleted.")
    if _holds(session, rule, customer, now):
        return Belonging(True, f"Belongs here: {_fitting(session, rule, customer, now)}.")
    said = miss(session, Audience(Who.RULE, rule=rule), customer, now)
    return Belonging(False, f"Does not belong here: {said}.")


def _fitting(session: Session, rule: Rule, customer: Customer, now: datetime) -> str:
    """Of several that are joined by "any", the first that holds."""
    root, names = rule.root, read_names(session)
    if not isinstance(root, Group) or root.word != "any":
        return rule.sentence(names)
    parts = (Rule(part) for part in root.parts)
    return next(part.sentence(names) for part in parts if _holds(session, part, customer, now))


def _holds(session: Session, rule: Rule, customer: Customer, now: datetime) -> bool:
    return holds(session, customer, segments.condition(session, rule, now=now, of_many=False))
