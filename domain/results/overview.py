"""Several sends told as one: what a span of time or a choice of campaigns came to, beside the span of equal length before.

Messages are added up, so whoever got three counts three times. A share is of what it can be a share of: opens of the
sends that were measured, deliveries of those that somebody reports on. Practice counts only while the shop practises.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.ledger import deliveries
from domain.refusal import Kind, Refusal, invalid
from domain.results import figures
from domain.results.figures import Figures, Told
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop import mail

USUAL: Final = timedelta(days=30)
MOST_CAMPAIGNS: Final = 500
LONGEST: Final = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` until before `until`."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Span":
        """As long, and just before it."""
        return Span(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True, slots=True)
class Totals:
    """`reported`, `measured` and `linked` are the messages of sends whose delivery is told, whose opens are counted, and in
    which a press on a link is counted: what delivered, opened and clicked are a share of. Not every channel tells each.
    """

    sends: int = 0
    recipients: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    reported: int = 0
    delivered: int = 0
    came_back: int = 0
    complained: int = 0
    measured: int = 0
    opened: int = 0
    linked: int = 0
    clicked: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0
    unsubscribed: int = 0

    @property
    def delivery_rate(self) -> float | None:
        return _share(self.delivered, self.reported)

    @property
    def open_rate(self) -> float | None:
        return _share(self.opened, self.measured)

    @property
    def click_rate(self) -> float | None:
        return _share(self.clicked, self.linked)

    @property
    def unsubscribe_rate(self) -> float | None:
        return _share(self.unsubscribed, self.sent)

    @property
    def return_rate(self) -> float | None:
        return _share(self.came_back, self.sent)


@dataclass(frozen=True, slots=True)
class Overview:
    span: Span
    now: Totals
    before: Totals


def last_days(now: datetime, zone: ZoneInfo, days: int = USUAL.days) -> Span:
    """Whole days on the shop's wall, today being the last of them."""
    today = now.astimezone(zone).date()
    first, after = today - timedelta(days=days - 1), today + timedelta(days=1)
    return Span(*(datetime.combine(day, time.min, zone).astimezone(UTC) for day in (first, after)))


def overview(
    session: Session, span: Span, *, campaigns: Sequence[int] | None = None, now: datetime
) -> Overview:
    """`campaigns`: only these; none of them named, everything, one-shots included."""
    return Overview(
        span, *(totals(session, one, campaigns=campaigns, now=now) for one in (span, span.before))
    )


def totals(session: Session, span: Span, *, campaigns: Sequence[int] | None = None, now: datetime) -> Totals:
    those = launched(session, span, campaigns=campaigns)
    numbers = [one.id for one in those]
    sends = figures.of_many(session, those, deliveries.books_of(session, numbers), now=now)
    launches = [
        sends[run[0].id] if len(run) == 1 else figures.of_sends(session, run, now=now)
        for run in _by_launch(those)
    ]
    return _added_up(launches, list(sends.values()), figures.unsubscribed(session, numbers))


def launched(session: Session, span: Span, *, campaigns: Sequence[int] | None = None) -> list[Dispatch]:
    """The sends that began in the span and were not called back, newest first."""
    conditions: list[ColumnElement[bool]] = [
        Dispatch.created_at >= span.since,
        Dispatch.created_at < span.until,
        Dispatch.state != DispatchState.UNDONE,
    ]
    if campaigns is not None:
        conditions.append(Dispatch.campaign_id.in_(campaigns))
    if not mail.is_practice(session):
        conditions.append(Dispatch.practice.is_(False))
    return list(session.scalars(select(Dispatch).where(*conditions).order_by(Dispatch.id.desc())))


def checked(since: datetime, until: datetime) -> Span:
    """Raises Refusal for a span that is none."""
    if until <= since:
        raise invalid("range", "The end of the time has to be after its beginning.")
    if until - since > LONGEST:
        raise invalid("range", "Ask for ten years at most.")
    return Span(since, until)


def require_known(session: Session, campaigns: Sequence[int]) -> None:
    """Deleted ones count too: what they came to stays. Raises Refusal."""
    if len(campaigns) > MOST_CAMPAIGNS:
        raise invalid("campaignIds", f"Ask for at most {MOST_CAMPAIGNS} campaigns at once.")
    there = set(session.scalars(select(Campaign.id).where(Campaign.id.in_(campaigns))))
    missing = [number for number in campaigns if number not in there]
    if missing:
        sentence = f"There is no campaign {missing[0]}."
        raise Refusal("unknown_campaign", sentence, Kind.MISSING, campaignIds=missing[:20])


def _by_launch(those: Sequence[Dispatch]) -> list[list[Dispatch]]:
    """What went on two channels in one launch is told as one."""
    found: dict[object, list[Dispatch]] = {}
    for one in those:
        launch = one.id if one.campaign_id is None else (one.campaign_id, one.run_no)
        found.setdefault(launch, []).append(one)
    return list(found.values())


def _added_up(launches: Sequence[Figures], sends: Sequence[Figures], unsubscribed: int) -> Totals:
    """People by launches, shares by sends: what one channel tells is no share of what went by another."""
    told = [one for one in sends if one.told is Told.YES]
    return Totals(
        sends=len(launches),
        recipients=sum(one.books.recipients for one in launches),
        sent=sum(one.books.sent for one in launches),
        failed=sum(one.books.failed for one in launches),
        skipped=sum(one.books.skipped for one in launches),
        reported=sum(one.books.sent for one in told),
        delivered=sum(one.delivered for one in told),
        came_back=sum(one.came_back for one in launches),
        complained=sum(one.complained for one in launches),
        measured=sum(one.whole for one in sends if one.counts_opens),
        opened=sum(one.counts.unique_opens for one in sends),
        linked=sum(one.whole for one in sends if one.counts_clicks),
        clicked=sum(one.counts.unique_clicks for one in sends),
        machine_opens=sum(one.counts.machine_opens for one in sends),
        machine_clicks=sum(one.counts.machine_clicks for one in sends),
        unsubscribed=unsubscribed,
    )


def _share(part: int, whole: int) -> float | None:
    """From 0 to 1; nothing where there is nothing to share."""
    return min(1.0, part / whole) if whole else None
