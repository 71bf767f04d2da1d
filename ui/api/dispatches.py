"""Dispatches: each launch, and one-shots, which are launches without a campaign."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading, unit
from domain.audience.audience import Audience
from domain.ledger import deliveries
from domain.ledger.deliveries import Books
from domain.sending import dispatches, one_shots
from domain.sending.dispatches import Dispatch
from jobs import posting, sending
from ui.api.door import CampaignEditor, Sender, SignedIn, Viewer
from ui.api.launching import Key, Launched, UndoSeconds, as_press
from ui.api.plans import SAYS
from ui.api.shapes import Asked, Cursor, Id, Limit, Listed, Moment, Told, read_number
from ui.api.words import HOLD, Dialect, Words

router = APIRouter(prefix="/dispatches", tags=["Dispatches"], route_class=SignedIn)

NOT_CONTENT = ("channel", "audience", "undo_seconds")


class OneShotAsked(Asked):
    channel: str = "email"
    message_type: str = "marketing"
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    subject: Annotated[str, Field(description="Email needs one.")] = ""
    preheader: str = ""
    html_body: str = ""
    text_body: str = ""
    content: Annotated[dict[str, Any], Field(description=SAYS)] = {}
    audience: Annotated[dict[str, Any], Field(description='Such as {"type": "tags", "tags": ["gold"]}.')]
    undo_seconds: UndoSeconds = 0


class DispatchTold(Told):
    id: int
    campaign_id: int | None
    part: Annotated[
        str,
        Field(
            description="Of its campaign's launch: main, also (the other channel), or asked (there, days later)."
        ),
    ]
    name: str
    channel: str
    message_type: str
    state: str
    hold: Annotated[str | None, Field(description=HOLD)]
    held_until: Moment | None
    held_by: str | None
    outcome: str | None
    error: str | None
    subject: str
    content: dict[str, Any]
    audience: dict[str, Any]
    audience_label: str
    only_remaining: bool
    recipients: int
    queued: int
    sent: int
    failed: int
    skipped: int
    cancelled: int
    not_sure: int
    created_by: int | None
    created_by_name: str
    created_at: Moment
    due_at: Moment | None
    late_reason: str | None
    starts_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    deleted_at: Annotated[
        Moment | None, Field(description="Of a one-shot: what it said goes for good some day.")
    ]


@router.get("")
def every(by: Viewer, words: Words, limit: Limit = 50, cursor: Cursor = None) -> Listed[DispatchTold]:
    """Newest first."""
    with reading() as session:
        found = dispatches.newest(session, before=read_number(cursor), limit=limit + 1)
        books = deliveries.books_of(session, [one.id for one in found])
        total = dispatches.how_many(session)
    items = [_told(one, books.get(one.id, Books()), words) for one in found[:limit]]
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Listed(items=items, next_cursor=more, total=total)


@router.post("", status_code=202)
def send(given: OneShotAsked, by: Sender, key: Key = None) -> Launched:
    """A one-shot: it goes at once, and needs no campaign."""
    content = given.model_dump(exclude=set(NOT_CONTENT))
    press = as_press(by, key, undo=given.undo_seconds)
    audience = Audience.parse(given.audience)
    made = posting.post_one_shot(content, audience, press, by, channel_name=given.channel)
    return Launched(dispatch_id=made.id)


@router.get("/{dispatch_id}")
def read(dispatch_id: Id, by: Viewer, words: Words) -> DispatchTold:
    return _one(dispatch_id, words)


@router.delete("/{dispatch_id}", status_code=204)
def delete(dispatch_id: Id, by: CampaignEditor) -> None:
    """A one-shot: what it said goes for good some day, and can be put back until then. What came of it stays."""
    with unit() as session:
        one_shots.delete(session, dispatch_id, by=by, now=now())


@router.post("/{dispatch_id}/undo")
def undo(dispatch_id: Id, by: Sender, words: Words) -> DispatchTold:
    """Call it back while its undo time runs. Nothing has left."""
    sending.undo(dispatch_id, by)
    return _one(dispatch_id, words)


@router.post("/{dispatch_id}/pause")
def pause(dispatch_id: Id, by: Sender, words: Words) -> DispatchTold:
    """No further message leaves until `resume`. What is on its way still gets its answer; nobody is lost."""
    sending.pause(dispatch_id, by)
    return _one(dispatch_id, words)


@router.post("/{dispatch_id}/resume")
def resume(dispatch_id: Id, by: Sender, words: Words) -> DispatchTold:
    sending.resume(dispatch_id, by)
    return _one(dispatch_id, words)


@router.post("/{dispatch_id}/stop")
def stop(dispatch_id: Id, by: Sender, words: Words) -> DispatchTold:
    """No further message leaves."""
    sending.stop(dispatch_id, by)
    return _one(dispatch_id, words)


def _one(dispatch_id: int, words: Dialect) -> DispatchTold:
    with reading() as session:
        found = dispatches.get(session, dispatch_id)
        return _told(found, deliveries.books(session, dispatch_id), words)


def _told(dispatch: Dispatch, books: Books, words: Dialect) -> DispatchTold:
    return DispatchTold(
        id=dispatch.id,
        campaign_id=dispatch.campaign_id,
        part=str(dispatch.part),
        name=dispatch.name,
        channel=dispatch.channel,
        message_type=str(dispatch.message_type),
        state=words.said(dispatch.state),
        hold=dispatch.held_for or None,
        held_until=dispatch.held_until,
        held_by=dispatch.held_by or None,
        outcome=str(dispatch.outcome) if dispatch.outcome else None,
        error=dispatch.error or None,
        subject=dispatch.subject,
        content=dispatch.content,
        audience=dispatch.audience,
        audience_label=dispatch.audience_label,
        only_remaining=dispatch.only_remaining,
        recipients=books.recipients,
        queued=books.queued,
        sent=books.sent,
        failed=books.failed,
        skipped=books.skipped,
        cancelled=books.cancelled,
        not_sure=books.not_sure,
        created_by=dispatch.created_by,
        created_by_name=dispatch.created_by_name,
        created_at=dispatch.created_at,
        due_at=dispatch.due_at,
        late_reason=dispatch.late_reason or None,
        starts_at=dispatch.starts_at,
        started_at=dispatch.started_at,
        finished_at=dispatch.finished_at,
        deleted_at=dispatch.deleted_at,
    )
