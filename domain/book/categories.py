"""What a record is about, in the shop's own words, such as "Rings" under "Jewellery": one level of nesting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base
from domain.book.record import CustomerRecord
from domain.book.shelf import Shelf
from domain.refusal import Kind, Refusal, invalid
from domain.shop import audit
from domain.shop.people import Actor, Right


class Category(Base):
    __tablename__ = "categories"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    parent_key: Mapped[str | None] = mapped_column(ForeignKey("categories.key"))
    position: Mapped[int] = mapped_column(default=0)


SHELF: Final = Shelf("category", Category, CustomerRecord.category)
every, labels, get, counts = SHELF.every, SHELF.labels, SHELF.get, SHELF.counts
key_of, keys_of, rename, order = SHELF.key_of, SHELF.keys_of, SHELF.rename, SHELF.order


def add(session: Session, label: str, *, parent: str | None = None, by: Actor, now: datetime) -> Category:
    category = SHELF.add(session, label, by=by, now=now)
    if parent is not None:
        nest(session, category.key, parent, by=by, now=now)
    return category


def nest(session: Session, key: str, parent: str | None, *, by: Actor, now: datetime) -> Category:
    """Under another one, or on its own again. One level only, so there can be no circle."""
    by.require(Right.MANAGE_SHOP)
    category = get(session, key)
    if parent is not None:
        _refuse_deeper(session, category, parent)
    before, category.parent_key = category.parent_key, parent
    session.flush()
    audit.write(
        session,
        "category.nested",
        by=by,
        now=now,
        before={"key": key, "parent": before},
        after={"parent": parent},
    )
    return category


def delete(
    session: Session,
    key: str,
    *,
    replacement: str | None = None,
    used_by: Sequence[str],
    by: Actor,
    now: datetime,
) -> int:
    """See `Shelf.delete`. Those under it stand on their own afterwards."""
    by.require(Right.MANAGE_SHOP)
    session.execute(update(Category).where(Category.parent_key == key).values(parent_key=None))
    return SHELF.delete(session, key, replacement=replacement, used_by=used_by, by=by, now=now)


def with_children(session: Session, key: str) -> list[str]:
    """The key and those under it: who asks for "Jewellery" means rings too."""
    return [key, *session.scalars(select(Category.key).where(Category.parent_key == key))]


def _refuse_deeper(session: Session, category: Category, parent: str) -> None:
    above = session.get(Category, parent)
    if above is None:
        raise invalid("parent", "The category above does not exist any more.")
    if above.key == category.key:
        raise invalid("parent", "A category can't stand under itself.")
    if above.parent_key is not None:
        raise _too_deep(f"{above.label} stands under another category already")
    if session.scalar(select(Category.key).where(Category.parent_key == category.key).limit(1)):
        raise _too_deep(f"{category.label} has others under it")


def _too_deep(why: str) -> Refusal:
    return Refusal("too_deep", f"{why}, and there is only one level.", Kind.CONFLICT, field="parent")
