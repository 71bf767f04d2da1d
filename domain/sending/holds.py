"""What makes a send wait by itself: the shop's quiet hours, and a limit of its mail account that is used up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.book.message_types import MessageType
from domain.channels import channel
from domain.channels.channel import Channel
from domain.refusal import Refusal
from domain.sending import dispatches, standstill
from domain.sending.calendar import quiet_until
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.shop import limits
from domain.shop.limits import Grant, Why
from domain.shop.shop import read as read_shop

LONG_WAITS: Final[Mapping[Why, Hold]] = {"hour": Hold.HOUR, "day": Hold.DAY, "people": Hold.REACH}


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing may be handed over, and when it goes on."""

    why: Hold
    until: datetime


def by_limit(room: Grant) -> Held | None:
    if room.why in LONG_WAITS and room.until and not room.granted:
        return Held(LONG_WAITS[room.why], room.until)
    return None


def by_reach(way: Channel, session: Session, now: datetime) -> Held | None:
    """Where a channel counts people, and has written to as many as it may."""
    room = way.room(session, now=now)
    return by_limit(room) if room else None


def by_quiet(session: Session, message_type: MessageType, *, now: datetime) -> Held | None:
    if not message_type.needs_consent:
        return None
    shop = read_shop(session)
    until = quiet_until(shop.quiet, shop.zone, now)
    return Held(Hold.QUIET, until) if until else None


def outdated(session: Session, *, now: datetime) -> list[int]:
    """Waiting sends that should wait differently: quiet hours, limits or accounts were changed since."""
    return [one.id for one in _waiting(session, now) if _as_told(one) != _held_now(session, one, now)]


def renew(session: Session, dispatch_id: int, *, now: datetime) -> None:
    """What is no longer held goes on; what is held longer, or for another reason, says so."""
    dispatch = dispatches.get(session, dispatch_id)
    held = _held_now(session, dispatch, now)
    if held is None:
        standstill.let_go_on(session, dispatch_id, now=now)
    else:
        standstill.hold(session, dispatch_id, held.why, held.until, now=now)


def _waiting(session: Session, now: datetime) -> list[Dispatch]:
    held = Dispatch.held_for.in_([Hold.QUIET, *LONG_WAITS.values()])
    later = (Dispatch.state == DispatchState.SENDING) & held & (Dispatch.held_until > now)
    return list(session.scalars(select(Dispatch).where(later)))


def _as_told(dispatch: Dispatch) -> Held | None:
    return Held(dispatch.held_for, dispatch.held_until) if dispatch.held_until else None


def _held_now(session: Session, dispatch: Dispatch, now: datetime) -> Held | None:
    """By the account that would be used. Where there is none, whoever takes it up says so."""
    try:
        way = channel.named(dispatch.channel)
        route = way.routes(session, now=now)[0]
    except Refusal:
        return None
    held = by_limit(limits.room(session, route.account_id, route.limits, now=now)) or by_reach(
        way, session, now
    )
    return held or by_quiet(session, MessageType(dispatch.message_type), now=now)
