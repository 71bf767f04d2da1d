"""The choice about those who are "not sure": a person decides to count them as sent. The other choice is a second try."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.channels.email import message_id
from domain.ledger import second_tries
from domain.ledger.deliveries import State
from domain.refusal import Kind, Refusal
from domain.sending import dispatches
from domain.sending.dispatches import Dispatch
from domain.shop import audit
from domain.shop.people import Actor, Right


def count_as_sent(session: Session, delivery_id: int, *, by: Actor, now: datetime) -> Dispatch:
    """A person decides: whoever was "not sure" has got it."""
    by.require(Right.SEND)
    delivery, dispatch = dispatches.of_delivery(session, delivery_id)
    before = {
        "state": str(delivery.state),
        "reason": delivery.reason,
        "message_id": message_id(dispatch.from_email, dispatch.id, delivery.id, delivery.attempts),
    }
    if not second_tries.count_as_sent(session, dispatch.id, now=now, delivery_id=delivery_id):
        raise Refusal("not_in_doubt", "There is no doubt about this message any more.", Kind.CONFLICT)
    audit.write(
        session,
        "delivery.counted_as_sent",
        by=by,
        now=now,
        subject_id=delivery_id,
        before=before,
        after={"state": str(State.SENT), "dispatch": dispatch.id},
    )
    return dispatch


def count_all_as_sent(session: Session, dispatch_id: int, *, by: Actor, now: datetime) -> int:
    by.require(Right.SEND)
    dispatch = dispatches.get(session, dispatch_id)
    counted = second_tries.count_as_sent(session, dispatch.id, now=now)
    if not counted:
        raise Refusal("not_in_doubt", "There is no doubt about any of these messages.", Kind.CONFLICT)
    audit.write(
        session,
        "dispatch.counted_as_sent",
        by=by,
        now=now,
        subject_id=dispatch_id,
        before={"state": str(State.UNKNOWN), "rows": counted},
        after={"state": str(State.SENT), "counted": len(counted)},
    )
    return len(counted)
