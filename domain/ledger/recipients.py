"""Who has had something from the shop, or has something on its way."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ledger.deliveries import Delivery, State

NEVER_CAME = (State.SKIPPED, State.CANCELLED, State.FAILED)


def written_to(session: Session, customer_ids: Sequence[int]) -> set[int]:
    """At most some hundred are asked about at once."""
    rows = select(Delivery.customer_id).where(
        Delivery.customer_id.in_(customer_ids), Delivery.state.not_in(NEVER_CAME)
    )
    return {number for number in session.scalars(rows.distinct()) if number is not None}
