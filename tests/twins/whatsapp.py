"""What WhatsApp posts to the shop, as the twin writes and signs it; and a message of the shop that went out there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.whatsapp_twin import payloads
from data.whatsapp_twin.account import Account
from data.whatsapp_twin.payloads import Change
from data.whatsapp_twin.refusals import told_later
from domain.book import customers
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.channels.email import links, mark
from domain.ledger.deliveries import Delivery, State
from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop.people import Actor
from tests.twins.providers import Sent

ACCOUNT = Account()
KEYS = {
    "phone_number_id": ACCOUNT.phone_number_id,
    "business_account_id": ACCOUNT.business_account_id,
    "access_token": ACCOUNT.access_token,
    "app_secret": ACCOUNT.app_secret,
    "verify_token": ACCOUNT.verify_token,
}
ANNA, ANNAS_ID = "+441632960001", payloads.user_id("441632960001")
MESSAGE = "wamid.HBgLNDQxNjMyOTYwMDAxFQIAERgSQTg1QzI1RTdGQjA0RkU5N0M3AA=="


def posted(*changes: Change, at: int = 1_795_000_000, secret: str = ACCOUNT.app_secret) -> Sent:
    return signed(payloads.post(ACCOUNT, changes, at=at), secret)


def signed(body: bytes, secret: str = ACCOUNT.app_secret) -> Sent:
    headers = {"content-type": "application/json", "x-hub-signature-256": payloads.signature(secret, body)}
    return Sent(body, headers)


def became(
    said: str, at: datetime, *, of: str = "", code: int = 0, number: str = ANNA, message_id: str = MESSAGE, user: str = ""
) -> Change:  # fmt: skip
    """`of`: our mark. `code`: why it failed."""
    return payloads.status(
        ACCOUNT, message_id=message_id, said=said, at=int(at.timestamp()), number=number.lstrip("+"), mark=of, user=user,
        errors=[told_later(code)] if code else None,
    )  # fmt: skip


def wrote(
    words: str, at: datetime, *, number: str = ANNA, message_id: str = "wamid.in1", answers: str = "", user: str = "", name: str = ""
) -> Change:  # fmt: skip
    return payloads.message(
        ACCOUNT, "text", {"body": words}, message_id=message_id, at=int(at.timestamp()), number=number.lstrip("+"),
        user=user, name=name, answers=answers,
    )  # fmt: skip


def wishes(wish: str, at: datetime, *, number: str = ANNA, user: str = "") -> Change:
    return payloads.preference(ACCOUNT, wish, at=int(at.timestamp()), number=number.lstrip("+"), user=user)


def add_anna(session: Session, *, by: Actor, now: datetime, number: str = ANNA) -> int:
    return customers.create(session, {"first_name": "Anna", "phone": number}, by=by, now=now).id


def send_to(
    session: Session,
    customer_ids: Iterable[int],
    *,
    state: State = State.SENT,
    reply: str = "",
    now: datetime,
    content: dict[str, Any] | None = None,
) -> list[int]:
    """As the ledger stands after the engine was there; gives the numbers of the deliveries."""
    dispatch = Dispatch(
        name="Spring", channel="whatsapp", message_type=MessageType.MARKETING, state=DispatchState.SENDING, from_name="",
        from_email="", subject="", content_hash="", content=content or {}, audience={}, audience_label="", created_at=now,
        starts_at=now,
    )  # fmt: skip
    session.add(dispatch)
    session.flush()
    people = session.scalars(
        select(Customer).where(Customer.id.in_(list(customer_ids))).order_by(Customer.id)
    )
    rows = [
        Delivery(
            dispatch_id=dispatch.id, customer_id=one.id, address_key=one.whatsapp_key, state=state, next_at=now, handed_at=now,
            settled_at=now if state is State.SENT else None, reply=reply or None,
        )
        for one in people
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def marked(delivery_id: int) -> str:
    return mark(links(), delivery_id, 1)
