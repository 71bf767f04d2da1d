"""What the recipient picker has to choose from in this shop, and the names of those chosen before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from data.database import reading
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience
from domain.book import groups, merging, search, statuses
from domain.shop.people import Actor, Right
from ui import words
from ui.parts import rule_stock
from ui.parts.by_hand import MOST_CHIPS
from ui.parts.feedback import io


@dataclass(frozen=True)
class Stock:
    segments: dict[int, str]  # names with the number of people last counted
    groups: dict[int, str]
    tags: dict[str, int]
    statuses: dict[str, str]
    people: dict[int, str]
    rules: rule_stock.Stock
    label: str
    may_freeze: bool


def stock(session: Session, audience: Audience, by: Actor) -> Stock:
    """For the picker of this audience; called inside a page's own look at the database."""
    alive = {one.id: _sized(one.name, one.count) for one in segments.every(session, by=by)}
    numbers = groups.counts(session)
    lists = {one.id: _sized(one.name, numbers.get(one.id, 0)) for one in groups.every(session)}
    out = audience.exclude
    return Stock(
        segments=alive | _gone({*audience.segment_ids, *out.segments}, alive, segments.names(session)),
        groups=lists | _gone({*audience.group_ids, *out.groups}, lists, {}),
        tags=dict(search.tags_with_counts(session)),
        statuses={one.key: one.label for one in statuses.every(session)},
        people=_named(session, audience.customer_ids),
        rules=rule_stock.stock(session, by),
        label=audiences.describe(session, audience),
        may_freeze=by.may(Right.EDIT_CUSTOMERS),
    )


async def load(audience: Audience, by: Actor) -> Stock:
    """For a page that asks for nothing else."""
    return await io(_load, audience, by)


def _gone(wanted: Iterable[int], known: Mapping[int, str], names: Mapping[int, str]) -> dict[int, str]:
    """Kept in sight until somebody takes them out: what was left out by them would otherwise be written to."""
    return {one: f"{names.get(one, 'One')} (deleted)" for one in wanted if one not in known}


def _sized(name: str, count: int | None) -> str:
    return name if count is None else f"{name} · {words.people(count)}"


def _named(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Everybody chosen, in order; names only for those that are shown."""
    wanted = list(ids)
    values = merging.values_of(session, wanted[:MOST_CHIPS])
    return {one: _name(values[one]) if one in values else "Not in the book" for one in wanted}


def _name(values: dict[str, Any]) -> str:
    return str(values["fullName"] or values["companyName"] or values["email"] or "Nameless")


def _load(audience: Audience, by: Actor) -> Stock:
    with reading() as session:
        return stock(session, audience, by)
