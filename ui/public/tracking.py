"""The picture and the links of a message. The hit is in the books before the answer goes out.

It stands before everything else on the shop's application: no session, no cookie, nothing that only pages need. Who looks
with HEAD is told where a link leads, and is not counted. A link that we did not make leads nowhere; the picture is always
the same picture, so that nobody learns from it which addresses there are.
"""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from data.database import now, reading
from domain.channels.email import links
from domain.message.links import CLICK, OPEN, PLACE_BITS
from domain.results import hits
from domain.results.hits import Look
from jobs import hits as intake
from ui import plain
from ui.public.murmur import Murmur

PLACES: Final = re.compile(r"/(?:t/(?P<door>[oc])|connect/automation/[^/]+/[^/]+/email/(?P<deed>open|click))/(?P<token>[^/]+)/?")  # fmt: skip
OURS: Final = ("/t/", "/connect/automation/")
DOORS: Final = {"o": OPEN, "c": CLICK, OPEN: OPEN, CLICK: CLICK}
PATIENCE: Final = 5.0  # seconds; nobody who pressed a link waits longer for our books
LOOKS_UP: Final = ThreadPoolExecutor(2, thread_name_prefix="links")  # not the threads of the pages
PICTURE: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
NOT_KEPT: Final = [
    (b"cache-control", b"no-store, no-cache, must-revalidate, private, max-age=0"),
    (b"pragma", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
SHOWN: Final = [
    (b"content-type", b"image/gif"),
    (b"content-length", str(len(PICTURE)).encode()),
    (b"cross-origin-resource-policy", b"cross-origin"),  # webmail shows it on its own pages
    *NOT_KEPT,
]
PREFETCH: Final = (b"purpose", b"sec-purpose", b"x-purpose", b"x-moz")

murmur = Murmur(logging.getLogger("handbill.tracking"))


def install(shop: FastAPI) -> None:
    """After all others, so that it is asked first."""
    shop.add_middleware(Tracking)


class Tracking:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(OURS):
            await self.app(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await Response(status_code=405, headers={"allow": "GET, HEAD"})(scope, receive, send)
            return
        asked = PLACES.fullmatch(scope["path"])
        door = DOORS[asked["door"] or asked["deed"]] if asked else CLICK
        number = links().read(door, asked["token"]) if asked else None
        if door == OPEN:
            await _show(scope, send, number)
        else:
            await _lead(scope, receive, send, number)


async def _show(scope: Scope, send: Send, delivery_id: int | None) -> None:
    if delivery_id is not None and scope["method"] == "GET":
        await _kept(_look(scope, delivery_id, None))
    await send({"type": "http.response.start", "status": 200, "headers": SHOWN})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else PICTURE})


async def _lead(scope: Scope, receive: Receive, send: Send, number: int | None) -> None:
    try:
        url = None if number is None else await _where(scope, number)
    except SQLAlchemyError as trouble:
        murmur.say(f"A link could not be looked up: {type(trouble).__name__}")
        await _later()(scope, receive, send)
        return
    if url is None:
        await _unknown()(scope, receive, send)
        return
    headers = [(b"location", url.encode("ascii")), (b"content-length", b"0"), *NOT_KEPT]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _where(scope: Scope, number: int) -> str | None:
    delivery_id, place = number >> PLACE_BITS, number & ((1 << PLACE_BITS) - 1)
    if scope["method"] == "GET":
        is_kept, url = await _kept(_look(scope, delivery_id, place))
        if is_kept:
            return url
    return await asyncio.get_running_loop().run_in_executor(LOOKS_UP, _looked_up, delivery_id, place)


async def _kept(look: Look) -> tuple[bool, str | None]:
    """False: it could not be written. Whoever pressed a link gets there all the same."""
    try:
        async with asyncio.timeout(PATIENCE):  # what is waiting by then is written all the same
            return True, await intake.put(look)
    except (intake.Full, TimeoutError, SQLAlchemyError) as trouble:
        murmur.say(f"An open or a click was not counted: {type(trouble).__name__}")
        return False, None


def _look(scope: Scope, delivery_id: int, place: int | None) -> Look:
    agent, is_prefetch = "", False
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value.decode("latin-1")
        elif name in PREFETCH:
            is_prefetch = is_prefetch or b"prefetch" in value.lower() or b"preview" in value.lower()
    return Look(delivery_id, place, now(), agent, is_prefetch)


def _looked_up(delivery_id: int, place: int) -> str | None:
    with reading() as session:
        return hits.where(session, delivery_id, place)


def _unknown() -> Response:
    return plain.page(
        "message",
        status=404,
        title="This link leads nowhere",
        sentence="It may have been cut off on its way. Open it again from the message itself.",
    )


def _later() -> Response:
    answer = plain.page(
        "message",
        status=503,
        title="Not just now",
        sentence="The shop could not look up where this link leads. Please press it again in a minute.",
    )
    answer.headers["retry-after"] = "10"
    return answer
