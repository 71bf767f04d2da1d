"""Results: the figures of a send, and each of its recipients as rows or as a file."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.orm import Session

from data import csv_file
from data.database import now, reading
from domain.channels.email import message_id
from domain.ledger import deliveries, replies, standing
from domain.ledger.deliveries import Books, Line, Of, State
from domain.sending import campaigns, dispatches
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import Cursor, Id, Limit, Listed, Moment, Search, Told, read_number
from ui.api.words import outcome, states_of

router = APIRouter(tags=["Results"], route_class=SignedIn)

AT_ONCE: Final = (
    1_000  # rows read for the file in one look, so that no long look keeps the database from tidying up
)
HEADINGS: Final = (
    "email", "name", "status", "reason", "replyCode", "reply", "time", "customerId", "dispatchId", "deliveryId",
)  # fmt: skip
CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}}, "description": "One line for each recipient."}
}

Outcomes = Annotated[
    list[str],
    Query(
        alias="status", description="queued, sent, failed, skipped, cancelled or notSure; may be repeated."
    ),
]


class Stats(Told):
    """recipients = queued + sent + failed + skipped + cancelled + notSure, at every moment.

    delivered, pending, bounced and complained divide sent. Opens and clicks are not followed yet.
    """

    recipients: int
    queued: int
    sent: int
    delivered: int = 0
    pending: Annotated[int, Field(description="Sent, and nothing was heard of it since.")]
    failed: int
    bounced: int = 0
    complained: int = 0
    skipped: int
    cancelled: int
    not_sure: int
    opens: int = 0
    unique_opens: int = 0
    machine_opens: int = 0
    clicks: int = 0
    unique_clicks: int = 0
    unsubscribed: int = 0
    open_rate: float | None = None
    click_rate: float | None = None
    as_of: Moment


class Recipient(Told):
    delivery_id: int
    dispatch_id: int
    customer_id: int | None
    name: str
    address: str
    status: str
    reason: str | None
    reply_code: int | None
    reply: str | None
    explanation: Annotated[str | None, Field(description="What the reply means, in plain words.")]
    message_id: Annotated[
        str | None, Field(description="Of a notSure one: what to look for in the mail server's log.")
    ]
    attempts: int
    at: Moment | None


@router.get("/campaigns/{campaign_id}/stats")
def stats_of_campaign(campaign_id: Id, by: Viewer) -> Stats:
    """Over all launches, each person counted once."""
    with reading() as session:
        campaigns.get(session, campaign_id)
        return _stats(standing.books_of_campaign(session, campaign_id))


@router.get("/dispatches/{dispatch_id}/stats")
def stats_of_dispatch(dispatch_id: Id, by: Viewer) -> Stats:
    with reading() as session:
        dispatches.get(session, dispatch_id)
        return _stats(deliveries.books(session, dispatch_id))


@router.get("/campaigns/{campaign_id}/recipients")
def recipients_of_campaign(
    campaign_id: Id,
    by: Viewer,
    status: Outcomes = [],  # noqa: B006 - never changed
    search: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[Recipient]:
    with reading() as session:
        return _recipients(session, _campaign(session, campaign_id), status, search, limit, cursor)


@router.get("/dispatches/{dispatch_id}/recipients")
def recipients_of_dispatch(
    dispatch_id: Id,
    by: Viewer,
    status: Outcomes = [],  # noqa: B006 - never changed
    search: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[Recipient]:
    with reading() as session:
        return _recipients(session, _dispatch(session, dispatch_id), status, search, limit, cursor)


@router.get("/campaigns/{campaign_id}/recipients.csv", responses=CSV, response_class=StreamingResponse)
def file_of_campaign(campaign_id: Id, by: Viewer, status: Outcomes = []) -> StreamingResponse:  # noqa: B006
    with reading() as session:
        _campaign(session, campaign_id)
    name = f"campaign-{campaign_id}-recipients.csv"
    return _file(name, lambda session: _campaign(session, campaign_id), states_of(status))


@router.get("/dispatches/{dispatch_id}/recipients.csv", responses=CSV, response_class=StreamingResponse)
def file_of_dispatch(dispatch_id: Id, by: Viewer, status: Outcomes = []) -> StreamingResponse:  # noqa: B006
    with reading() as session:
        _dispatch(session, dispatch_id)
    name = f"send-{dispatch_id}-recipients.csv"
    return _file(name, lambda session: _dispatch(session, dispatch_id), states_of(status))


def _campaign(session: Session, campaign_id: int) -> Of:
    campaigns.get(session, campaign_id)
    return standing.in_campaign(session, campaign_id)


def _dispatch(session: Session, dispatch_id: int) -> Of:
    return dispatches.get(session, dispatch_id).id


def _stats(books: Books) -> Stats:
    return Stats(
        recipients=books.recipients,
        queued=books.queued,
        sent=books.sent,
        pending=books.sent,
        failed=books.failed,
        skipped=books.skipped,
        cancelled=books.cancelled,
        not_sure=books.not_sure,
        as_of=now(),
    )


def _recipients(
    session: Session, of: Of, status: list[str], search: str, limit: int, cursor: str | None
) -> Listed[Recipient]:
    states = states_of(status)
    after = read_number(cursor) or 0
    found = deliveries.lines(session, of, states=states, search=search, after=after, limit=limit + 1)
    total = deliveries.how_many(session, of, states=states, search=search)
    more = str(found[limit - 1].id) if len(found) > limit else None
    items = [recipient(session, one) for one in found[:limit]]
    return Listed(items=items, next_cursor=more, total=total)


def recipient(session: Session, line: Line) -> Recipient:
    in_doubt, refused = line.state is State.UNKNOWN, line.state in (State.FAILED, State.DEFERRED)
    sender = dispatches.get(session, line.dispatch_id).from_email if in_doubt else ""
    return Recipient(
        delivery_id=line.id,
        dispatch_id=line.dispatch_id,
        customer_id=line.customer_id,
        name=line.name,
        address=line.address,
        status=outcome(line.state),
        reason=line.reason,
        reply_code=line.code,
        reply=line.reply,
        explanation=replies.explain(line.code, line.reply).sentence if refused and line.code else None,
        message_id=message_id(sender, line.dispatch_id, line.id, line.attempts) if in_doubt else None,
        attempts=line.attempts,
        at=line.at,
    )


def _file(name: str, find: Callable[[Session], Of], states: tuple[State, ...]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_written(find, states), media_type="text/csv; charset=utf-8", headers=headers)


def _written(find: Callable[[Session], Of], states: tuple[State, ...]) -> Iterator[str]:
    yield csv_file.opening(HEADINGS)
    after = 0
    while True:
        with reading() as session:
            lines = deliveries.lines(session, find(session), states=states, after=after, limit=AT_ONCE)
        yield "".join(csv_file.line(_cells(one)) for one in lines)
        if len(lines) < AT_ONCE:
            return
        after = lines[-1].id


def _cells(line: Line) -> list[object]:
    at = line.at.isoformat(timespec="seconds") if line.at else ""
    return [
        line.address,
        line.name,
        outcome(line.state),
        line.reason,
        line.code,
        line.reply,
        at,
        line.customer_id,
        line.dispatch_id,
        line.id,
    ]
