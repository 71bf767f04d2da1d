"""What the conditions of a rule can be about in this shop: its lists, its own fields, its money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.audience import names, phrases, rules, segments
from domain.audience.catalogue import Ask, Entry, Input, Of, Tree
from domain.audience.names import Names
from domain.book import merging, own_fields, search
from domain.book.amounts import smallest
from domain.shop.money import currency_of
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop


@dataclass(frozen=True)
class Stock:
    lists: Mapping[Of, Mapping[Any, str]]
    own_fields: Mapping[str, str]  # "attrs.key" and what it is called
    currency: str
    unit: int  # how many of the smallest make one
    names: Names  # deleted ones too
    of: int | None = None  # the segment that is edited

    @property
    def entries(self) -> list[Entry]:
        """The conditions that can be asked here: nothing to choose from, nothing to ask."""
        return [one for one in phrases.ENTRIES if all(self.has(gap) or gap.optional for gap in one.inputs)]

    def has(self, gap: Input) -> bool:
        if gap.ask is Ask.OWN_FIELD:
            return bool(self.own_fields)
        return gap.of is None or bool(self.lists.get(gap.of))

    def called(self, of: Of, key: Any) -> str:
        """Also of what is not there any more."""
        known = self.lists.get(of, {})
        return known[key] if key in known else f"{self._before(of, key)} (deleted)"

    def sentence(self, tree: Tree) -> str:
        said = rules.parse(tree).sentence(self.names)
        return f"{said[:1].upper()}{said[1:]}"

    def _before(self, of: Of, key: Any) -> str:
        known: Mapping[Any, str] = getattr(self.names, str(of), {})
        return known.get(key, str(key) if isinstance(key, str) else "One")


def stock(session: Session, by: Actor, *, besides: int | None = None) -> Stock:
    """`besides` is the segment that is edited: it can't be part of itself."""
    known, currency = names.read(session), currency_of(read_shop(session).country)
    lists: dict[Of, Mapping[Any, str]] = {
        Of.STATUSES: known.statuses,
        Of.KINDS: known.kinds,
        Of.CATEGORIES: known.categories,
        Of.STAFF: known.staff,
        Of.GROUPS: known.groups,
        Of.TAGS: {name: name for name, _ in search.tags_with_counts(session)},
        Of.SEGMENTS: {one.id: one.name for one in segments.every(session, by=by) if one.id != besides},
        Of.CAMPAIGNS: names.living_campaigns(session),
    }
    own = _own(merging.own_fields(session), {one.key: one.label for one in own_fields.every(session)})
    return Stock(lists, own, currency, smallest(currency), known, besides)


def _own(used: Iterable[str], defined: Mapping[str, str]) -> dict[str, str]:
    return {f"attrs.{key}": defined.get(key, key) for key in sorted({*used, *defined}, key=str.casefold)}
