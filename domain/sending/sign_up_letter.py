"""The letter that asks whoever reads a mailbox whether it was them who signed up. It is no part of any ledger."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from math import ceil
from typing import Final

from sqlalchemy.orm import Session

from data.config import config
from data.mail_account import MailAccount
from domain.book.message_types import MessageType
from domain.book.sign_ups import SignUp
from domain.channels import email
from domain.channels.channel import Draft
from domain.shop import limits, mail
from domain.shop import shop as shops
from domain.shop.limits import Grant, Limits
from domain.shop.mail import Route

JOIN: Final = "join"  # what the link's token is for
SUBJECT: Final = "Please confirm: messages from {shop}"
BODY: Final = """Somebody gave this address on our sign-up form. If it was you, please confirm it here:

{link}

If it was not you, do nothing: you will hear no more of it, and we will forget the address in two weeks."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Whoever sends it needs no database."""

    account: MailAccount
    sender: str
    recipient: str
    body: bytes


def link(sign_up_id: int) -> str:
    return f"{config().public_url}/join/{email.links().token(JOIN, sign_up_id)}"


def way(session: Session, *, now: datetime) -> Route | datetime:
    """The account by which one letter may go now, which counts into its limits; or when there is one. Raises Refusal."""
    later: list[datetime] = []
    for route in mail.routes(session, now=now):
        told = _granted(session, route, now)
        if told.granted:
            return route
        later.append(told.until or now + limits.MINUTE)
    return min(later)


def _granted(session: Session, route: Route, now: datetime) -> Grant:
    """Out of the account's limits, and out of the half of them that is the form's: who floods it stops no campaign."""
    form, half = limits.form_of(route.account_id), _half_of(route.limits)
    told = limits.room(session, form, half, now=now)
    if told.granted:
        told = limits.grant(session, route.account_id, route.limits, 1, now=now)
    if told.granted:
        limits.grant(session, form, half, 1, now=now)
    return told


def _half_of(whole: Limits) -> Limits:
    each_hour, each_day = (ceil(most / 2) if most else None for most in (whole.per_hour, whole.per_day))
    return Limits(per_hour=each_hour, per_day=each_day)


def write(session: Session, asked: SignUp, by: Route, *, now: datetime) -> Ready:
    """No word of it was typed by whoever filled in the form. Raises Refusal."""
    shop = shops.read(session)
    name = shop.name.translate({ord("{"): "(", ord("}"): ")"})  # it must not be read as a field
    draft = Draft(
        message_type=MessageType.OPERATIONAL,
        from_name=shop.sender_name or shop.name,
        from_email=shop.sender_email,
        reply_to=shop.reply_to,
        subject=SUBJECT.format(shop=name),
        preheader="",
        html_body="",
        text_body=BODY.format(link=link(asked.id)),
        shop_name=shop.name,
        postal_address=shop.postal_address,
        colour=shop.colour,
    )
    body = email.letter(session, draft).render(
        {},
        address=asked.email_key,
        unsubscribe_url="",
        message_id=email.message_id(shop.sender_email, 0, asked.id, int(now.timestamp() * 1000)),
        date=format_datetime(now),
    )
    return Ready(by.account, shop.sender_email, asked.email_key, body)
