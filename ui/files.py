"""Files that signed-in people take away. The browser's cookie says who asks, as on the pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from data.database import now, reading
from domain.book.exporting import What
from domain.book.search import Narrowing
from domain.refusal import Kind, Refusal
from domain.shop import sessions
from domain.shop.people import Actor
from ui import audit_files, chat_card, counter_card, exports, log_files, proof_page, recipient_files
from ui.audit_files import Wanted
from ui.exports import Form
from ui.parts.feedback import SIGN_IN
from ui.refusals import write_down

router = APIRouter(include_in_schema=False)

SENDS = "/marketing/sends"


def narrowing(
    search: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str | None, Query(max_length=200)] = None,
    tag: Annotated[str | None, Query(max_length=200)] = None,
    group: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Narrowing:
    return Narrowing(search, status, tag, group)


def audit_question(
    search: Annotated[str, Query(max_length=200)] = "",
    person: Annotated[str, Query(max_length=18)] = "",
    part: Annotated[str, Query(max_length=20)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    number: Annotated[str, Query(max_length=18)] = "",
) -> Wanted:
    return Wanted(search, person, part, since, until, kind, number)


def log_question(
    search: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    channel: Annotated[str, Query(max_length=20)] = "",
) -> log_files.Wanted:
    return log_files.Wanted(search, state, since, until, channel)


@router.get("/customers/export.{form}")
def book(
    form: Form,
    request: Request,
    narrowed: Annotated[Narrowing, Depends(narrowing)],
    what: What = "customers",
) -> Response:
    """The customer book, or those of it whom a narrowed list shows; as CSV one of its tables."""
    table: What = what if form == "csv" else "customers"
    return _for_signed_in(request, lambda by: exports.book(form, table, by, narrowed))


@router.get("/customers/{customer_id}.json")
def one(customer_id: int, request: Request) -> Response:
    """All that is known of one person, for them to read."""
    return _for_signed_in(request, lambda by: exports.one(customer_id, by))


@router.get("/customers/{customer_id}/proof")
def proof(customer_id: int, request: Request) -> Response:
    """What they said about being written to, to print."""
    return _for_signed_in(request, lambda by: proof_page.page(customer_id, by))


@router.get("/settings/sign-up/card")
def card(request: Request) -> Response:
    """The card for the counter, to print."""
    return _for_signed_in(request, counter_card.page)


@router.get(chat_card.HERE)
def chat(request: Request, size: str = "") -> Response:
    """The card with the code that opens WhatsApp, to print."""
    return _for_signed_in(request, lambda by: chat_card.page(by, size))


@router.get("/settings/audit/export.{form}")
def audit_log(
    form: Form,
    request: Request,
    wanted: Annotated[Wanted, Depends(audit_question)],
) -> Response:
    """The audit log, or the entries that a narrowed list shows."""
    return _for_signed_in(request, lambda by: audit_files.file(form, wanted, by))


@router.get("/marketing/sends/{dispatch_id}/recipients.{form}")
def recipients(dispatch_id: int, form: recipient_files.Form, request: Request) -> Response:
    """Everybody on a send and what became of their message."""
    back = f"{SENDS}/{dispatch_id}"
    return _for_signed_in(request, lambda by: recipient_files.file(dispatch_id, form, by), back)


@router.get("/marketing/log.csv")
def email_log(request: Request, wanted: Annotated[log_files.Wanted, Depends(log_question)]) -> Response:
    """The email log, or the messages that a narrowed list shows."""
    return _for_signed_in(request, lambda by: log_files.file(wanted, by), "/marketing/log")


def _who(request: Request) -> Actor | None:
    token = request.cookies.get(sessions.COOKIE, "")
    with reading() as session:
        return sessions.actor_for(
            session, token, now(), address=request.client.host if request.client else ""
        )


def _for_signed_in(request: Request, file: Callable[[Actor], Response], back: str = "/customers") -> Response:
    by = _who(request)
    if by is None:
        return RedirectResponse(f"{SIGN_IN}?next={back}", 303)
    try:
        return file(replace(by, at=request.url.path))
    except Refusal as refusal:
        write_down()
        return PlainTextResponse(refusal.sentence, 403 if refusal.kind is Kind.FORBIDDEN else 404)
