"""The statuses a customer can have in this shop: the shop's own words, each counted as active or not."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base
from domain.book.leaning import require_unused
from domain.book.person import Customer
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid
from domain.shop import audit
from domain.shop.people import Actor, Right

USUAL = [
    ("lead", "Lead", True),
    ("customer", "Customer", True),
    ("vip", "VIP", True),
    ("former", "Former", False),
]
MOST = 30


class Status(Base):
    __tablename__ = "customer_statuses"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


def every(session: Session) -> list[Status]:
    return list(session.scalars(select(Status).order_by(Status.position, Status.key)))


def keys(session: Session) -> list[str]:
    return [status.key for status in every(session)] or [key for key, _, _ in USUAL]


def first(session: Session) -> str:
    """What a new person is, unless somebody says otherwise."""
    known = keys(session)
    return "customer" if "customer" in known else known[0]


def ensure_usual(session: Session) -> None:
    """A new shop starts with the usual four."""
    if session.scalar(select(func.count()).select_from(Status)):
        return
    session.add_all(
        Status(key=key, label=label, is_active=active, position=place)
        for place, (key, label, active) in enumerate(USUAL)
    )
    session.flush()


def save(
    session: Session,
    wanted: Sequence[dict[str, Any]],
    *,
    used_by: Callable[[str], Sequence[str]],
    by: Actor,
    now: datetime,
) -> list[Status]:
    """The whole list in its new order. A status without a key is new; one that is left out goes, unless in use.

    `used_by` answers which segments and campaigns speak of the status with this key, in words.
    """
    by.require(Right.MANAGE_SHOP)
    present = {status.key: status for status in every(session)}
    before = _as_words(present.values())
    kept = _kept(wanted, present)
    going = [status for key, status in present.items() if key not in kept]
    _refuse_used(session, going)
    for status in going:
        require_unused(status.label, used_by(status.key))
        session.delete(status)
    session.add_all(kept.values())
    session.flush()
    audit.write(session, "statuses.saved", by=by, now=now, before=before, after=_as_words(kept.values()))
    return list(kept.values())


def _kept(wanted: Sequence[dict[str, Any]], present: dict[str, Status]) -> dict[str, Status]:
    if not wanted:
        raise invalid("statuses", "A shop needs at least one status.")
    if len(wanted) > MOST:
        raise invalid("statuses", f"A shop can have at most {MOST} statuses.")
    kept: dict[str, Status] = {}
    labels: set[str] = set()
    for place, row in enumerate(wanted):
        label = one_line("label", row.get("label"), 60)
        if not label:
            raise invalid("label", "Please give every status a name.")
        if label.casefold() in labels:
            raise invalid("label", f"There are two statuses called {label}.")
        labels.add(label.casefold())
        key = _key(row.get("key"), label, present, kept)
        status = present.get(key) or Status(key=key)
        status.label, status.is_active, status.position = (label, bool(row.get("is_active", True)), place)
        kept[key] = status
    return kept


def _key(given: Any, label: str, present: dict[str, Status], kept: dict[str, Status]) -> str:
    """The word in the database: it stays when the label changes."""
    if given:
        if given not in present or given in kept:
            raise Refusal("unknown_status", f"There is no status with the key {given}.", Kind.MALFORMED)
        return str(given)
    stem = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:36] or "status"
    taken = present.keys() | kept.keys()
    return next(key for key in (stem, *(f"{stem}_{n}" for n in range(2, 99))) if key not in taken)


def _refuse_used(session: Session, going: list[Status]) -> None:
    used = select(Customer.status, func.count()).where(
        Customer.status.in_([status.key for status in going]), Customer.deleted_at.is_(None)
    )
    counts: dict[str, int] = dict(session.execute(used.group_by(Customer.status)).all())
    for status in going:
        if count := counts.get(status.key):
            people = "1 customer has" if count == 1 else f"{count:,} customers have"
            raise Refusal(
                "status_in_use",
                f"{people} the status {status.label}. Give them another one first.",
                Kind.CONFLICT,
                status=status.key,
                customers=count,
            )


def _as_words(rows: Any) -> dict[str, Any]:
    return {row.key: f"{row.label} ({'active' if row.is_active else 'not active'})" for row in rows}
