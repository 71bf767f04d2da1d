"""Every message over all sends, and second tries: one again, all that failed, and the choice about those of which nobody
knows whether they arrived.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from data.database import reading
from domain.ledger import deliveries, engagement
from domain.ledger.deliveries import Heard
from domain.refusal import missing
from domain.results import log
from domain.sending.dispatches import Dispatch
from domain.sending.resending import Which
from domain.shop.shop import read as read_shop
from jobs import sending
from ui.api.door import Sender, SignedIn, Viewer
from ui.api.results import Outcomes, Recipient, recipient
from ui.api.shapes import Asked, Cursor, Id, Limit, Listed, Moment, Search, Told, read_number
from ui.api.words import states_of
from ui.shop_days import midnight

router = APIRouter(tags=["Results"], route_class=SignedIn)

Day = Annotated[str, Query(max_length=10, description="A day of the shop's clock, as 2026-11-21; included.")]
AllRight = Annotated[
    bool, Field(description="The message is notSure, and it is all right if it arrives twice.")
]


class Again(Asked):
    even_if_twice: AllRight = False


class AllAgain(Asked):
    status: Annotated[
        Literal["failed", "cancelled"], Field(description="cancelled: those whose turn never came.")
    ] = "failed"


class Settled(Asked):
    as_: Annotated[Literal["sent"], Field(alias="as", description="Count it as sent.")]


class AllSettled(Asked):
    as_: Annotated[
        Literal["sent", "queued"],
        Field(alias="as", description="queued: send all of them again; they may arrive twice."),
    ]


class Logged(Recipient):
    """A message with the send that it belongs to."""

    campaign_id: int | None
    send_name: str
    subject: str
    launched_at: Moment


class Queued(Told):
    dispatch_id: int
    queued: int
    left: Annotated[dict[str, int], Field(description="How many can't be tried again, by the reason.")]


class Counted(Told):
    dispatch_id: int
    counted: int


@router.get("/deliveries")
def list_deliveries(
    by: Viewer,
    status: Outcomes = [],  # noqa: B006 - never changed
    delivery: Annotated[
        list[Heard], Query(description="What was heard of it since it was sent; may be repeated.")
    ] = [],  # noqa: B006 - never changed
    held: Annotated[bool | None, Query(description="Held back by WhatsApp itself, or not.")] = None,
    search: Search = "",
    channel: Annotated[str, Query(max_length=20)] = "",
    since: Day = "",
    until: Day = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[Logged]:
    """Every message to everybody, those of the newest send first. Days are those on which it was launched."""
    with reading() as session:
        zone = read_shop(session).zone
        asked = log.Asked(
            states_of(status),
            tuple(delivery),
            search,
            midnight(since, zone, "since"),
            midnight(until, zone, "until", days=1),
            channel,
            held,
        )
        found = log.page(session, asked, after=read_number(cursor), limit=limit)
        did = engagement.of_deliveries(session, [line.id for line in found.lines])
        items = [
            _logged(recipient(session, line, did.get(line.id)), found.sends[line.dispatch_id])
            for line in found.lines
        ]
    return Listed(items=items, next_cursor=str(found.last_id) if found.last_id else None, total=found.total)


@router.post("/deliveries/{delivery_id}/resend", status_code=202)
def resend(delivery_id: Id, by: Sender, given: Again | None = None) -> Recipient:
    """The same content in the same send, to the address of today."""
    sending.resend(delivery_id, by, even_if_twice=bool(given and given.even_if_twice))
    return _told(delivery_id)


@router.post("/deliveries/{delivery_id}/settle")
def settle(delivery_id: Id, given: Settled, by: Sender) -> Recipient:
    """Decide about a message that is notSure."""
    sending.count_as_sent(delivery_id, by)
    return _told(delivery_id)


@router.post("/dispatches/{dispatch_id}/retry-failed", status_code=202)
def retry_failed(dispatch_id: Id, by: Sender, given: AllAgain | None = None) -> Queued:
    """Everybody of them who can be tried; who can't, and why, is told in `left`."""
    return _again(dispatch_id, Which(given.status if given else "failed"), by)


@router.post("/dispatches/{dispatch_id}/settle")
def settle_all(dispatch_id: Id, given: AllSettled, by: Sender) -> Counted | Queued:
    """Decide about all that are notSure."""
    if given.as_ == "queued":
        return _again(dispatch_id, Which.NOT_SURE, by)
    return Counted(dispatch_id=dispatch_id, counted=sending.count_all_as_sent(dispatch_id, by))


def _again(dispatch_id: int, which: Which, by: Sender) -> Queued:
    retried = sending.retry(dispatch_id, which, by)
    return Queued(dispatch_id=dispatch_id, queued=retried.queued, left=retried.left)


def _logged(told: Recipient, send: Dispatch) -> Logged:
    return Logged(
        **dict(told),
        campaign_id=send.campaign_id,
        send_name=send.name,
        subject=send.subject,
        launched_at=send.created_at,
    )


def _told(delivery_id: int) -> Recipient:
    with reading() as session:
        line = deliveries.by_id(session, delivery_id)
        if line is None:
            raise missing("message")
        return recipient(session, line, engagement.of_deliveries(session, [line.id]).get(line.id))
