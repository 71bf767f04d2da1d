"""Practice: what a customer would do with a message is acted out by hand. The links of a practice mail are pressed as they
are; only an opening needs help, because the inbox fetches no pictures."""

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from domain.channels.email import links
from domain.message import practice
from domain.message.links import OPEN
from domain.refusal import Kind, Refusal
from domain.results import hits
from domain.results.hits import Look
from domain.shop.people import Actor, Right

PICTURE: Final = re.compile(r'<img src="[^"<>]*/t/o/([A-Za-z0-9_-]{32})"[^<>]*>')
UNMEASURED: Final = "Nobody would learn that this message was opened: it is not measured."


def is_measured(html: str) -> bool:
    return PICTURE.search(html) is not None


def without_picture(html: str) -> str:
    """To be looked at by whoever practises: that is no opening."""
    return PICTURE.sub("", html)


def opened(session: Session, mail_id: int, *, by: Actor, now: datetime) -> None:
    """As if they had looked at it. Raises Refusal where the message tells nobody."""
    by.require(Right.VIEW)
    found = PICTURE.search(practice.read(session, mail_id).html)
    delivery_id = links().read(OPEN, found[1]) if found else None
    if delivery_id is None:
        raise Refusal("unmeasured", UNMEASURED, Kind.CONFLICT)
    hits.take(session, [Look(delivery_id, None, now)], now=now)
