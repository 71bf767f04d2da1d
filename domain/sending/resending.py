"""Second tries: one row, everybody who failed, whoever was called off, or those who are "not sure".

A row goes back into the queue of the send it belongs to, so the content stays the frozen one and the same books must
balance. The send is opened again for it, and closes by itself as it did before. Nobody is written to twice: whoever
another launch of the campaign reached, or is about to reach, is left alone.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.book.message_types import MessageType
from domain.channels import channel
from domain.channels.email import message_id
from domain.ledger import deliveries, second_tries
from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery, State
from domain.ledger.second_tries import Row
from domain.ledger.whatsapp_errors import HELD_FOR
from domain.refusal import Kind, Refusal
from domain.sending import dispatches, practice, sibling
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.shop import audit, installation
from domain.shop.people import Actor, Right


class Which(StrEnum):
    """Of whom a second try is wanted."""

    FAILED = "failed"
    CALLED_OFF = "cancelled"  # their turn never came
    NOT_SURE = "not_sure"  # it may arrive twice

    @property
    def state(self) -> State:
        return State.UNKNOWN if self is Which.NOT_SURE else State(self.value)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a second try would do now. `left`: how many can't be tried, by the word for the reason."""

    ready: int = 0
    left: dict[str, int] = field(default_factory=dict)
    obstacle: str = ""  # why nobody can be tried just now

    @property
    def why(self) -> str:
        """Such as "3 whose address does not work · 1 opted out"."""
        return " · ".join(f"{number:,} {MANY.get(word, OTHERS)}" for word, number in self.left.items())


@dataclass(frozen=True, slots=True)
class Retried:
    dispatch: Dispatch
    queued: int
    left: dict[str, int]


MANY = {
    "gone": "deleted from the customer book",
    "no_address": "without an address",
    "bad_address": "with an address that does not work",
    "suppressed": "not to be written to",
    "opted_out": "opted out",
    "not_asked": "who never said yes to it",
    "held_lately": "held by WhatsApp less than a day ago",
    "elsewhere": "reached by another launch",
    "taken": "whose new address is on this send already",
}
HELD_LATELY = "held_lately"
OTHERS = "not to be written to now"
ONE = {
    "gone": "This person was deleted from the customer book. There is nobody to send it to.",
    "no_address": "This person has no address. Add one on their page first, then send again.",
    "bad_address": "Messages to {address} came back. Correct the address on the person’s page first, then send again.",
    "suppressed": "{address} is not to be written to: it complained, or asked for no more.",
    "opted_out": "This person has opted out of this kind of message. It can’t be sent again.",
    "not_asked": "This person never said yes to messages by WhatsApp. It can’t be sent.",
    "held_lately": "WhatsApp held this message back less than a day ago, because this person gets many just now. Wait a day.",
    "elsewhere": "Another launch of this campaign has reached this person, or is about to. It would arrive twice.",
    "taken": "Somebody else on this send has the address {address}. It would arrive there twice.",
}
STATE_NOW = {
    State.SENT: "This message was sent. It is not sent twice.",
    State.SKIPPED: "This person was left out of the send. Start a new one to reach them.",
}
MAY_ARRIVE_TWICE = "Nobody knows whether this message arrived, so it may arrive twice. Say that this is all right to send it again."


def resend(
    session: Session, delivery_id: int, *, by: Actor, now: datetime, even_if_twice: bool = False
) -> Dispatch:
    """One row goes back into the queue. `even_if_twice` is the choice that a "not sure" one needs."""
    by.require(Right.SEND)
    delivery, dispatch = dispatches.of_delivery(session, delivery_id)
    which = _which(delivery)
    if which is Which.NOT_SURE and not even_if_twice:
        raise Refusal("may_arrive_twice", MAY_ARRIVE_TWICE, Kind.CONFLICT)
    require_open(session, dispatch, which)
    (row,) = _not_held(session, _rows(session, dispatch, which, [delivery_id]), now)
    if row.why_not is not None:
        sentence = ONE.get(row.why_not, "This person may not be written to just now.")
        raise Refusal(
            row.why_not, sentence.format(address=row.address or row.was_at), Kind.CONFLICT, why=row.why_not
        )
    before = _as_it_was(row, dispatch)
    _queue(session, dispatch, [row], now)
    audit.write(
        session,
        "delivery.resent",
        by=by,
        now=now,
        subject_id=delivery_id,
        before=before,
        after={"state": str(State.QUEUED), "address": row.address, "dispatch": dispatch.id},
    )
    return dispatch


def retry(session: Session, dispatch_id: int, which: Which, *, by: Actor, now: datetime) -> Retried:
    """All of them who can be tried. Raises Refusal where nobody can."""
    by.require(Right.SEND)
    dispatch = dispatches.get(session, dispatch_id)
    require_open(session, dispatch, which)
    found = _not_held(session, _rows(session, dispatch, which), now)
    ready, left = [row for row in found if row.why_not is None], _left(found)
    if not ready:
        raise Refusal("nobody_to_try", _why_nobody(left), Kind.CONFLICT, left=left)
    _queue(session, dispatch, ready, now)
    audit.write(
        session,
        "dispatch.retried",
        by=by,
        now=now,
        subject_id=dispatch_id,
        before={"state": str(which.state), "rows": [[row.id, row.attempts, row.reason] for row in ready]},
        after={"state": str(State.QUEUED), "queued": len(ready), "left": left},
    )
    return Retried(dispatch, len(ready), left)


