"""Files that signed-in people take away. The browser's cookie says who asks, as on the pages."""

import re
from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from data import csv_file
from data.database import now, reading
from domain.book.exporting import What
from domain.book.search import Narrowing
from domain.ledger import deliveries
from domain.ledger.deliveries import Line
from domain.refusal import Kind, Refusal
from domain.sending import dispatches
from domain.shop import sessions
from domain.shop.people import Actor, Right
from ui import audit_files, exports, proof_page, words
from ui.audit_files import Wanted
from ui.exports import Form
from ui.parts.deliveries_table import csv_of, reason_of
from ui.parts.feedback import SIGN_IN

router = APIRouter(include_in_schema=False)

HEADINGS = ("Name", "Email", "State", "Reason", "Server code", "Server words", "Time (UTC)")
LOT = 1_000


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


@router.get("/settings/audit/export.{form}")
def audit_log(
    form: Form,
    request: Request,
    wanted: Annotated[Wanted, Depends(audit_question)],
) -> Response:
    """The audit log, or the entries that a narrowed list shows."""
    return _for_signed_in(request, lambda by: audit_files.file(form, wanted, by))


@router.get("/marketing/sends/{dispatch_id}/recipients.csv")
def recipients(dispatch_id: int, request: Request) -> Response:
    by = _who(request)
    if by is None:
        return RedirectResponse(f"{SIGN_IN}?next={csv_of(dispatch_id)}", 303)
    with reading() as session:
        by.require(Right.VIEW)
        try:
            dispatch = dispatches.get(session, dispatch_id)
        except Refusal as refusal:
            return PlainTextResponse(refusal.sentence, 404)
    name = re.sub(r"[^A-Za-z0-9]+", "-", dispatch.name).strip("-").lower()[:60] or "send"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{dispatch_id}.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_rows(dispatch_id), media_type="text/csv; charset=utf-8", headers=headers)


def _who(request: Request) -> Actor | None:
    token = request.cookies.get(sessions.COOKIE, "")
    with reading() as session:
        return sessions.actor_for(
            session, token, now(), address=request.client.host if request.client else ""
        )


def _for_signed_in(request: Request, file: Callable[[Actor], Response]) -> Response:
    by = _who(request)
    if by is None:
        return RedirectResponse(f"{SIGN_IN}?next=/customers", 303)
    try:
        return file(by)
    except Refusal as refusal:
        return PlainTextResponse(refusal.sentence, 403 if refusal.kind is Kind.FORBIDDEN else 404)


def _rows(dispatch_id: int) -> Iterator[str]:
    """Lot by lot, each in a look of its own, so that a slow reader holds nothing open."""
    yield csv_file.opening(HEADINGS)
    after = 0
    while True:
        with reading() as session:
            lot = deliveries.lines(session, dispatch_id, after=after, limit=LOT)
        if not lot:
            return
        after = lot[-1].id
        yield "".join(csv_file.line(_cells(one)) for one in lot)


def _cells(line: Line) -> tuple[str, ...]:
    state, _ = words.told(words.DELIVERY, line.state)
    at = f"{line.at:%Y-%m-%d %H:%M:%S}" if line.at else ""
    code = str(line.code) if line.code else ""
    return (line.name, line.address, state, reason_of(line), code, line.reply or "", at)
