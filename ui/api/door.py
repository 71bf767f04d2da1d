"""The way in for programs: how much they may bring, who they are, and what they are told when something is wrong."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from data.database import now, reading
from domain.book import table_file
from domain.refusal import Kind, Refusal
from domain.shop import shop, tokens
from domain.shop.people import Actor, Right
from ui.api.faults import answer
from ui.refusals import write_down

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

LARGEST: Final = 2 * 1024 * 1024  # bytes
LONGEST_PLACE: Final = 200
TAKES_A_FILE: Final = "/customers/import"

bearer = HTTPBearer(auto_error=False, description="An access token from /api/auth/login, or a personal one.")


class Open(APIRoute):
    """For everybody, such as the sign-in itself."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                limited = _limited(request)
                await self.enter(limited)
                return await inner(limited)
            except Exception as fault:
                await run_in_threadpool(write_down)
                return answer(_in_its_words(request, fault))

        return handler

    async def enter(self, request: Request) -> None:
        """Before a byte of the body is read."""


class SignedIn(Open):
    """For people's programs only."""

    async def enter(self, request: Request) -> None:
        request.state.by = await run_in_threadpool(_who, request)


def _by(request: Request, _: Annotated[Any, Security(bearer)]) -> Actor:
    by: Actor = request.state.by
    return by


def _may(right: Right) -> Any:
    """A look at the door, before the body is checked: who may not do it learns nothing about what is inside."""

    def look(by: Annotated[Actor, Depends(_by)]) -> Actor:
        by.require(right)
        return by

    return Depends(look)


Viewer = Annotated[Actor, _may(Right.VIEW)]
CustomerEditor = Annotated[Actor, _may(Right.EDIT_CUSTOMERS)]
CampaignEditor = Annotated[Actor, _may(Right.EDIT_CAMPAIGNS)]
Sender = Annotated[Actor, _may(Right.SEND)]
Owner = Annotated[Actor, _may(Right.MANAGE_SHOP)]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _who(request: Request) -> Actor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    with reading() as session:
        by = None
        if scheme.casefold() == "bearer" and token.strip():
            by = tokens.actor_for_bearer(session, token.strip(), now(), address=address_of(request))
        if by is None:
            raise Refusal("signed_out", "Sign in first: this needs a valid access token.", Kind.SIGNED_OUT)
        asked_for = request.headers.get("orgid")
        if asked_for is not None and asked_for != shop.read(session).public_id:
            raise Refusal("other_shop", "This is another shop's address.", Kind.FORBIDDEN)
    return replace(by, at=f"{request.method} {request.url.path}"[:LONGEST_PLACE])


def _in_its_words(request: Request, fault: Exception) -> Exception:
    """A list that is too large is refused in the words of the page that takes lists."""
    is_large = isinstance(fault, HTTPException) and fault.status_code == 413
    return table_file.too_large() if is_large and _takes_a_file(request) else fault


def _takes_a_file(request: Request) -> bool:
    return request.url.path.endswith(TAKES_A_FILE)


def _limited(request: Request) -> Request:
    most = table_file.MOST_BYTES + LARGEST if _takes_a_file(request) else LARGEST
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > 12 or int(told) > most:
        raise HTTPException(413)
    return Request(request.scope, _counting(request.receive, most))


def _counting(receive: Receive, most: int) -> Receive:
    """A length that was not told beforehand is counted."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413)
        return message

    return count
