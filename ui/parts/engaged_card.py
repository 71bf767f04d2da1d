"""When people opened and clicked, which links they pressed, and on what: of one send, without machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import reading
from domain.ledger import engagement
from domain.ledger.engagement import LinkClicks
from domain.ledger.events import CLICKED, OPENED
from domain.sending import dispatches
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import current_actor
from ui.parts.basics import box, facts, put, text
from ui.parts.feedback import io
from ui.parts.tables import Column, ListTable, Row, number_cell

Hours = dict[str, dict[datetime, int]]

MOST_BARS: Final = 72  # more are told by the day
LINKS: Final = 10  # on one page
WHATSAPP: Final = "whatsapp"
DEVICES: Final = {"phone": "Phone", "computer": "Computer", "tablet": "Tablet", "": "Can’t be told"}
SERIES: Final = ((OPENED, "Opened", "var(--brand)"), (CLICKED, "Clicked", "var(--info)"))
LINK_CELL: Final = (
    '<div class="hb-cell-name clip">{{ props.row.words }}</div>'
    '<div class="hb-cell-sub clip">{{ props.row.url }}</div>'
)
LINK_PHONE: Final = f'<div class="hb-rowcard"><div>{LINK_CELL}</div><div class="facts"><span>{{{{ props.row.told }}}}</span></div></div>'
COLUMNS: Final = [
    Column("words", "Link", cell=LINK_CELL),
    Column("people", "People", "right", cell=number_cell("people")),
    Column("clicks", "Clicks", "right", cell=number_cell("clicks")),
    Column("machines", "By machines", "right", cell=number_cell("machines")),
]


@dataclass(frozen=True)
class Engaged:
    zone: ZoneInfo
    hours: Hours = field(default_factory=dict)
    links: Sequence[LinkClicks] = ()
    devices: Mapping[str, int] = field(default_factory=dict)
    is_measured: bool = False
    by_whatsapp: bool = False

    @property
    def is_any(self) -> bool:
        return any(self.hours.values())


class EngagedCard:
    """Not seen where nothing is counted and nobody did anything; `await refresh()` looks anew."""

    def __init__(self, dispatch_id: int, channel: str = "email") -> None:
        self.id, self.page = dispatch_id, 1
        title = "When it was read" if channel == WHATSAPP else "Opens and clicks"
        self.seen: Engaged | None = None
        self.chart: ui.echart | None = None
        with box("hb-card", "section", testid="engaged") as self.room, box("pad hb-stack"):
            text(title, "hb-card-title", "h2")
            self.told = text("", "hb-help", testid="engaged-told")
            self.chart_room = put(box("hb-chart", testid="timeline"), role="img")
            self.links_room = box("hb-stack tight", testid="links")
            with self.links_room:
                text("Links, in the order of the message", "hb-part-title", "h3")
                self.table = ListTable(
                    COLUMNS,
                    phone=LINK_PHONE,
                    on_page=self._turn,
                    dense=True,
                    page_size=LINKS,
                    testid="links-table",
                )
            self.devices_room = box("hb-stack tight", testid="devices")
        self.room.visible = False

    async def refresh(self) -> None:
        await current_actor()
        seen = await io(_engaged, self.id)
        if self.room.is_deleted or seen == self.seen:
            return
        self.seen = seen
        self.room.visible = seen.is_any or (seen.is_measured and bool(seen.links))
        self.told.set_text(_told(seen))
        self._draw_chart(seen)
        self._turn(self.page)
        self._draw_devices(seen)

    def _draw_chart(self, seen: Engaged) -> None:
        self.chart_room.visible = seen.is_any
        if not seen.is_any:
            return
        put(self.chart_room, aria_label=_told(seen))
        bars = _bars(seen.hours, seen.zone)
        if self.chart is None:
            with self.chart_room:
                self.chart = ui.echart(_options(bars, seen), renderer="svg")
            return
        self.chart.options.update(_options(bars, seen))
        self.chart.update()

    def _turn(self, page: int) -> None:
        links = self.seen.links if self.seen else ()
        self.page = page
        self.links_room.visible = bool(links)
        start = (page - 1) * LINKS
        self.table.show([_link(one) for one in links[start : start + LINKS]], len(links), page)

    def _draw_devices(self, seen: Engaged) -> None:
        self.devices_room.clear()
        self.devices_room.visible = bool(seen.devices)
        whole = sum(seen.devices.values())
        with self.devices_room:
            text("On what it was read", "hb-part-title", "h3")
            facts([
                (DEVICES.get(device, device.capitalize()), f"{words.number(count)} ({words.percent(count, whole)}%)")
                for device, count in seen.devices.items()
            ])  # fmt: skip


def _engaged(dispatch_id: int) -> Engaged:
    with reading() as session:
        send = dispatches.get(session, dispatch_id)
        by_whatsapp = send.channel == WHATSAPP
        return Engaged(
            read_shop(session).zone,
            engagement.first_moments(session, dispatch_id),
            engagement.link_clicks(session, dispatch_id),
            {} if by_whatsapp else engagement.devices(session, dispatch_id),  # it does not say on what
            send.measured,
            by_whatsapp,
        )


def _told(seen: Engaged) -> str:
    """What the picture shows, for whoever can't see it."""
    if not seen.is_any and seen.by_whatsapp:
        return "Nobody has read it or pressed a link yet. Most do within a day."
    if not seen.is_any:
        return "Nobody has opened it or pressed a link yet. Most do within a day."
    opened = seen.hours.get(OPENED) or seen.hours[CLICKED]
    best = max(opened, key=lambda hour: opened[hour])
    opening = "read it" if seen.by_whatsapp else "opened it"
    kind = opening if seen.hours.get(OPENED) else "clicked"
    most = words.people(opened[best])
    return f"Most people {kind} for the first time on {words.moment_in_full(best, seen.zone)}: {most} in that hour."


