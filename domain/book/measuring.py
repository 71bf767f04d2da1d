"""Whoever does not want their opens and clicks counted: no link of theirs leads through the shop, and nothing is kept.

Said once, it counts for every channel and every kind of message; the consent ledger keeps how it came about.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ForeignKey, Select, delete, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.prepared import Prepared, among
from domain.book import proof
from domain.book.message_types import EVERY_TYPE
from domain.book.person import Customer
from domain.refusal import missing
from domain.shop.people import Actor

SCOPE: Final = "measuring"  # stands in the consent ledger where a kind of message stands otherwise


class Unmeasured(Base):
    __tablename__ = "unmeasured"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


def is_wanted(session: Session, customer_id: int) -> bool:
    """Whether this person lets the shop count what they open and click."""
    return customer_id not in refusing(session, [customer_id])


def refusing(session: Session, of: list[int] | None = None) -> frozenset[int]:
    """Customers who said no to it; also by a card that has become part of theirs since."""
    if of is None:
        said: Iterable[Any] = session.execute(_said())
    else:
        session.flush()  # the statement asks past the session
        said = _said_of().run(session, ids=json.dumps(of)).fetchall()
    return frozenset(number for row in said for number in row if number is not None)


def _said() -> Select[int, int | None]:
    cards = select(Unmeasured.customer_id, Customer.merged_into)
    return cards.join(Customer, Customer.id == Unmeasured.customer_id)


@cache
def _said_of() -> Prepared:
    """Asked for every lot of opens and clicks."""
    theirs = among(Unmeasured.customer_id, "ids") | among(Customer.merged_into, "ids")
    return Prepared(_said().where(theirs))


def say(
    session: Session,
    customer_id: int,
    *,
    wanted: bool,
    how: str,
    now: datetime,
    source: str = "",
    address: str = "",
    by: Actor | None = None,
) -> bool:
    """The person's own word, passed on by a door. Whether anything is new; `address` is the network's."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise missing("customer")
    if is_wanted(session, customer_id) is wanted:
        return False
    if wanted:
        merged = select(Customer.id).where(Customer.merged_into == customer_id)
        mine = or_(Unmeasured.customer_id == customer_id, Unmeasured.customer_id.in_(merged))
        session.execute(delete(Unmeasured).where(mine).execution_options(synchronize_session=False))
    else:
        refusal = insert(Unmeasured).values(customer_id=customer_id, since=now)
        session.execute(refusal.on_conflict_do_nothing())
    proof.add(session, customer, EVERY_TYPE, SCOPE, wanted, how, now, source, address, by)
    return True
