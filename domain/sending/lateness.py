"""Why a scheduled send began late, told until its first message left: nobody was at work, it was held, or paused."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.sending import dispatches, workers
from domain.sending.calendar import LATE_AFTER, late_sentence
from domain.sending.dispatches import Dispatch, Hold
from domain.sending.pauses import Pause, pauses_of
from domain.shop.shop import read as read_shop

WHY: Final = {
    Hold.QUIET: "it waited for the end of your quiet hours",
    Hold.HOUR: "the mail account’s limit for an hour was used up",
    Hold.DAY: "the mail account’s limit for a day was used up",
    Hold.REACH: "as many people as may be written to in a day had been",
    Hold.CONTENT: "nobody could get its words",
    Hold.ACCOUNT: "the shop was kept from sending",
    Hold.RESTORED: "it stood still after the shop was restored from a copy",
}


def explain(session: Session, dispatch: Dispatch, *, now: datetime) -> None:
    """Whenever a worker takes it up. Once somebody was tried it is not late any more, whatever happens to it then."""
    due = dispatch.due_at
    if due is None or now - due <= LATE_AFTER or not dispatches.is_untouched(session, dispatch):
        return
    outage = [_while_off(session, due, now, read_shop(session).zone)]
    held = [_held(pause) for pause in pauses_of(session, dispatch)]
    causes = [cause for cause in dict.fromkeys([*outage, *held]) if cause]
    dispatch.late_reason = late_sentence(due, now, causes)


def _while_off(session: Session, due: datetime, now: datetime, zone: ZoneInfo) -> str:
    outage = workers.outage_before(session, due, now)
    if outage is None:
        return ""
    begin, end = (moment.astimezone(zone) for moment in (outage.from_at, outage.to_at))
    return f"Handbill was not running from {begin:%H:%M} to {end:%H:%M}"


def _held(pause: Pause) -> str:
    return WHY.get(pause.why, f"{pause.by} had paused it")
