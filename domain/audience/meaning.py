"""What an audience means: one condition over `customers`, whoever may be written to."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

from domain.audience import rules, segments
from domain.audience.leaves import SegmentLeaf, has_any_tag, in_groups
from domain.audience.rules import Group, Rule
from domain.audience.who import Audience, Except, Who
from domain.book import groups, statuses
from domain.book.customers import Customer, Tag
from domain.refusal import Refusal


def condition(
    session: Session, audience: Audience, *, now: datetime, of_many: bool = True
) -> ColumnElement[bool]:
    """Who is meant, over `customers`; not `of_many` asks it about one.

    Raises Refusal "audience_gone" for a segment, tag, group or status that no longer exists.
    """
    out = audience.exclude
    require_all(session, Except(audience.segment_ids, audience.tags, audience.group_ids))
    require_all(session, out)
    _require_statuses(session, audience.statuses)
    named = [_chosen(audience, of_many)]
    if out.tags:
        named.append(not_(has_any_tag(out.tags, of_many)))
    if out.groups:
        named.append(not_(in_groups(out.groups, of_many)))
    rule = ruled(audience)
    if rule is not None:
        named.append(segments.condition(session, rule, now=now, of_many=of_many))
    return and_(true(), *named)


def left_out(session: Session, out: Except, *, now: datetime) -> ColumnElement[bool]:
    """Who is taken out again, over `customers`."""
    in_segments = segments.condition(session, in_any(out.segments), now=now, of_many=False)
    return or_(in_segments, has_any_tag(out.tags), in_groups(out.groups))


def ruled(audience: Audience) -> Rule | None:
    """What it asks by rule or by segments, as one rule: so they are measured together, and read each only once."""
    parts = []
    if audience.kind is Who.SEGMENT:
        parts.append(in_any(audience.segment_ids).root)
    if audience.kind is Who.RULE:
        parts.append((audience.rule or rules.EVERYBODY).root)
    if audience.exclude.segments:
        parts.append(Group("not", (in_any(audience.exclude.segments).root,)))
    return Rule(Group("all", tuple(parts))) if parts else None


def in_any(segment_ids: Sequence[int]) -> Rule:
    return Rule(Group("any", tuple(SegmentLeaf(one) for one in segment_ids)))


def require_all(session: Session, named: Except) -> None:
    """Raises Refusal "audience_gone" with the name of the first that is not there any more."""
    _require_segments(session, named.segments)
    _require_tags(session, named.tags)
    _require_groups(session, named.groups)


def _chosen(audience: Audience, of_many: bool) -> ColumnElement[bool]:
    match audience.kind:
        case Who.TAGS:
            return has_any_tag(audience.tags, of_many)
        case Who.GROUP:
            return in_groups(audience.group_ids, of_many)
        case Who.MANUAL:
            return Customer.id.in_(_listed(audience.customer_ids))
        case Who.STATUS:
            return Customer.status.in_(audience.statuses)
    return true()


def _require_segments(session: Session, segment_ids: Sequence[int]) -> None:
    if not segment_ids:
        return
    of_these = segments.Segment.id.in_(segment_ids)
    names = segments.names(session)
    alive = set(
        session.scalars(select(segments.Segment.id).where(of_these, segments.Segment.deleted_at.is_(None)))
    )
    gone = [one for one in segment_ids if one not in alive]
    if gone:
        which = f"The segment \u201c{names[gone[0]]}\u201d" if gone[0] in names else "A segment chosen here"
        raise _gone(f"{which} was deleted. Choose another.", segment_id=gone[0], segments=gone)


def _require_tags(session: Session, tags: Sequence[str]) -> None:
    if not tags:
        return
    known = {name.casefold() for name in session.scalars(select(Tag.name).where(Tag.name.in_(tags)))}
    gone = [tag for tag in tags if tag.casefold() not in known]
    if gone:
        raise _gone(f"There is no tag \u201c{gone[0]}\u201d any more. Choose another.", tags=gone)


def _require_groups(session: Session, group_ids: Sequence[int]) -> None:
    if not group_ids:
        return
    known = set(session.scalars(select(groups.Group.id).where(groups.Group.id.in_(group_ids))))
    gone = [one for one in group_ids if one not in known]
    if gone:
        raise _gone("A group chosen here was deleted. Choose another.", groups=gone)


def _require_statuses(session: Session, keys: Sequence[str]) -> None:
    gone = sorted(set(keys).difference(statuses.keys(session))) if keys else []
    if gone:
        raise _gone(f"There is no status \u201c{gone[0]}\u201d any more. Choose another.", statuses=gone)


def _gone(sentence: str, **which: Any) -> Refusal:
    return Refusal("audience_gone", sentence, **which)


def _listed(ids: tuple[int, ...]) -> Select[Any]:
    """As one bound value: a database takes only so many."""
    values = func.json_each(json.dumps(ids)).table_valued("value")
    return select(values.c.value)