def _bars(hours: Hours, zone: ZoneInfo) -> list[tuple[str, dict[str, int]]]:
    """By the hour, and where that would be too many bars by the day; hours in which nothing happened are shown too."""
    moments = sorted({hour for one in hours.values() for hour in one})
    by_day = moments[-1] - moments[0] > timedelta(hours=MOST_BARS)
    sums: dict[str, dict[str, int]] = {}
    step, moment = timedelta(hours=1), moments[0]
    while moment <= moments[-1]:
        here = moment.astimezone(zone)
        name = f"{here.day} {here:%b}" if by_day else f"{here.day} {here:%b} {here:%H:%M}"
        bar = sums.setdefault(name, {OPENED: 0, CLICKED: 0})
        for kind, one in hours.items():
            bar[kind] += one.get(moment, 0)
        moment += step
    return list(sums.items())


def _options(bars: list[tuple[str, dict[str, int]]], seen: Engaged) -> dict[str, Any]:
    return {
        "animation": False,
        "grid": {"left": 8, "right": 8, "top": 36, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 10},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": [name for name, _ in bars], "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"color": "var(--line)"}}},
        "series": [
            {"name": label, "type": "bar", "data": [counts[kind] for _, counts in bars],
             "barMaxWidth": 22, "itemStyle": {"color": colour}}
            for kind, label, colour in _series(seen)
        ],
    }  # fmt: skip


def _series(seen: Engaged) -> Sequence[tuple[str, str, str]]:
    """By WhatsApp: read, and clicks only where a link of it is counted."""
    if not seen.by_whatsapp:
        return SERIES
    (opened, _, colour), clicked = SERIES
    return [(opened, "Read", colour), *([clicked] if seen.links else [])]


def _link(one: LinkClicks) -> Row:
    machines = f", {words.number(one.machine_clicks)} by machines" if one.machine_clicks else ""
    return {
        "id": one.place,
        "words": one.words or one.url,
        "url": one.url if one.words else "",
        "people": one.people,
        "clicks": one.clicks,
        "machines": one.machine_clicks,
        "told": f"{words.people(one.people)}, {words.counted(one.clicks, 'click')}{machines}",
    }
