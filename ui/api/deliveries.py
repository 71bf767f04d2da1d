"""Second tries: one message again, all that failed, and the choice about those of which nobody knows whether they arrived."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from data.database import reading
from domain.ledger import deliveries
from domain.refusal import missing
from domain.sending.resending import Which
from jobs import sending
from ui.api.door import Sender, SignedIn
from ui.api.results import Recipient, recipient
from ui.api.shapes import Asked, Id, Told

router = APIRouter(tags=["Results"], route_class=SignedIn)

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


class Queued(Told):
    dispatch_id: int
    queued: int
    left: Annotated[dict[str, int], Field(description="How many can't be tried again, by the reason.")]


class Counted(Told):
    dispatch_id: int
    counted: int


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


def _told(delivery_id: int) -> Recipient:
    with reading() as session:
        line = deliveries.by_id(session, delivery_id)
        if line is None:
            raise missing("message")
        return recipient(session, line)
