"""Where mail providers report what became of a message. Nobody is signed in here: each post proves whose it is.

The secret in the address is asked before a byte of the body is read, and the signature before a word of it is believed.
Answers: 200 it is in the books (or was before); 403 not from the provider; 503 come again. While the shop is fenced off as
a copy, reports are taken like anywhere else: they only ever stop mail. But a copy confirms no subscription.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from data.database import database, now, reading
from data.fetching import NotFetched, fetch
from domain.refusal import Refusal
from domain.results import connections, news
from domain.results.feedback import Taken
from domain.results.post import CertificateMissing, Forged, News, Post
from domain.shop import provider_keys
from jobs import fence, intake
from ui.public.murmur import Murmur

router = APIRouter(include_in_schema=False)

LARGEST: Final = 1024 * 1024  # bytes
SMALL: Final = 8 * 1024  # bytes
PATIENCE: Final = 20.0  # seconds for a body to come in
KNOWN_FOR: Final = 2.0  # seconds that a provider's keys are kept in memory
CHECKS: Final = ThreadPoolExecutor(
    2, thread_name_prefix="webhook"
)  # a flood must not take the threads of the pages
SIGN_IN: Final = {"www-authenticate": 'Basic realm="reports"'}
LATER: Final = {"retry-after": "30"}

murmur = Murmur(logging.getLogger("handbill.webhooks"))


class TooLarge(Exception):
    """More than any provider sends."""


@router.post("/webhooks/{name}/{secret}")
async def take(request: Request, name: str, secret: str) -> Response:
    provider = news.named(name)
    if provider is None:
        return Response(status_code=404)
    try:
        return await _taken(request, provider, secret)
    except Forged as fault:
        murmur.say(f"A post that says it is from {provider.LABEL} was refused: {fault.why}")
        return Response(status_code=401 if fault.asks_to_sign_in else 403, headers=_sign_in(fault))
    except TooLarge:
        murmur.say(f"A post that says it is from {provider.LABEL} was too large")
        return Response(status_code=413)
    except (TimeoutError, ClientDisconnect):
        return Response(status_code=408)
    except (CertificateMissing, NotFetched, intake.Full, SQLAlchemyError, Refusal) as trouble:
        murmur.say(f"A report of {provider.LABEL} has to come again: {trouble or type(trouble).__name__}")
        return Response(status_code=503, headers=LATER)


async def _taken(request: Request, provider: Any, secret: str) -> Response:
    keys = await _keys(provider.NAME, secret)
    async with asyncio.timeout(PATIENCE):
        body = await _body(request)
    post = Post(body, dict(request.headers), keys, now(), _fetch)
    if len(body) <= SMALL and not hasattr(provider, "follow_up"):  # quicker than to hand it to another thread
        said = _checked(provider, post)
    else:
        said = await asyncio.get_running_loop().run_in_executor(CHECKS, _checked, provider, post)
    if await asyncio.wrap_future(intake.put(said)) is Taken.FORGED:
        raise Forged("its token came with another post before")
    return Response(status_code=200)


async def _body(request: Request) -> bytes:
    told = request.headers.get("content-length", "0")
    if not (told.isascii() and told.isdecimal()) or int(told[:12]) > LARGEST or len(told) > 12:
        raise TooLarge
    pieces, size = [], 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise TooLarge
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


def _sign_in(fault: Forged) -> dict[str, str]:
    return SIGN_IN if fault.asks_to_sign_in else {}
