"""Tags: the shop's own words for groups of customers. A tag exists as soon as somebody uses it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.book.person import Customer, CustomerTag, Tag
from domain.book.words import one_line
from domain.refusal import invalid

LONGEST, MOST_FOR_ONE = 60, 100


def with_counts(session: Session) -> list[tuple[str, int]]:
    """Every tag that somebody has, with the number of people who have it; the deleted are taken off."""
    held = dict(iter(session.execute(_holders())))
    are_gone = CustomerTag.customer_id.in_(select(Customer.id).where(Customer.deleted_at.is_not(None)))
    gone = dict(iter(session.execute(_holders().where(are_gone))))
    names = session.execute(select(Tag.id, Tag.name).order_by(func.lower(Tag.name)))
    counted = ((name, held.get(tag, 0) - gone.get(tag, 0)) for tag, name in names)
    return [(name, count) for name, count in counted if count]


def named(session: Session, names: Iterable[str]) -> list[Tag]:
    """The tags of these names, new ones made; upper and lower case are the same tag."""
    known = {tag.name.casefold(): tag for tag in session.scalars(select(Tag))}
    found: dict[str, Tag] = {}
    for name in names:
        key = name.casefold()
        found[key] = found.get(key) or known.get(key) or _new(session, name)
    session.flush()
    return list(found.values())


def cleaned(value: Any, *, field: str = "tags", longest: int = LONGEST) -> list[str]:
    """A list of names as typed, each once."""
    if not isinstance(value, list | tuple | set):
        raise invalid(field, f"{field.capitalize()} must be a list of words.")
    names = [name for name in (one_line(field, item, longest) for item in value) if name]
    if len(names) > MOST_FOR_ONE:
        raise invalid(field, f"One customer can have at most {MOST_FOR_ONE} {field}.")
    return list({name.casefold(): name for name in reversed(names)}.values())[::-1]


def _new(session: Session, name: str) -> Tag:
    tag = Tag(name=name)
    session.add(tag)
    return tag


def _holders() -> Select[int, int]:
    return select(CustomerTag.tag_id, func.count()).group_by(CustomerTag.tag_id)
