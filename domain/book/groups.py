"""Lists of customers that stay as they are until somebody changes them: filled by hand, by an import, or frozen from a rule."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, Select, String, func, literal, select
from sqlalchemy import delete as deleting
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.book.imports import let_go_of_members
from domain.book.leaning import require_unused
from domain.book.person import Customer
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

LONGEST: Final = {"name": 120, "note": 300}
MOST: Final = 2_000
MOST_AT_ONCE: Final = 200_000


class Group(Base):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120, collation="NOCASE"), unique=True)
    note: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class GroupMember(Base):
    __tablename__ = "group_members"
    __table_args__ = (Index("ix_group_members_customer", "customer_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)


def create(session: Session, name: str, *, note: str = "", by: Actor, now: datetime) -> Group:
    by.require(Right.EDIT_CUSTOMERS)
    if (session.scalar(select(func.count()).select_from(Group)) or 0) >= MOST:
        raise Refusal("too_many", f"A shop can have at most {MOST:,} groups. Delete some first.")
    group = Group(name=_free(session, name), note=_note(note), created_by=by.user_id, created_at=now)
    session.add(group)
    session.flush()
    audit.write(session, "group.created", by=by, now=now, subject_id=group.id, after={"name": group.name})
    return group


def change(
    session: Session,
    group_id: int,
    *,
    name: str | None = None,
    note: str | None = None,
    by: Actor,
    now: datetime,
) -> Group:
    """What is given."""
    by.require(Right.EDIT_CUSTOMERS)
    group = get(session, group_id)
    before = {"name": group.name, "note": group.note}
    if name is not None:
        group.name = _free(session, name, besides=group_id)
    if note is not None:
        group.note = _note(note)
    session.flush()
    after = {"name": group.name, "note": group.note}
    if after != before:
        audit.write(session, "group.changed", by=by, now=now, subject_id=group_id, before=before, after=after)
    return group


def delete(session: Session, group_id: int, *, used_by: Sequence[str], by: Actor, now: datetime) -> None:
    """The list goes, its people stay. `used_by`: campaigns and segments that speak of it."""
    by.require(Right.EDIT_CUSTOMERS)
    group = get(session, group_id)
    require_unused(group.name, used_by)
    before = {"name": group.name, "members": how_many(session, group_id)}
    session.execute(deleting(GroupMember).where(GroupMember.group_id == group_id))
    session.delete(group)
    session.flush()
    audit.write(session, "group.deleted", by=by, now=now, subject_id=group_id, before=before)


def add_members(
    session: Session, group_id: int, customer_ids: Sequence[int], *, by: Actor, now: datetime
) -> int:
    """Many at once; who is there already stays. Answers with how many are new."""
    by.require(Right.EDIT_CUSTOMERS)
    get(session, group_id)
    added = _put_by_hand(session, group_id, select(Customer.id).where(Customer.id.in_(_listed(customer_ids))))
    if added:
        audit.write(session, "group.filled", by=by, now=now, subject_id=group_id, after={"added": added})
    return added


def remove_members(
    session: Session, group_id: int, customer_ids: Sequence[int], *, by: Actor, now: datetime
) -> int:
    """Answers with how many were in it."""
    by.require(Right.EDIT_CUSTOMERS)
    get(session, group_id)
    going = deleting(GroupMember).where(
        GroupMember.group_id == group_id, GroupMember.customer_id.in_(_listed(customer_ids))
    )
    result: Any = session.execute(going.execution_options(synchronize_session=False))
    if result.rowcount:
        audit.write(
            session, "group.thinned", by=by, now=now, subject_id=group_id, after={"removed": result.rowcount}
        )
    return int(result.rowcount)


def fill(session: Session, group_id: int, ids: Select[Any], *, by: Actor, now: datetime) -> int:
    """Everybody whose id the query gives, in one statement, whatever their number. Answers with how many are new."""
    by.require(Right.EDIT_CUSTOMERS)
    get(session, group_id)
    found = ids.subquery()
    added = _put_by_hand(session, group_id, select(Customer.id).where(Customer.id.in_(select(found.c[0]))))
    audit.write(session, "group.filled", by=by, now=now, subject_id=group_id, after={"added": added})
    return added


def get(session: Session, group_id: int) -> Group:
    group = session.get(Group, group_id)
    if group is None:
        raise missing("group")
    return group


def every(session: Session) -> list[Group]:
    return list(session.scalars(select(Group).order_by(func.lower(Group.name))))


def counts(session: Session) -> dict[int, int]:
    """How many people of the book are in each; empty ones are missing."""
    rows = select(GroupMember.group_id, func.count()).join(Customer, Customer.id == GroupMember.customer_id)
    rows = rows.where(Customer.deleted_at.is_(None)).group_by(GroupMember.group_id)
    return dict(iter(session.execute(rows)))


def how_many(session: Session, group_id: int) -> int:
    return session.scalar(select(func.count()).select_from(_members(group_id).subquery())) or 0


def members(session: Session, group_id: int, *, after: int = 0, limit: int = 50) -> list[Customer]:
    """In the order of the book, from the customer behind `after` on."""
    rows = select(Customer).where(Customer.id.in_(_members(group_id)), Customer.id > after)
    return list(session.scalars(rows.order_by(Customer.id).limit(limit)))


def of(session: Session, customer_id: int) -> list[Group]:
    """The groups somebody is in, by name."""
    mine = select(GroupMember.group_id).where(GroupMember.customer_id == customer_id)
    return list(session.scalars(select(Group).where(Group.id.in_(mine)).order_by(func.lower(Group.name))))


def ids_of(session: Session, names: Iterable[str]) -> list[int]:
    """Groups that must exist: a slip of the pen does not make a new one."""
    wanted = list(names)
    known = {group.name.casefold(): group.id for group in every(session)}
    unknown = next((name for name in wanted if name.casefold() not in known), None)
    if unknown is not None:
        raise invalid("groups", f"There is no group called {unknown}. Make it first.")
    return list(dict.fromkeys(known[name.casefold()] for name in wanted))


def named(session: Session, names: Iterable[str], *, by: Actor, now: datetime) -> dict[str, int]:
    """The group of each name as written, made where there is none yet: for an import."""
    known = {group.name.casefold(): group.id for group in every(session)}
    found: dict[str, int] = {}
    for name in dict.fromkeys(names):
        key = name.casefold()
        if key not in known:
            known[key] = create(session, name, by=by, now=now).id
        found[name] = known[key]
    return found


def set_of(session: Session, customer_id: int, group_ids: Sequence[int]) -> None:
    """Somebody is in exactly these from now on. The caller asks for the right, and notes it."""
    mine = GroupMember.customer_id == customer_id
    session.execute(
        deleting(GroupMember)
        .where(mine, GroupMember.group_id.not_in(group_ids))
        .execution_options(synchronize_session=False)
    )
    there = set(session.scalars(select(GroupMember.group_id).where(mine)))
    for group_id in group_ids:
        if group_id not in there:
            _put_by_hand(session, group_id, select(Customer.id).where(Customer.id == customer_id))


def _members(group_id: int) -> Select[Any]:
    living = select(GroupMember.customer_id).join(Customer, Customer.id == GroupMember.customer_id)
    return living.where(GroupMember.group_id == group_id, Customer.deleted_at.is_(None))


def _put_by_hand(session: Session, group_id: int, ids: Select[Any]) -> int:
    let_go_of_members(session, group_id, ids)
    return _put(session, group_id, ids)


def _put(session: Session, group_id: int, ids: Select[Any]) -> int:
    living = ids.where(Customer.deleted_at.is_(None)).with_only_columns(literal(group_id), Customer.id)
    adding = insert(GroupMember).from_select(["group_id", "customer_id"], living).on_conflict_do_nothing()
    result: Any = session.execute(adding)
    return int(result.rowcount)


def _listed(ids: Sequence[int]) -> Select[Any]:
    """As one bound value: a database takes only so many."""
    if len(ids) > MOST_AT_ONCE:
        raise Refusal("too_many", f"Choose at most {MOST_AT_ONCE:,} people at once.")
    values = func.json_each(json.dumps(list(ids))).table_valued("value")
    return select(values.c.value)


def _free(session: Session, value: Any, besides: int | None = None) -> str:
    name = one_line("name", value, LONGEST["name"])
    if not name:
        raise invalid("name", "Please give the group a name.")
    if any(group.name.casefold() == name.casefold() and group.id != besides for group in every(session)):
        raise Refusal("name_taken", f"There is already a group called {name}.", Kind.CONFLICT, field="name")
    return name


def _note(value: Any) -> str:
    return one_line("note", value, LONGEST["note"])
