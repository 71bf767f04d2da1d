"""What an audience means: one condition over `customers`, whoever may be written to."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from domain.audience import rules, segments
from domain.audience.leaves import has_any_tag
from domain.audience.who import Audience, Who
from domain.book.customers import Customer, Tag
from domain.refusal import Refusal


def condition(session: Session, audience: Audience, *, now: datetime) -> ColumnElement[bool]:
    """Who is meant, over `customers`. Raises Refusal "audience_gone" for a segment or tag that no longer exists."""
    match audience.kind:
        case Who.SEGMENT:
            return segments.condition(session, segments.rule_of(session, audience.segment_id or 0), now=now)
        case Who.TAGS:
            _require_tags(session, audience.tags)
            return has_any_tag(audience.tags)
        case Who.MANUAL:
            return Customer.id.in_(_listed(audience.customer_ids))
        case Who.STATUS:
            return Customer.status.in_(audience.statuses)
        case Who.RULE:
            return segments.condition(session, audience.rule or rules.EVERYBODY, now=now)
    return true()


def _require_tags(session: Session, tags: tuple[str, ...]) -> None:
    known = {name.casefold() for name in session.scalars(select(Tag.name).where(Tag.name.in_(tags)))}
    gone = [tag for tag in tags if tag.casefold() not in known]
    if gone:
        raise Refusal(
            "audience_gone", f"There is no tag \u201c{gone[0]}\u201d any more. Choose another.", tags=gone
        )


def _listed(ids: tuple[int, ...]) -> Select[Any]:
    """As one bound value: a database takes only so many."""
    values = func.json_each(json.dumps(ids)).table_valued("value")
    return select(values.c.value)