def prospect(session: Session, dispatch_id: int, which: Which) -> Prospect:
    """For the question that is asked before. Read only."""
    dispatch = dispatches.get(session, dispatch_id)
    try:
        require_open(session, dispatch, which)
    except Refusal as refusal:
        return Prospect(obstacle=refusal.sentence)
    found = _rows(session, dispatch, which)
    left = _left(found)
    return Prospect(len(found) - sum(left.values()), left)


def hopes(session: Session, dispatch_id: int, among: list[int]) -> dict[int, str | None]:
    """Of these rows those that are over without having been sent: None where it can be tried again, or why not.

    A row of which nothing can be tried just now is not named at all. Read only.
    """
    dispatch = dispatches.get(session, dispatch_id)
    found: dict[int, str | None] = {}
    for which in Which:
        try:
            require_open(session, dispatch, which)
        except Refusal:
            continue
        found |= {row.id: row.why_not for row in _rows(session, dispatch, which, among)}
    return found


def _which(delivery: Delivery) -> Which:
    for which in Which:
        if which.state is delivery.state:
            return which
    sentence = STATE_NOW.get(delivery.state, "This message is on its way already.")
    raise Refusal("not_to_try", sentence, Kind.CONFLICT, state=str(delivery.state))


def require_open(session: Session, dispatch: Dispatch, which: Which) -> None:
    """Whether anything of this send may be taken up again at all. Raises Refusal."""
    installation.require_open(session)
    dispatches.require_kept(dispatch)
    _require_over(dispatch, which)
    practice.require_same_mode(session, dispatch)
    campaign = session.get(Campaign, dispatch.campaign_id) if dispatch.campaign_id else None
    if campaign is None:
        return
    if campaign.status is Status.SENDING and campaign.run_no != dispatch.run_no:
        raise Refusal(
            "is_sending", "This campaign is being sent just now. Wait until that is over.", Kind.CONFLICT
        )
    if which is Which.CALLED_OFF and campaign.status in (Status.DRAFT, Status.SCHEDULED):
        raise Refusal(
            "send_to_the_rest",
            "The campaign is open again: send it to the rest from its own page, with whatever you changed since.",
            Kind.CONFLICT,
        )


def _require_over(dispatch: Dispatch, which: Which) -> None:
    """Of a send that is going on, whoever failed may simply queue up again."""
    sentence = ""
    if dispatch.state is DispatchState.UNDONE:
        sentence = "This send was called back. Nothing of it is sent."
    elif dispatch.state is DispatchState.PAUSED:
        sentence = "This send is paused. Let it go on first, or stop it."
    elif dispatch.finished_at is None and not (
        dispatch.state is DispatchState.SENDING and which is Which.FAILED
    ):
        sentence = "This send is not over yet. Try again as soon as it is."
    if sentence:
        raise Refusal("not_over", sentence, Kind.CONFLICT, state=str(dispatch.state))


def _rows(session: Session, dispatch: Dispatch, which: Which, among: list[int] | None = None) -> list[Row]:
    reach = channel.named(dispatch.channel).reach()
    kind = MessageType(dispatch.message_type)
    there = sibling.of(session, dispatch.campaign_id) if dispatch.campaign_id else None
    on = dispatch.channel if there is not None and not there.is_apart else None
    return second_tries.rows(session, dispatch.id, (which.state,), reach, kind, among=among, on=on)


def _not_held(session: Session, found: list[Row], now: datetime) -> list[Row]:
    """Whom WhatsApp itself held back is left alone for a day."""
    held = [row.id for row in found if row.reason == Cause.HELD_BY_WHATSAPP]
    lately = Delivery.id.in_(held) & (Delivery.settled_at > now - HELD_FOR)
    still = set(session.scalars(select(Delivery.id).where(lately))) if held else set()
    return [replace(row, why_not=row.why_not or HELD_LATELY) if row.id in still else row for row in found]


def _left(found: list[Row]) -> dict[str, int]:
    words = [row.why_not for row in found if row.why_not is not None]
    return {word: words.count(word) for word in dict.fromkeys(words)}


def _why_nobody(left: dict[str, int]) -> str:
    if not left:
        return "There is nobody left to try again."
    return f"Nobody of them can be tried again: {Prospect(0, left).why}."


def _queue(session: Session, dispatch: Dispatch, ready: list[Row], now: datetime) -> None:
    second_tries.queue_again(session, ready, now=now)
    if dispatch.state is not DispatchState.SENDING:
        reopen(session, dispatch)


def reopen(session: Session, dispatch: Dispatch) -> None:
    """Its closing line is taken away, and written anew once the last row has an outcome.

    Where others stay called off it keeps the reason: it will end as the part-way send that it was.
    """
    if not deliveries.books(session, dispatch.id).cancelled:
        dispatch.error = ""
    dispatch.state, dispatch.outcome, dispatch.finished_at = DispatchState.SENDING, None, None
    dispatch.held_until, dispatch.held_for, dispatch.held_by = None, Hold.NONE, ""
    session.flush()


def _as_it_was(row: Row, dispatch: Dispatch) -> dict[str, Any]:
    """With the number of the message that is given up here: the row itself will only know of the next."""
    return {
        "state": str(row.state),
        "reason": row.reason,
        "code": row.code,
        "address": row.was_at,
        "message_id": message_id(dispatch.from_email, dispatch.id, row.id, row.attempts),
    }


def second_try_runs(session: Session, campaign_id: int) -> bool:
    """Whether an earlier launch of this campaign was opened again and is not over yet."""
    running = (Dispatch.campaign_id == campaign_id) & Dispatch.finished_at.is_(None)
    return session.scalar(select(Dispatch.id).where(running).limit(1)) is not None
