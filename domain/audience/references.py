"""Is everything still there that a rule names? A rule about something deleted is refused: its number would be wrong."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.audience.names import CAMPAIGNS, Thing
from domain.audience.rules import Rule
from domain.book.categories import Category
from domain.book.groups import Group
from domain.book.person import Tag
from domain.book.record import RecordKind
from domain.book.staff import StaffMember
from domain.book.statuses import Status
from domain.refusal import Refusal

LOOK: Final[dict[Thing, Callable[[list[Any]], Select[Any]]]] = {
    Thing.TAG: lambda keys: select(Tag.name).where(Tag.name.in_(keys)),
    Thing.STATUS: lambda keys: select(Status.key).where(Status.key.in_(keys)),
    Thing.GROUP: lambda keys: select(Group.id).where(Group.id.in_(keys)),
    Thing.KIND: lambda keys: select(RecordKind.key).where(RecordKind.key.in_(keys)),
    Thing.CATEGORY: lambda keys: select(Category.key).where(Category.key.in_(keys)),
    Thing.STAFF: lambda keys: select(StaffMember.key).where(StaffMember.key.in_(keys)),
    Thing.CAMPAIGN: lambda keys: select(CAMPAIGNS.c.id).where(
        CAMPAIGNS.c.id.in_(keys), CAMPAIGNS.c.deleted_at.is_(None)
    ),
}
NAME: Final[dict[Thing, Callable[[int], Select[str]]]] = {
    Thing.GROUP: lambda key: select(Group.name).where(Group.id == key),
    Thing.CAMPAIGN: lambda key: select(CAMPAIGNS.c.name).where(CAMPAIGNS.c.id == key),
}


def require_there(session: Session, rules: Iterable[Rule]) -> None:
    """Raises Refusal "audience_gone" that names the first which is not."""
    wanted = {reference for rule in rules for reference in rule.refers}
    for thing in Thing:
        keys = sorted({key for kind, key in wanted if kind == thing}, key=str)
        gone = _gone(session, thing, keys) if keys else None
        if gone is not None:
            raise Refusal("audience_gone", _sentence(session, thing, gone), thing=str(thing), key=gone)


def _gone(session: Session, thing: Thing, keys: list[str | int]) -> str | int | None:
    """Tags are the same in upper and lower case; everything else is what it is."""
    there = {_same(thing, key) for key in session.scalars(LOOK[thing](keys))}
    return next((key for key in keys if _same(thing, key) not in there), None)


def _same(thing: Thing, key: Any) -> Any:
    return str(key).casefold() if thing is Thing.TAG else key


def _sentence(session: Session, thing: Thing, key: str | int) -> str:
    name = key if isinstance(key, str) else session.scalar(NAME[thing](key))
    which = f"the {thing} \u201c{name}\u201d" if name else f"a {thing}"
    return (
        f"This rule asks for {which}, which is not there any more. Choose another or take that condition out."
    )
