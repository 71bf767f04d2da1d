"""What speaks of a group, and would miss it: campaigns that wait, and segments."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience.segments import Segment
from domain.sending.campaigns import Campaign, Status

# Every word under which an audience or a rule names groups by their numbers.
WORDS: Final = frozenset({"in_group", "group", "groups", "groupId", "groupIds", "group_id", "group_ids"})


def of_group(session: Session, group_id: int) -> list[str]:
    """Their names, campaigns first."""
    waiting = Campaign.status.in_([Status.DRAFT, Status.SCHEDULED]), Campaign.deleted_at.is_(None)
    campaigns = session.execute(select(Campaign.name, Campaign.audience).where(*waiting))
    segments = session.execute(
        select(Segment.name, Segment.rule).where(Segment.deleted_at.is_(None)).order_by(Segment.name)
    )
    named = [name for name, audience in campaigns if group_id in groups_in(audience)]
    return named + [f"the segment {name}" for name, rule in segments if group_id in groups_in(rule)]


def groups_in(tree: Any) -> set[int]:
    """The numbers of all groups that a rule or an audience names, wherever it does."""
    return set(_numbers(tree, under_word=False))


def _numbers(tree: Any, *, under_word: bool) -> Iterator[int]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _numbers(inner, under_word=key in WORDS)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _numbers(inner, under_word=under_word)
    elif under_word and isinstance(tree, int):
        yield tree
