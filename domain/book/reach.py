"""Where a channel finds a person, and that nobody is to be found there."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import SQLColumnExpression, update
from sqlalchemy.orm import Session

from domain.book.person import Customer


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a channel finds a person: the columns of `customers` it writes to."""

    channel: str
    address: SQLColumnExpression[Any]
    address_hash: SQLColumnExpression[Any]
    trouble: SQLColumnExpression[Any]
    needs_yes: bool = False  # whoever never said yes to this channel is not written to by it

    @property
    def place(self) -> str:
        """What the column of the address is called."""
        return str(getattr(self.address, "key", ""))


def mark_address(session: Session, customer_id: int, trouble: str | None) -> None:
    """The address itself is the problem (it does not exist, say): nobody writes to it until it is changed."""
    session.execute(update(Customer).where(Customer.id == customer_id).values(email_trouble=trouble))


def mark_mailbox(session: Session, reach: Reach, address: str, trouble: str) -> None:
    """As above, for everybody who has this address now; whoever has another one by now is not meant."""
    there = update(Customer).where(reach.address == address).values({reach.trouble: trouble})
    session.execute(there.execution_options(synchronize_session=False))
