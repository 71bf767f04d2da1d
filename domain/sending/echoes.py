"""Programs repeat themselves: after a lost answer they ask again. Nobody is to get a second message for that."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.channels.channel import Draft
from domain.refusal import Kind, Refusal
from domain.sending import launches
from domain.sending.content import content_hash
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press

MEMORY: Final = timedelta(minutes=10)


def answered_before(session: Session, press: Press, draft: Draft) -> Dispatch | None:
    """The dispatch that this press already made. A key is good for one message only."""
    earlier = launches.made_by(session, press)
    if earlier is not None and earlier.content_hash != content_hash(draft):
        raise launches.key_used()
    return earlier


def refuse_echo(session: Session, press: Press, draft: Draft, *, now: datetime) -> None:
    """Without a key, the same message within a few minutes is taken for a repeat (D23)."""
    if press.nonce is None and _just_posted(session, draft, now):
        minutes = int(MEMORY.total_seconds() // 60)
        raise Refusal(
            "just_posted",
            f"The same message was launched less than {minutes} minutes ago, so it was not launched again. "
            "If it is meant, send the request with an Idempotency-Key header.",
            Kind.CONFLICT,
        )


def _just_posted(session: Session, draft: Draft, now: datetime) -> bool:
    same = (Dispatch.content_hash == content_hash(draft)) & (Dispatch.created_at >= now - MEMORY)
    return session.scalar(select(Dispatch.id).where(same).limit(1)) is not None
