"""What several sends came to: the last days beside those before, and any campaigns over any time."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.refusal import invalid
from domain.results import bought, hours, overview
from domain.results.bought import Bought, Comparison
from domain.results.overview import Span, Totals
from domain.sending import dispatches
from domain.shop.shop import read as read_shop
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import AnId, Asked, Id, Moment, Told

router = APIRouter(tags=["Results"], route_class=SignedIn)

MostDays = Annotated[int, Query(ge=1, le=366, description="Whole days of the shop's clock, today the last.")]
DaysAfter = Annotated[int, Query(ge=1, le=90)]


class RangeAsked(Asked):
    start: Annotated[str, Field(max_length=40, description="A day as 2026-11-01, or a moment.")]
    end: Annotated[
        str, Field(max_length=40, description="A day, which is included, or a moment, which is not.")
    ]


class RollUpAsked(Asked):
    campaign_ids: Annotated[list[AnId], Field(max_length=overview.MOST_CAMPAIGNS)]
    range: Annotated[
        RangeAsked | None, Field(description="When they were launched. Without it: at any time.")
    ] = None


class TotalsTold(Told):
    """Added up over sends. Rates are from 0 to 1, and null where nothing is known."""

    sends: int
    recipients: int
    sent: int
    failed: int
    skipped: int
    delivered: int
    reported: Annotated[
        int, Field(description="Sent in sends whose delivery is reported: delivered is of these.")
    ]
    bounced: int
    complained: int
    unique_opens: int
    unique_clicks: int
    machine_opens: int
    machine_clicks: int
    measured: Annotated[int, Field(description="Messages that opens are a share of.")]
    linked: Annotated[int, Field(description="Messages that clicks are a share of.")]
    unsubscribed: int
    delivery_rate: float | None
    open_rate: float | None
    click_rate: float | None
    unsubscribe_rate: float | None
    bounce_rate: float | None


class SpanTold(Told):
    start: Moment
    end: Moment


class HoursTold(Told):
    openings: Annotated[int, Field(description="First openings by people.")]
    by_hour: Annotated[dict[str, int], Field(description="On the shop's clock, by the first of three hours.")]
    by_day: dict[str, int]
    best_hour: Annotated[int | None, Field(description="Null while there are too few to tell.")]
    best_day: str | None


class DashboardTold(Told):
    range: SpanTold
    totals: TotalsTold
    before: TotalsTold
    best_hours: HoursTold
    as_of: Moment


class RollUpTold(Told):
    range: SpanTold | None
    totals: TotalsTold
    as_of: Moment


class BoughtTold(Told):
    people: int
    orders: int
    amounts: Annotated[dict[str, int], Field(description="In minor units, by currency.")]


class AfterwardsTold(Told):
    """What those who got it bought, beside as long before. It is not said that they bought because of it."""

    since: Moment
    days: int
    is_over: Annotated[bool, Field(description="So many days have passed.")]
    after: BoughtTold
    before: BoughtTold


@router.get("/dashboard")
def dashboard(by: Viewer, days: MostDays = overview.USUAL.days) -> DashboardTold:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        span = overview.last_days(moment, zone, days)
        seen = overview.overview(session, span, now=moment)
        opened = _hours(session, span, zone)
    return DashboardTold(
        range=_span(span),
        totals=_totals(seen.now),
        before=_totals(seen.before),
        best_hours=opened,
        as_of=moment,
    )


@router.post("/campaigns/aggregated-metrics")
def roll_up(by: Viewer, given: RollUpAsked) -> RollUpTold:
    """Over all launches of these campaigns in that time. Deleted campaigns count: what they came to stays."""
    moment = now()
    with reading() as session:
        overview.require_known(session, given.campaign_ids)
        span = _asked(given.range, read_shop(session).zone) if given.range else None
        ever = Span(datetime.min.replace(tzinfo=moment.tzinfo), moment + timedelta(seconds=1))
        found = overview.totals(session, span or ever, campaigns=given.campaign_ids, now=moment)
    return RollUpTold(range=_span(span) if span else None, totals=_totals(found), as_of=moment)


@router.get("/dispatches/{dispatch_id}/bought-afterwards")
def bought_afterwards(dispatch_id: Id, by: Viewer, days: DaysAfter = bought.USUAL) -> AfterwardsTold:
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        return _afterwards(bought.afterwards(session, dispatch, days=days, now=now()))


def _hours(session: Session, span: Span, zone: ZoneInfo) -> HoursTold:
    those = [one.id for one in overview.launched(session, span)]
    seen = hours.hours(session, those, zone)
    return HoursTold(
        openings=seen.total,
        by_hour={f"{hour:02}": count for hour, count in seen.blocks.items()},
        by_day=seen.days,
        best_hour=seen.best_block,
        best_day=seen.best_day,
    )


def _totals(found: Totals) -> TotalsTold:
    return TotalsTold(
        sends=found.sends,
        recipients=found.recipients,
        sent=found.sent,
        failed=found.failed,
        skipped=found.skipped,
        delivered=found.delivered,
        reported=found.reported,
        bounced=found.came_back,
        complained=found.complained,
        unique_opens=found.opened,
        unique_clicks=found.clicked,
        machine_opens=found.machine_opens,
        machine_clicks=found.machine_clicks,
        measured=found.measured,
        linked=found.linked,
        unsubscribed=found.unsubscribed,
        delivery_rate=found.delivery_rate,
        open_rate=found.open_rate,
        click_rate=found.click_rate,
        unsubscribe_rate=found.unsubscribe_rate,
        bounce_rate=found.return_rate,
    )


def _afterwards(seen: Comparison) -> AfterwardsTold:
    return AfterwardsTold(
        since=seen.since,
        days=seen.days,
        is_over=seen.is_over,
        after=_bought(seen.after),
        before=_bought(seen.before),
    )


def _bought(what: Bought) -> BoughtTold:
    return BoughtTold(people=what.people, orders=what.orders, amounts=what.amounts)


def _span(span: Span) -> SpanTold:
    return SpanTold(start=span.since, end=span.until)


def _asked(given: RangeAsked, zone: ZoneInfo) -> Span:
    return overview.checked(_moment(given.start, zone), _moment(given.end, zone, days=1))


def _moment(told: str, zone: ZoneInfo, days: int = 0) -> datetime:
    """A day of the shop's, or a moment; one without a zone is on the shop's wall."""
    try:
        if len(told) == len("2026-11-01"):
            return datetime.combine(date.fromisoformat(told) + timedelta(days=days), time.min, zone)
        moment = datetime.fromisoformat(told)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)
    except (ValueError, OverflowError):
        raise invalid(
            "range", "Write a day as 2026-11-21, or a moment as 2026-11-21T09:30:00+00:00."
        ) from None
