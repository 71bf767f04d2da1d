"""What stands before every door: the rules a browser is told, and who may post a form here."""

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.config import config
from data.database import reading
from domain.shop import shop as shops
from ui import plain
from ui.words import STORAGE_TROUBLE

log = logging.getLogger("handbill.doors")

# NiceGUI runs inline script and compiles its templates in the browser, so script can't be held back further here:
# what others wrote must never be drawn as markup outside a sandboxed frame. Pictures of such a frame may come from
# any https address, because a mail's own pictures do; the frame itself decides whether to ask for them.
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
TOLD: Final[Mapping[str, str]] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
ONLY_HTTPS: Final = "max-age=31536000"
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Mail programs, providers and the shop's website post here from anywhere: it takes a token, or is for everybody.
POSTED_FROM_ANYWHERE: Final = ("/u/", "/join", "/webhooks/")
SMALL_FORMS: Final = ("/sign-in", "/sign-out", "/welcome", "/u/", "/join")
SMALL: Final = 64 * 1024  # bytes; nobody needs to be signed in to post there


OPEN_BEFORE_THE_SHOP: Final = (
    "/welcome", "/sign-in", "/sign-out", "/static/", "/_nicegui", "/favicon", "/health", "/api/", "/crm/", "/t/", "/u/",
    "/webhooks/",
)  # fmt: skip


def install(shop: FastAPI) -> None:
    shop.add_middleware(Threshold)
    shop.add_middleware(Guard)  # the last one added is asked first
    shop.add_exception_handler(OperationalError, _not_written)


class Guard:
    """Headers are set only where the door did not choose its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refused = _refused(scope)
        if scope["type"] == "websocket":
            if refused is None:
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        await (refused or self.app)(scope, receive, _telling(send))


class Threshold:
    """Until the welcome pages are done, every page leads there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and not self.is_open
            and not scope["path"].startswith(OPEN_BEFORE_THE_SHOP)
        ):
            self.is_open = await run_in_threadpool(_is_ready)
            if not self.is_open:
                await RedirectResponse("/welcome", 303)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _not_written(_: Request, fault: Exception) -> Response:
    """Plain forms, and mail programs that unsubscribe: 503 tells those to come again."""
    log.error("the database refused: %s", getattr(fault, "orig", fault))
    answer = plain.page("message", status=503, title="That was not done", sentence=STORAGE_TROUBLE)
    answer.headers["retry-after"] = "10"
    return answer


def _is_ready() -> bool:
    with reading() as session:
        return shops.read(session).ready


def _refused(scope: Scope) -> Response | None:
    path, asks = scope["path"], HTTPConnection(scope).headers
    if _is_foreign(scope, asks):
        return _no(path, 403, "This was sent from another website, so Handbill did not do it. Open the page here and try again.")  # fmt: skip
    if scope.get("method") == "POST" and path.startswith(SMALL_FORMS) and _is_large(asks):
        return _no(path, 413, "This is more than the form can hold.")
    return None


def _is_foreign(scope: Scope, asks: Headers) -> bool:
    """Whether another website makes the visitor's browser write here, or listen at the page's socket.

    Programs that are no browsers say neither where they come from nor carry anybody's cookie.
    """
    if scope["type"] == "http" and (
        scope["method"] in READS or scope["path"].startswith(POSTED_FROM_ANYWHERE)
    ):
        return False
    site, origin = asks.get("sec-fetch-site"), asks.get("origin")
    if site in ("same-origin", "none"):
        return False
    if origin is None:
        return site is not None
    return urlsplit(origin).netloc not in _own_names(asks)


def _own_names(asks: Headers) -> set[str]:
    """Behind a proxy the browser knows us by another name than the proxy does."""
    return {asks.get("host", ""), urlsplit(config().public_url).netloc} - {""}


def _is_large(asks: Headers) -> bool:
    """A form whose length is not told beforehand counts as large."""
    length = asks.get("content-length", "")
    return not length.isdecimal() or int(length) > SMALL


def _no(path: str, status: int, sentence: str) -> Response:
    if path.startswith(("/api/", "/crm/")):
        return JSONResponse({"error": {"code": "refused", "message": sentence, "details": {}}}, status)
    return plain.page("message", status=status, title="That was not done", sentence=sentence)


def _telling(send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in TOLD.items():
                headers.setdefault(name, value)
            if config().base_url.startswith("https://"):
                headers.setdefault("strict-transport-security", ONLY_HTTPS)
        await send(message)

    return tell
