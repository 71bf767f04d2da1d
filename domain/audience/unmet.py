"""Why somebody is not meant: the first thing that an audience asks for and this person does not fulfil."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.audience import segments
from domain.audience.leaves import either, in_groups
from domain.audience.meaning import in_any, left_out
from domain.audience.names import read as read_names
from domain.audience.rules import EVERYBODY, Rule
from domain.audience.who import Audience, Except, Who
from domain.book.customers import Customer, CustomerTag, Tag
from domain.book.groups import Group


def holds(session: Session, customer: Customer, condition: ColumnElement[bool]) -> bool:
    return session.scalar(select(Customer.id).where(Customer.id == customer.id, condition)) is not None


def miss(session: Session, audience: Audience, customer: Customer, now: datetime) -> str:
    """For "Not in this audience: ..."; to be asked only about somebody who is not."""
    out = audience.exclude
    if out and holds(session, customer, left_out(session, out, now=now)):
        return f"left out, because this customer {_why_out(session, out, customer, now)}"
    match audience.kind:
        case Who.TAGS:
            return f"does not have the tag {either(audience.tags)}" if audience.tags else "no tag is chosen"
        case Who.GROUP:
            return _not_in_groups(session, audience)
        case Who.STATUS:
            return f"has the status {customer.status}"
        case Who.MANUAL:
            return "was not chosen by hand"
        case Who.SEGMENT:
            return _not_in_segments(session, audience, customer, now)
    return f"the rule asks for \u201c{_unmet(session, audience.rule or EVERYBODY, customer, now)}\u201d"


def group_names(session: Session) -> dict[int, str]:
    return dict(iter(session.execute(select(Group.id, Group.name))))


def _why_out(session: Session, out: Except, customer: Customer, now: datetime) -> str:
    for one in out.segments:
        if holds(session, customer, segments.condition(session, in_any([one]), now=now, of_many=False)):
            return f"is in the segment {segments.name_of(session, one)}"
    mine = select(Tag.name).join(CustomerTag, CustomerTag.tag_id == Tag.id)
    tag = session.scalar(mine.where(CustomerTag.customer_id == customer.id, Tag.name.in_(out.tags)).limit(1))
    if tag is not None:
        return f"has the tag {tag}"
    group = next(one for one in out.groups if holds(session, customer, in_groups([one])))
    return f"is in the group {group_names(session)[group]}"


def _not_in_groups(session: Session, audience: Audience) -> str:
    names = group_names(session)
    chosen = [names[one] for one in audience.group_ids if one in names]
    return f"is not in the group {either(chosen)}" if chosen else "no group is chosen"


def _not_in_segments(session: Session, audience: Audience, customer: Customer, now: datetime) -> str:
    if not audience.segment_ids:
        return "no segment is chosen"
    names = [segments.name_of(session, one) or "" for one in audience.segment_ids]
    if len(names) > 1:
        return f"is in none of the segments {either(names)}"
    rule = segments.rule_of(session, audience.segment_ids[0])
    return f"the segment {names[0]} asks for \u201c{_unmet(session, rule, customer, now)}\u201d"


def _unmet(session: Session, rule: Rule, customer: Customer, now: datetime) -> str:
    """The first condition that keeps this person out; where all others hold, it is the last, and need not be asked."""
    *others, last = rule.demands or [rule]
    fulfils = (
        holds(session, customer, segments.condition(session, one, now=now, of_many=False)) for one in others
    )
    found = next((one for one, held in zip(others, fulfils, strict=True) if not held), last)
    return found.sentence(read_names(session))
