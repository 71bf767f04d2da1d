"""The book, or one person, as a file for whoever is signed in with a browser."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from data.database import now, reading
from domain.refusal import Kind, Refusal
from domain.shop import sessions
from domain.shop.people import Actor
from ui import exports
from ui.parts.feedback import SIGN_IN

router = APIRouter(include_in_schema=False)


@router.get("/customers/everything.{form}")
def book(request: Request, form: Literal["csv", "json"]) -> Response:
    return _answered(request, lambda by: exports.book(form, "customers", by))


@router.get("/customers/{customer_id}/everything.json")
def one(request: Request, customer_id: int) -> Response:
    return _answered(request, lambda by: exports.one(customer_id, by))


def _answered(request: Request, file: Callable[[Actor], Response]) -> Response:
    by = _who(request)
    if by is None:
        return RedirectResponse(f"{SIGN_IN}?next=/customers", 303)
    try:
        return file(by)
    except Refusal as refusal:
        return PlainTextResponse(refusal.sentence, 404 if refusal.kind is Kind.MISSING else 403)


def _who(request: Request) -> Actor | None:
    token = request.cookies.get(sessions.COOKIE, "")
    with reading() as session:
        return sessions.actor_for(
            session, token, now(), address=request.client.host if request.client else ""
        )
