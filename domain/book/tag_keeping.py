"""Tags kept in order: one gets a better name, two that mean the same become one, one is taken away.

Rules and campaigns speak of a tag by its name: `domain/sending/retagging` carries them along, and is the verb for the doors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete as deleting
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from domain.book.leaning import require_unused
from domain.book.person import Customer, CustomerTag, Tag
from domain.book.tags import LONGEST, with_counts
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

WOULD_MERGE: Final = "would_merge"


@dataclass(frozen=True, slots=True)
class Renamed:
    before: str
    name: str
    merged: bool  # there was a tag of that name, and the two are one now


def every(session: Session) -> list[tuple[str, int]]:
    """With how many have it; also those that nobody has any more."""
    counts = dict(with_counts(session))
    names = session.scalars(select(Tag.name).order_by(func.lower(Tag.name)))
    return [(name, counts.get(name, 0)) for name in names]


def get(session: Session, name: str) -> Tag:
    """Upper and lower case are the same tag."""
    found = _known(session).get(name.casefold())
    if found is None:
        raise missing("tag")
    return found


def how_many(session: Session, *tags: Tag) -> int:
    """People in the book who have any of these."""
    having = select(CustomerTag.customer_id).where(CustomerTag.tag_id.in_([tag.id for tag in tags]))
    living = select(func.count()).where(Customer.id.in_(having), Customer.deleted_at.is_(None))
    return session.scalar(living) or 0


def rename(session: Session, name: str, to: Any, *, merge: bool = False, by: Actor, now: datetime) -> Renamed:
    """Where there is a tag called `to`, the two become one; this is refused as "would_merge" until `merge` says yes."""
    by.require(Right.EDIT_CUSTOMERS)
    tag, wanted = get(session, name), _name(to)
    twin = _known(session).get(wanted.casefold())
    before = tag.name
    if twin is None or twin is tag:
        tag.name = wanted
        session.flush()
        _note(session, "renamed", {"name": before}, {"name": wanted}, by, now)
        return Renamed(before, wanted, merged=False)
    if not merge:
        raise _would_merge(session, tag, twin)
    gone = {"name": before, "people": how_many(session, tag)}
    _hand_over(session, tag, twin)
    _note(session, "merged", gone, {"name": twin.name}, by, now)
    return Renamed(before, twin.name, merged=True)


def delete(session: Session, name: str, *, used_by: Sequence[str], by: Actor, now: datetime) -> int:
    """The word goes, its people stay. Answers with how many had it. `used_by`: what speaks of it, in words."""
    by.require(Right.EDIT_CUSTOMERS)
    tag = get(session, name)
    require_unused(tag.name, used_by)
    name, people = tag.name, how_many(session, tag)
    _take_off(session, tag)
    _note(session, "deleted", {"name": name, "people": people}, None, by, now)
    return people


def _known(session: Session) -> dict[str, Tag]:
    return {tag.name.casefold(): tag for tag in session.scalars(select(Tag))}


def _name(given: Any) -> str:
    name = one_line("name", given, LONGEST)
    if not name:
        raise invalid("name", "Please give the tag a name.")
    return name


def _would_merge(session: Session, tag: Tag, twin: Tag) -> Refusal:
    have, together = how_many(session, twin), how_many(session, tag, twin)
    sentence = (
        f"There is already a tag {twin.name}, which {_people(have)}. Made one, {_people(together)} {twin.name}, "
        f"and {tag.name} is gone. The two can't be told apart again."
    )
    return Refusal(
        WOULD_MERGE, sentence, Kind.CONFLICT, field="name", into=twin.name, people=have, together=together
    )


def _people(number: int) -> str:
    return "nobody has" if not number else "1 person has" if number == 1 else f"{number:,} people have"


def _hand_over(session: Session, tag: Tag, twin: Tag) -> None:
    """Also of the deleted, who may come back."""
    having = select(CustomerTag.customer_id, literal(twin.id)).where(CustomerTag.tag_id == tag.id)
    adding = insert(CustomerTag).from_select(["customer_id", "tag_id"], having)
    session.execute(adding.on_conflict_do_nothing())
    _take_off(session, tag)


def _take_off(session: Session, tag: Tag) -> None:
    going = deleting(CustomerTag).where(CustomerTag.tag_id == tag.id)
    session.execute(going.execution_options(synchronize_session=False))
    session.delete(tag)
    session.flush()
    session.expire_all()  # whoever is at hand still shows it


def _note(
    session: Session,
    what: str,
    before: dict[str, Any],
    after: dict[str, Any] | None,
    by: Actor,
    now: datetime,
) -> None:
    audit.write(session, f"tag.{what}", by=by, now=now, before=before, after=after)
