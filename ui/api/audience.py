"""How many an audience reaches, and why somebody is in or out."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.audience.pasted import MOST_LETTERS, recognise
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.refusal import invalid
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import AnId, Asked, Told

router = APIRouter(prefix="/audience", tags=["Audience"], route_class=SignedIn)


class Question(Asked):
    channel: str = "email"
    message_type: str = "marketing"
    audience: Annotated[
        dict[str, Any],
        Field(
            description='Such as {"type": "all"}, {"type": "tags", "tags": ["gold"]} or'
            ' {"type": "segment", "segmentIds": [1, 2]}. Each form may carry "exclude":'
            ' {"segments": [3], "tags": ["complaints"], "groups": [4]}.'
        ),
    ]


class QuestionAboutOne(Question):
    customer_id: AnId


class Pasted(Asked):
    text: Annotated[
        str,
        Field(
            max_length=MOST_LETTERS, description="Addresses in any order, with or without names around them."
        ),
    ]


class PastedTold(Told):
    """`customer_ids` are for an audience of the type manual; several customers may share one address."""

    customer_ids: list[int]
    known: int
    unknown: list[str]
    unread: list[str]


class CountTold(Told):
    matched: int
    reachable: int
    left_out: dict[str, int]
    sentence: str


class VerdictTold(Told):
    included: bool
    reason: str | None
    sentence: str


CAMEL_REASONS = {
    "no_address": "noAddress",
    "bad_address": "badAddress",
    "opted_out": "optedOut",
    "suppressed": "suppressed",
    "not_asked": "notAsked",
    "enough": "enough",
    "duplicate": "duplicate",
}


@router.post("/count")
def count(given: Question, by: Viewer) -> CountTold:
    reach = channel.named(given.channel).reach()
    with reading() as session:
        found = audiences.count(
            session, Audience.parse(given.audience), reach, _type(given.message_type), now=now()
        )
    left_out = {name: found.left_out.get(word, 0) for word, name in CAMEL_REASONS.items()}
    return CountTold(
        matched=found.matched, reachable=found.reachable, left_out=left_out, sentence=found.sentence()
    )


@router.post("/explain")
def explain(given: QuestionAboutOne, by: Viewer) -> VerdictTold:
    reach = channel.named(given.channel).reach()
    with reading() as session:
        verdict = audiences.explain(
            session,
            Audience.parse(given.audience),
            reach,
            _type(given.message_type),
            given.customer_id,
            now=now(),
        )
    reason = CAMEL_REASONS.get(verdict.reason, verdict.reason) if verdict.reason else None
    return VerdictTold(included=verdict.included, reason=reason, sentence=verdict.sentence)


@router.post("/addresses")
def addresses(given: Pasted, by: Viewer) -> PastedTold:
    with reading() as session:
        found = recognise(session, given.text, by=by)
    return PastedTold(
        customer_ids=[one for one, _ in found.people],
        known=found.known,
        unknown=list(found.unknown),
        unread=list(found.unread),
    )


def _type(word: str) -> MessageType:
    try:
        return MessageType(word)
    except ValueError:
        raise invalid("message_type", "Choose marketing, newsletter or operational.") from None
