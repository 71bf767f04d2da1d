"""A message to one person, launched as the shop does it, and the link at its foot."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience.audience import Audience
from domain.book import customers
from domain.book.message_types import MessageType
from domain.channels.channel import Draft
from domain.channels.email import links
from domain.ledger.deliveries import Delivery
from domain.message.links import UNSUBSCRIBE
from domain.sending import launches
from domain.sending.launches import Press
from domain.shop.people import Actor


def add_person(session: Session, name: str, address: str, *, by: Actor, now: datetime) -> int:
    return customers.create(session, {"first_name": name, "email": address}, by=by, now=now).id


def write_to(
    session: Session,
    customer_id: int,
    message_type: MessageType = MessageType.MARKETING,
    *,
    by: Actor,
    now: datetime,
) -> int:
    """Launch a one-shot to this person; gives the number of the delivery."""
    draft = Draft(
        message_type=message_type,
        from_name="Marlow & Finch",
        from_email="shop@marlow.example",
        reply_to="",
        subject="Rings",
        preheader="",
        html_body="",
        text_body="Come and look.",
        shop_name="Marlow & Finch",
        postal_address="4 Market Row",
    )
    audience = Audience.parse({"type": "manual", "customerIds": [customer_id]})
    dispatch = launches.launch_one_shot(
        session, draft, audience, Press(), channel_name="email", by=by, now=now
    )
    return session.scalars(select(Delivery.id).where(Delivery.dispatch_id == dispatch.id)).one()


def way_out(delivery_id: int) -> str:
    """The path in the message's foot and in its List-Unsubscribe header."""
    return f"/u/{links().token(UNSUBSCRIBE, delivery_id)}"
