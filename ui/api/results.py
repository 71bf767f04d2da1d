"""Results: the figures of a send, and each of its recipients as rows or as a file."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.orm import Session

from data import csv_file
from data.database import now, reading
from domain.channels.email import CHANNEL, message_id
from domain.ledger import deliveries, engagement, held, replies, standing
from domain.ledger.causes import TOLD, Cause
from domain.ledger.deliveries import Heard, Line, Of, State
from domain.ledger.engagement import Engagement
from domain.results import figures, overview
from domain.results.figures import Figures
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
    "delivery", "deliveryTime", "opens", "openedAt", "machineOpens", "clicks", "clickedAt", "held", "channel",
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

    delivered, pending, bounced, complained and those held back later divide sent. Opens and clicks are those of people; machineOpens stands
    beside them. openRate and clickRate are uniqueOpens and uniqueClicks as a share, from 0 to 1, of delivered where
    delivery is reported and of sent where it is not; null where nothing was sent, or nobody counts.
    """

    recipients: int
    queued: int
    sent: int
    delivered: Annotated[int, Field(description="Reported so by the provider.")]
    pending: Annotated[int, Field(description="Sent, and nothing that settles it was heard since.")]
    failed: int
    bounced: Annotated[
        int, Field(description="Came back, for good or for now; without those that WhatsApp held back.")
    ]
    held: Annotated[
        int,
        Field(
            description="Held back by WhatsApp itself, because the person gets many just now: refused at once they are among "
            "failed, told later among sent, and where another try was asked for among queued."
        ),
    ]
    replied: Annotated[int, Field(description="People who wrote back.")]
    complained: int
    skipped: int
    cancelled: int
    not_sure: int
    opens: int
    unique_opens: int
    machine_opens: int
    clicks: int
    unique_clicks: int
    unsubscribed: int
    open_rate: float | None
    click_rate: float | None
    as_of: Moment


class ChannelStats(Stats):
    channel: str


class CampaignStats(Stats):
    channels: Annotated[
        list[ChannelStats],
        Field(description="The same apart. Whoever got it on two channels stands in both."),
    ]


class Recipient(Told):
    delivery_id: int
    dispatch_id: int
    channel: str
    customer_id: int | None
    name: str
    address: str
    status: str
    reason: str | None
    reply_code: int | None
    reply: str | None
    held: Annotated[bool, Field(description="By WhatsApp itself, because the person gets many just now.")]
    explanation: Annotated[str | None, Field(description="What the reply means, in plain words.")]
    message_id: Annotated[
        str | None, Field(description="Of a notSure one by email: what to look for in the mail server's log.")
    ]
    attempts: int
    at: Moment | None
    delivery: Annotated[
        Heard | None,
        Field(description="What was heard of it since it was sent; returned: came back for now."),
    ]
    delivery_at: Moment | None
    delivery_reason: Annotated[str | None, Field(description="Why it came back, in plain words.")]
    opens: int
    opened_at: Annotated[Moment | None, Field(description="By a person, for the first time.")]
    machine_opens: int
    clicks: int
    clicked_at: Moment | None


@router.get("/campaigns/{campaign_id}/stats")
def stats_of_campaign(campaign_id: Id, by: Viewer) -> CampaignStats:
    """Over all launches and channels, each person counted once. A deleted campaign still tells what came of it."""
    moment = now()
    with reading() as session:
        overview.require_known(session, [campaign_id])
        sends = dispatches.of_campaign(session, campaign_id)
        found = figures.of_sends(session, sends, now=moment)
        each = figures.by_channel(session, sends, now=moment)
    apart = [
        ChannelStats(**_stats(one, moment).model_dump(by_alias=False), channel=channel)
        for channel, one in each.items()
    ]
    return CampaignStats(**_stats(found, moment).model_dump(by_alias=False), channels=apart)


@router.get("/dispatches/{dispatch_id}/stats")
def stats_of_dispatch(dispatch_id: Id, by: Viewer) -> Stats:
    moment = now()
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        return _stats(figures.of_dispatch(session, dispatch, now=moment), moment)


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


