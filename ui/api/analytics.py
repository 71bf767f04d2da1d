"""What came of one campaign, told at once: figures, links, devices, the split by channel, and what was bought afterwards."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading
from domain.ledger import engagement, standing
from domain.ledger.engagement import LinkClicks
from domain.results import bought, figures, overview
from domain.results.bought import Bought
from domain.results.figures import Figures
from domain.sending import dispatches
from domain.sending.dispatches import Part
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import Id, Moment, Told

router = APIRouter(tags=["Results"], route_class=SignedIn)


class FiguresTold(Told):
    """Opens and clicks are those of people; rates are from 0 to 1."""

    sends: int
    delivered: int
    opens: int
    unique_opens: int
    machine_opens: int
    clicks: int
    unique_clicks: int
    replies: Annotated[int, Field(description="People who wrote back, where an inbox is read.")]
    bounces: int
    complaints: int
    unsubscribed: int
    open_rate: float | None
    click_rate: float | None


class ChannelTold(FiguresTold):
    channel: str


class LinkTold(Told):
    url: str
    words: Annotated[str, Field(description="What the link says.")]
    clicks: int
    people: int
    machine_clicks: int


class AnalyticsTold(FiguresTold):
    """sends are the messages that went out, over all launches and channels, each person once; channels tells them apart."""

    campaign_id: int
    launches: int
    conversions: Annotated[int, Field(description="Who bought within 14 days after getting it.")]
    revenue: Annotated[dict[str, int], Field(description="What they paid, in minor units, by currency.")]
    channels: list[ChannelTold]
    links: list[LinkTold]
    devices: Annotated[
        dict[str, int], Field(description="phone, computer, tablet or unknown: where people read it.")
    ]
    as_of: Moment


@router.get("/campaigns/{campaign_id}/analytics")
def analytics(campaign_id: Id, by: Viewer) -> AnalyticsTold:
    """A deleted campaign still tells what came of it. Of conversions nobody says that they came because of it."""
    moment = now()
    with reading() as session:
        overview.require_known(session, [campaign_id])
        launches = dispatches.of_campaign(session, campaign_id)
        found = figures.of_sends(session, launches, now=moment)
        apart = figures.by_channel(session, launches, now=moment)
        among = standing.in_campaign(session, campaign_id) if len(launches) > 1 else None
        clicks = [one for launch in launches for one in engagement.link_clicks(session, launch.id)]
        devices = sum((Counter(engagement.devices(session, one.id)) for one in launches), Counter[str]())
        after = [bought.afterwards(session, one, among=among, now=moment).after for one in launches]
    by_channel = [ChannelTold(**_told(one), channel=channel) for channel, one in apart.items()]
    return AnalyticsTold(
        **_told(found),
        campaign_id=campaign_id,
        launches=sum(one.part is Part.MAIN for one in launches),
        conversions=sum(one.people for one in after),
        revenue=_revenue(after),
        channels=by_channel,
        links=_links(clicks),
        devices={device or "unknown": count for device, count in devices.most_common()},
        as_of=moment,
    )


def _told(found: Figures) -> dict[str, Any]:
    counts = found.counts
    return {
        "sends": found.books.sent,
        "delivered": found.delivered,
        "opens": counts.opens,
        "unique_opens": counts.unique_opens,
        "machine_opens": counts.machine_opens,
        "clicks": counts.clicks,
        "unique_clicks": counts.unique_clicks,
        "replies": found.replied,
        "bounces": found.came_back,
        "complaints": found.complained,
        "unsubscribed": found.unsubscribed,
        "open_rate": found.open_rate,
        "click_rate": found.click_rate,
    }


def _revenue(after: Sequence[Bought]) -> dict[str, int]:
    sums = Counter[str]()
    for one in after:
        sums.update(one.amounts)
    return dict(sums)


def _links(clicks: Sequence[LinkClicks]) -> list[LinkTold]:
    """The same address in several launches is one link, the most clicked first."""
    found: dict[str, LinkTold] = {}
    for one in clicks:
        told = found.setdefault(
            one.url, LinkTold(url=one.url, words=one.words, clicks=0, people=0, machine_clicks=0)
        )
        told.clicks += one.clicks
        told.people += one.people
        told.machine_clicks += one.machine_clicks
    return sorted(found.values(), key=lambda one: -one.people)
