"""Where mail providers report what became of a message. Nobody is signed in here: each post proves whose it is.

It stands before everything else on the shop's application, as the doors of recipients do: nothing that only pages need.
The secret in the address is asked before a byte of the body is read, and the signature before a word of it is believed.
Answers: 200 it is in the books (or was before); 403 not from the provider; 503 come again. While the shop is fenced off as
a copy, reports are taken like anywhere else: they only ever stop mail. But a copy confirms no subscription.
"""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from data.database import database, now, reading
from data.fetching import NotFetched, fetch
from domain.refusal import Refusal
from domain.results import connections, news
from domain.results.feedback import Taken
from domain.results.post import CertificateMissing, Forged, News, Post
from domain.shop import provider_keys
from jobs import fence, intake
from ui.public.murmur import Murmur

OURS: Final = "/webhooks/"
PLACES: Final = re.compile(r"/webhooks/(?P<name>[^/]+)/(?P<secret>[^/]+)")
LARGEST: Final = 1024 * 1024  # bytes, unless a provider says that it posts more
SMALL: Final = 8 * 1024  # bytes
PATIENCE: Final = 20.0  # seconds for a body to come in
KNOWN_FOR: Final = 2.0  # seconds that a provider's keys are kept in memory
CHECKS: Final = ThreadPoolExecutor(
    2, thread_name_prefix="webhook"
)  # a flood must not take the threads of the pages
NOT_KEPT: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
SIGN_IN: Final = NOT_KEPT | {"www-authenticate": 'Basic realm="reports"'}
LATER: Final = NOT_KEPT | {"retry-after": "30"}

murmur = Murmur(logging.getLogger("handbill.webhooks"))


class TooLarge(Exception):
    """More than any provider sends."""


class GoneAway(Exception):
    """Whoever posted has hung up."""


def install(shop: FastAPI) -> None:
    """After all others, so that it is asked before them."""
    shop.add_middleware(Webhooks)


class Webhooks:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(OURS):
            await self.app(scope, receive, send)
            return
        answer = await _answer(scope, receive)
        await answer(scope, receive, send)


async def _answer(scope: Scope, receive: Receive) -> Response:
    asked = PLACES.fullmatch(scope["path"])
    provider = news.named(asked["name"]) if asked else None
    if asked is None or provider is None:
        return Response(status_code=404, headers=NOT_KEPT)
    asks_who_we_are = scope["method"] == "GET" and hasattr(provider, "challenged")
    if scope["method"] != "POST" and not asks_who_we_are:
        return Response(status_code=405, headers=NOT_KEPT | {"allow": "POST"})
    try:
        if asks_who_we_are:
            return await _said_back(scope, provider, asked["secret"])
        await _take(scope, receive, provider, asked["secret"])
        return Response(status_code=200, headers=NOT_KEPT)
    except Forged as fault:
        murmur.say(f"A post that says it is from {provider.LABEL} was refused: {fault.why}")
        is_asked = fault.asks_to_sign_in
        return Response(status_code=401 if is_asked else 403, headers=SIGN_IN if is_asked else NOT_KEPT)
    except TooLarge:
        murmur.say(f"A post that says it is from {provider.LABEL} was too large")
        return Response(status_code=413, headers=NOT_KEPT)
    except (TimeoutError, GoneAway):
        return Response(status_code=408, headers=NOT_KEPT)
    except (CertificateMissing, NotFetched, intake.Full, SQLAlchemyError, Refusal) as trouble:
        murmur.say(f"A report of {provider.LABEL} has to come again: {trouble or type(trouble).__name__}")
        return Response(status_code=503, headers=LATER)


async def _said_back(scope: Scope, provider: Any, secret: str) -> Response:
    """Before it posts anything, a provider may ask whether this is the address that the owner means."""
    keys = await _keys(provider.NAME, secret)
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return Response(provider.challenged(query, keys), headers=NOT_KEPT, media_type="text/plain")


async def _take(scope: Scope, receive: Receive, provider: Any, secret: str) -> None:
    keys = await _keys(provider.NAME, secret)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
    async with asyncio.timeout(PATIENCE):
        body = await _body(headers, receive, getattr(provider, "LARGEST", LARGEST))
    post = Post(body, headers, keys, now(), _fetch)
    if len(body) <= SMALL and not hasattr(provider, "follow_up"):  # quicker than to hand it to another thread
        said = _checked(provider, post)
    else:
        said = await asyncio.get_running_loop().run_in_executor(CHECKS, _checked, provider, post)
    if await intake.put(said) is Taken.FORGED:
        raise Forged("its token came with another post before")


async def _body(headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
    told = headers.get("content-length", "0")
    if not (told.isascii() and told.isdecimal()) or int(told[:12]) > most or len(told) > 12:
        raise TooLarge
    pieces, size, is_more = list[bytes](), 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneAway
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > most:
            raise TooLarge
        is_more = message.get("more_body", False)
    return b"".join(pieces)


def _checked(provider: Any, post: Post) -> News:
    said = news.news(provider, post)
    news.follow_up(provider, replace(post, fetch=_go_there))
    return said


def _go_there(url: str) -> bytes:
    """What a provider asks us to do by looking at an address. A copy of the shop does nothing in its name."""
    if fence.is_up():
        raise CertificateMissing("this may be a copy of the shop")
    return _fetch(url)


def _fetch(url: str) -> bytes:
    try:
        return fetch(url)
    except NotFetched as problem:
        raise CertificateMissing(str(problem)) from None


# Keys are opened once in a while and not for every post.

_known: dict[
    str, tuple[float, Any, tuple[int, dict[str, str]] | None]
] = {}  # since when, for which state of things


async def _keys(name: str, secret: str) -> dict[str, str]:
    at, of, found = _known.get(name, (float("-inf"), None, None))
    if time.monotonic() - at > KNOWN_FOR or of != _as_of():
        found = await asyncio.get_running_loop().run_in_executor(CHECKS, _look_up, name)
    if found is None or not provider_keys.is_secret(name, found[0], secret):
        raise Forged("the address is not the one of the settings")
    return found[1]


def _look_up(name: str) -> tuple[int, dict[str, str]] | None:
    as_of = _as_of()
    with reading() as session:
        found = connections.keys_behind(session, name)
    if found is not None:  # who is not listened to may be at any moment
        _known[name] = (time.monotonic(), as_of, found)
    else:
        _known.pop(name, None)
    return found


def _as_of() -> tuple[Any, int]:
    return database(), connections.changes()