def _stats(found: Figures, moment: datetime) -> Stats:
    books, counts = found.books, found.counts
    return Stats(
        recipients=books.recipients,
        queued=books.queued,
        sent=books.sent,
        delivered=found.delivered,
        pending=found.pending,
        failed=books.failed,
        bounced=found.came_back,
        held=found.held.people,
        replied=found.replied,
        complained=found.complained,
        skipped=books.skipped,
        cancelled=books.cancelled,
        not_sure=books.not_sure,
        opens=counts.opens,
        unique_opens=counts.unique_opens,
        machine_opens=counts.machine_opens,
        clicks=counts.clicks,
        unique_clicks=counts.unique_clicks,
        unsubscribed=found.unsubscribed,
        open_rate=_rounded(found.open_rate),
        click_rate=_rounded(found.click_rate),
        as_of=moment,
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _recipients(
    session: Session, of: Of, status: list[str], search: str, limit: int, cursor: str | None
) -> Listed[Recipient]:
    states = states_of(status)
    after = read_number(cursor) or 0
    found = deliveries.lines(session, of, states=states, search=search, after=after, limit=limit + 1)
    total = deliveries.how_many(session, of, states=states, search=search)
    more = str(found[limit - 1].id) if len(found) > limit else None
    did = engagement.of_deliveries(session, [one.id for one in found])
    items = [recipient(session, one, did.get(one.id)) for one in found[:limit]]
    return Listed(items=items, next_cursor=more, total=total)


def recipient(session: Session, line: Line, did: Engagement | None) -> Recipient:
    in_doubt, refused = line.state is State.UNKNOWN, line.state in (State.FAILED, State.DEFERRED)
    send = dispatches.get(session, line.dispatch_id)
    sender = send.from_email if in_doubt and send.channel == CHANNEL.name else None
    return Recipient(
        delivery_id=line.id,
        dispatch_id=line.dispatch_id,
        channel=send.channel,
        customer_id=line.customer_id,
        name=line.name,
        address=line.address,
        status=outcome(line.state),
        reason=line.reason,
        reply_code=line.code,
        reply=line.reply,
        held=held.is_held_line(line),
        explanation=replies.explain(line.code, line.reply).sentence if refused and line.code else None,
        message_id=message_id(sender, line.dispatch_id, line.id, line.attempts)
        if sender is not None
        else None,
        attempts=line.attempts,
        at=line.at,
        delivery=line.heard,
        delivery_at=line.heard_at,
        delivery_reason=TOLD[Cause(line.heard_reason)].sentence if line.heard_reason in list(Cause) else None,
        opens=did.opens if did else 0,
        opened_at=did.opened_at if did else None,
        machine_opens=did.machine_opens if did else 0,
        clicks=did.clicks if did else 0,
        clicked_at=did.clicked_at if did else None,
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
            did = engagement.of_deliveries(session, [one.id for one in lines])
            ways = {one.dispatch_id: dispatches.get(session, one.dispatch_id).channel for one in lines}
            rows = [[*_cells(one, did.get(one.id)), ways[one.dispatch_id]] for one in lines]
        yield "".join(map(csv_file.line, rows))
        if len(lines) < AT_ONCE:
            return
        after = lines[-1].id


def _cells(line: Line, did: Engagement | None) -> list[object]:
    known: list[object] = [
        line.address,
        line.name,
        outcome(line.state),
        line.reason,
        line.code,
        line.reply,
        _written_out(line.at),
        line.customer_id,
        line.dispatch_id,
        line.id,
        line.heard,
        _written_out(line.heard_at),
    ]
    back = "yes" if held.is_held_line(line) else ""
    if did is None:
        return [*known, 0, "", 0, 0, "", back]
    opened, clicked = _written_out(did.opened_at), _written_out(did.clicked_at)
    return [*known, did.opens, opened, did.machine_opens, did.clicks, clicked, back]


def _written_out(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
