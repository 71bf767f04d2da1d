"""The card with which people say yes to WhatsApp: a code that opens a chat with the shop, and what they agree to. To print."""

from typing import Final

import segno
from starlette.responses import HTMLResponse

from data.database import reading
from domain.shop import shop as shops
from domain.shop import whatsapp, whatsapp_words
from domain.shop.people import Actor, Right
from ui import plain

SIZES: Final = {"a6": "Card (A6)", "a4": "Sheet (A4)"}
HERE: Final = "/settings/whatsapp/card"


def page(by: Actor, size: str = "") -> HTMLResponse:
    """Without a number of the shop's own it is shown without a code: one that leads to nobody must not be printed."""
    by.require(Right.VIEW)
    with reading() as session:
        shop, row = shops.read(session), whatsapp.number(session)
        link = whatsapp_words.own_chat_link(session)
        words = whatsapp_words.read(session)
        shown = row.shown if row and link else ""
    code = segno.make(link, error="m") if link else None
    return plain.page(
        "chat_card",
        shop_name=shop.name or "Your shop",
        colour=shop.colour,
        join=words.join,
        words=words.wording,
        shown=shown,
        size=size if size in SIZES else "a6",
        sizes=[(name, label, f"{HERE}?size={name}") for name, label in SIZES.items()],
        qr=code.svg_inline(scale=4, border=2, dark="#161a17", light="#ffffff", omitsize=True) if code else "",
    )
