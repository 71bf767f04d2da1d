"""What speaks of one of the shop's own words, and would miss it: campaigns that wait, and segments.

A word is a tag, a status, a group, a kind of record, a category, a name, or a field of the shop's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience import rules
from domain.audience.audience import Audience
from domain.audience.fields import ATTRIBUTE
from domain.audience.names import Reference, Thing
from domain.audience.segments import Segment
from domain.refusal import Refusal
from domain.sending.campaigns import Campaign, Status

OWN_FIELD: Final = "own field"
SORTS: Final = {Status.DRAFT: "draft", Status.SCHEDULED: "scheduled campaign"}
Word = tuple[str, str | int]  # a Thing or OWN_FIELD, and its key


@dataclass(frozen=True, slots=True)
class Use:
    sort: str  # draft, scheduled campaign, or segment
    id: int
    name: str

    @property
    def words(self) -> str:
        return f"the {self.sort} {self.name}"


def of(session: Session, thing: str, key: str | int) -> list[Use]:
    """Campaigns first, each sort by name."""
    return every(session).get(_folded((thing, key)), [])


def named(session: Session, thing: str, key: str | int) -> list[str]:
    """The same in words, for the verbs that refuse while something leans on it."""
    return [use.words for use in of(session, thing, key)]


def every(session: Session) -> dict[Word, list[Use]]:
    """Of all words that anything speaks of, in one look; tags in small letters."""
    found: dict[Word, list[Use]] = {}
    for use, words in _speaking(session):
        for word in {_folded(word) for word in words}:
            found.setdefault(word, []).append(use)
    return found


def of_group(session: Session, group_id: int) -> list[str]:
    return named(session, Thing.GROUP, group_id)


def _speaking(session: Session) -> Iterator[tuple[Use, set[Word]]]:
    waiting = Campaign.status.in_(SORTS), Campaign.deleted_at.is_(None)
    campaigns = select(Campaign.id, Campaign.name, Campaign.status, Campaign.audience).where(*waiting)
    for number, name, status, audience in session.execute(campaigns.order_by(Campaign.name)):
        yield Use(SORTS[status], number, name), _in_audience(audience)
    segments = select(Segment.id, Segment.name, Segment.rule).where(Segment.deleted_at.is_(None))
    for number, name, rule in session.execute(segments.order_by(Segment.name)):
        yield Use("segment", number, name), _in_rule(rule)


def _in_audience(given: dict[str, Any]) -> set[Word]:
    """One that is not understood any more speaks of nothing."""
    try:
        audience = Audience.parse(given)
    except Refusal:
        return set()
    words: set[Word] = {(Thing.TAG, name) for name in (*audience.tags, *audience.exclude.tags)}
    words |= {(Thing.STATUS, key) for key in audience.statuses}
    words |= {(Thing.GROUP, number) for number in audience.groups_named}
    return words | _in_rule(given.get("rule") or (audience.rule.as_json() if audience.rule else None))


def _in_rule(tree: Any) -> set[Word]:
    if not tree:
        return set()
    try:
        refers: frozenset[Reference] = rules.parse(tree).refers
    except Refusal:
        return set()
    return {*refers, *((OWN_FIELD, key) for key in _own_fields(tree))}


def _own_fields(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        name = tree.get("field")
        if isinstance(name, str) and name.startswith(ATTRIBUTE):
            yield name.removeprefix(ATTRIBUTE)
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _own_fields(inner)


def _folded(word: Word) -> Word:
    """A tag is the same in upper and lower case."""
    thing, key = word
    return (thing, str(key).casefold()) if thing == Thing.TAG else word
