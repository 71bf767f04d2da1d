"""The rows and figures of the campaigns list, fetched at once and told in words."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book import customers
from domain.book.message_types import MessageType
from domain.results import figures as results
from domain.sending import campaigns, reports
from domain.sending.campaigns import Status
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.reports import Asked, Row, Sent
from domain.shop.shop import read as read_shop
from ui import channel_words, words
from ui.parts import holds, tables
from ui.parts.sent_message import readable
from ui.parts.tables import MOST_ROWS
from ui.words import Told

PATH = "/marketing/campaigns"


@dataclass(frozen=True)
class Seen:
    rows: list[tables.Row]
    total: int
    counts: dict[str, int]
    moves: bool
    sent: Sent | None  # in the chosen month


@dataclass(frozen=True)
class Figures:
    reachable: int
    customers: int
    sent_30: Sent
    last_month: Sent
    last_month_name: str
    next_at: str
    next_name: str


def look(asked: Asked, period: str, number: int) -> Seen:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        since, until = _span_of(period, moment, zone)
        asked = replace(asked, since=since, until=until)
        rows, total = reports.campaign_rows(session, asked, page=number, size=MOST_ROWS)
        sent = reports.sent_between(session, since, until) if since and until else None
        counts = campaigns.counts(session)
        told = results.of_launches(session, [row.run for row in rows if row.run], now=moment)
    moves = any(row.campaign.status in (Status.SENDING, Status.SCHEDULED) for row in rows)
    shown = [_row(row, told.get(row.dispatch.id) if row.dispatch else None, zone, moment) for row in rows]
    return Seen(shown, total, counts, moves, sent)


def _span_of(period: str, moment: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    return (
        reports.month(moment, zone, 1 if period == "last" else 0)
        if period in ("this", "last")
        else (None, None)
    )


def _row(row: Row, found: results.Figures | None, zone: ZoneInfo, moment: datetime) -> tables.Row:
    campaign, dispatch, books = row.campaign, row.dispatch, row.books
    label, tone = status_of(campaign.status, campaign.last_launch_error, dispatch)
    kind = words.MESSAGE_TYPE.get(campaign.message_type, "")
    when, below = _when(row, zone, moment)
    sent = f"{words.number(books.sent)} sent" if books.sent else ""
    return {
        "id": campaign.id,
        "href": f"{PATH}/{campaign.id}",
        "name": campaign.name,
        "by": _by(row),
        "sub": ", ".join(filter(None, [kind, readable(campaign.subject)])),
        "status": label,
        "tone": tone,
        "recipients": books.recipients if dispatch else None,
        "rate": words.percent(books.sent, books.recipients) if dispatch else None,
        **_came_of(found),
        "when": when,
        "whenSub": below,
        "facts": " · ".join(filter(None, [when, below or sent])),
        "locked": campaign.status is Status.SENDING,
    }


def _by(row: Row) -> str:
    """Which channel, where it is not email alone."""
    if row.also:
        return "Also by WhatsApp"
    return channel_words.by(row.campaign.channel)


def _came_of(found: results.Figures | None) -> tables.Row:
    """Shares in per cent; None where nobody could know."""
    opened, clicked = (found.open_rate, found.click_rate) if found and found.books.sent else (None, None)
    return {"opened": _percent(opened), "clicked": _percent(clicked)}


def _percent(rate: float | None) -> float | None:
    """Below ten per cent a tenth matters."""
    return None if rate is None else round(100 * rate, 1 if rate < 0.0995 else 0)


def _when(row: Row, zone: ZoneInfo, moment: datetime) -> tuple[str, str]:
    campaign, dispatch, books = row.campaign, row.dispatch, row.books
    if campaign.status is Status.SENDING and dispatch:
        done = books.sent + books.failed + books.not_sure
        to_reach = books.recipients - books.skipped
        return _how_it_goes(dispatch, zone, moment), f"{words.number(done)} of {words.number(to_reach)}"
    if campaign.status is Status.SCHEDULED and campaign.scheduled_at:
        return words.when(campaign.scheduled_at, zone, moment), ""
    if campaign.status is Status.SENT and campaign.sent_at:
        return words.when(campaign.sent_at, zone, moment), ""
    if campaign.last_launch_error and campaign.last_launch_at:
        return words.when(campaign.last_launch_at, zone, moment), "did not finish"
    return f"Edited {words.ago(campaign.updated_at, moment)}", ""


def _how_it_goes(dispatch: Dispatch, zone: ZoneInfo, moment: datetime) -> str:
    if holds.is_held(dispatch):
        return holds.first_up(holds.goes_on(dispatch, zone, moment) or holds.cause(dispatch))
    return "About to go" if dispatch.state is DispatchState.WAITING else "Sending now"


def status_of(status: str, error: str, last: Dispatch | None) -> Told:
    """A draft whose last launch did not finish says so; a send that is held too."""
    if status == Status.DRAFT and error:
        stopped = last is not None and last.state is DispatchState.STOPPED
        return ("Stopped", "warn") if stopped else ("Failed", "bad")
    if status == Status.SENDING and last is not None and holds.is_held(last):
        return holds.state_of(last)
    return words.told(words.CAMPAIGN, status)


def month_said(sent: Sent, period: str) -> str:
    span = "Last month" if period == "last" else "This month so far"
    if not sent.sends:
        return f"{span}, nothing was sent."
    return f"{span}, {words.counted(sent.messages, 'message')} went out in {words.counted(sent.sends, 'send')}, one-shots included."


def figures() -> Figures:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        kind = MessageType.MARKETING
        reach = audiences.count(session, Audience(), EMAIL_REACH, kind, now=moment, heeding_limit=False)
        since, until = reports.month(moment, zone, 1)
        coming = reports.upcoming(session, 1)
        return Figures(
            reach.reachable,
            customers.how_many(session),
            reports.sent_between(session, moment - timedelta(days=30), moment + timedelta(days=1)),
            reports.sent_between(session, since, until),
            f"{since:%B}",
            words.when(coming[0].scheduled_at, zone, moment) if coming and coming[0].scheduled_at else "",
            coming[0].name if coming else "",
        )
