"""The card that stands on the counter: a code for the phone's camera, and the words that people say yes to. To print."""

import segno
from starlette.responses import HTMLResponse

from data.config import config
from data.database import reading
from domain.book.sign_ups import Source
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui import plain
from ui.public.join import WORDS


def page(by: Actor) -> HTMLResponse:
    """Raises Refusal."""
    by.require(Right.VIEW)
    with reading() as session:
        shop = shops.read(session)
        name = shop.name
    here = config().public_url
    code = segno.make(f"{here}/join?from={Source.COUNTER}", error="m")
    return plain.page(
        "counter_card",
        shop_name=name,
        colour=shop.colour,
        words=WORDS.format(shop=name or "the shop"),
        shown=f"{here.partition('://')[2]}/join",
        qr=code.svg_inline(scale=4, border=2, dark="#161a17", light="#ffffff", omitsize=True),
    )
