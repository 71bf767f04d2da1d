"""What the book knows about an address already: writing somebody down once more re-subscribes nobody (D8).

The "no" belongs to the mailbox, so it holds for a second person with the same one, and after the first was deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from data.listed import listed
from domain.book.message_types import EVERY_TYPE
from domain.book.person import Customer
from domain.book.preferences import Preference

CARRIED_OVER = "This address had said no before."


@dataclass(slots=True)
class Memory:
    trouble: str | None = None  # of the address itself, whoever has it
    refused: set[str] = field(default_factory=set)  # message types, or "all"


def of_addresses(
    session: Session, email_keys: Sequence[str], *, except_id: int | None = None
) -> dict[str, Memory]:
    """Only addresses about which there is something to remember."""
    known: dict[str, Memory] = {}
    said_no = and_(
        Preference.customer_id == Customer.id, Preference.channel == "email", Preference.allowed.is_(False)
    )
    worth = or_(Customer.email_trouble.is_not(None), Customer.marketing_opt_out, Preference.id.is_not(None))
    rows = (
        select(
            Customer.email_key,
            Customer.email_trouble,
            Customer.marketing_opt_out,
            Preference.message_type,
        )
        .outerjoin(Preference, said_no)
        .where(Customer.email_key.in_(listed(email_keys)), Customer.id != (except_id or 0), worth)
    )
    for key, trouble, opted_out, message_type in session.execute(rows):
        memory = known.setdefault(str(key), Memory())
        memory.trouble = trouble or memory.trouble
        if opted_out:
            memory.refused.add(EVERY_TYPE)
        if message_type:
            memory.refused.add(str(message_type))
    return known
