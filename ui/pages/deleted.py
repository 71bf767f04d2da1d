"""What was deleted: it can be put back for a while, or removed for good at once."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import events

from data.database import now, reading, unit
from domain.sending import purging
from domain.sending.purging import Purged
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, empty, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import select
from ui.parts.sent_message import readable
from ui.parts.settings_room import settings_room
from ui.parts.tables import Column, ListTable, Row

PATH: Final = "/settings/deleted"
BACK: Final = (
    "<q-btn no-caps unelevated class='hb-btn plain small' :aria-label=\"'Put back ' + props.row.name\" "
    "@click=\"() => $parent.$emit('back', props.row.id)\">Put back</q-btn>"
)
NAME: Final = '<div class="hb-told strong">{{ props.row.name }}</div><div class="hb-cell-sub">{{ props.row.kind }}</div>'
COLUMNS: Final = [
    Column("name", "Deleted", cell=NAME),
    Column("deleted", "When"),
    Column("goes", "Goes for good"),
    Column("back", "Undo", align="right", cell=BACK),
]
PHONE: Final = (
    f'<div class="hb-rowcard"><div class="top"><div class="grow">{NAME}</div>{BACK}</div>'
    '<div class="facts">{{ props.row.deleted }}, {{ props.row.goesSaid }}</div></div>'
)
STAYS: Final = (
    "What was written goes: of campaigns, one-shots and what they sent, of templates and segments. How many got what, who "
    "opened it and who said no stays. This can’t be undone."
)


SPANS: Final = {
    30: "After 30 days",
    90: "After 90 days",
    180: "After half a year",
    365: "After a year",
    0: "Never",
}


async def build(by: Actor) -> None:
    rows, days = await io(_found, by), await io(_days)
    with settings_room(by, PATH):
        Bin(rows, days)


class Bin:
    def __init__(self, rows: list[Row], days: int) -> None:
        with box("hb-card", "section", testid="deleted"):
            with box("bar"):
                with box("hb-bar-words"):
                    text("Deleted", "hb-card-title", "h2")
                    text("Kept for a while, in case it was a mistake.", "hb-help")
                self.purge = button(
                    "Remove for good", self._purge, kind="danger", icon="trash", testid="purge"
                )
            with box("bar"):
                text("Goes for good by itself", "hb-bar-words", "span")
                shown = SPANS if days in SPANS else {**SPANS, days: f"After {words.counted(days, 'day')}"}
                select(
                    shown, days, on_change=self._choose, label="Goes for good by itself", testid="purge-after"
                ).classes("hb-filter")
            self.table = ListTable(COLUMNS, phone=PHONE, nothing=_nothing, testid="deleted-table")
            self.table.table.on("back", handled(lambda event: self._put_back(event.args)))
        self.show(rows)

    def show(self, rows: list[Row]) -> None:
        self.table.show(rows)
        self.purge.visible = bool(rows)

    async def _choose(self, event: events.ValueChangeEventArguments[int | None]) -> None:
        by = await current_actor()
        await io(_keep_for, event.value or 0, by)
        toast("Saved")
        self.show(await io(_found, by))

    async def _put_back(self, key: Any) -> None:
        by = await current_actor()
        kind, _, number = str(key).partition(" ")
        await io(_back, kind, int(number), by)
        toast("Put back")
        self.show(await io(_found, by))

    async def _purge(self) -> None:
        by = await current_actor()
        sure = await confirm(
            f"Remove {words.counted(len(self.table.table.rows), 'thing')} for good?",
            STAYS,
            confirm_label="Remove for good",
            kind="danger",
            icon="trash",
            typed="remove",
        )
        if not sure:
            return
        purged = await io(_purged, by)
        toast(f"{words.counted(purged.total, 'thing is', 'things are')} gone for good")
        self.show(await io(_found, by))


def _nothing() -> None:
    empty(
        "trash",
        "Nothing is deleted",
        "A campaign, one-shot, template or segment that somebody deletes lies here for a while.",
    )


def _found(by: Actor) -> list[Row]:
    moment = now()
    with reading() as session:
        zone, found = shops.read(session).zone, purging.waiting(session, by=by)
    return [
        {
            "id": f"{one.kind} {one.id}",
            "name": readable(one.name) or "Without a name",
            "kind": one.kind.replace("_", "-").capitalize(),
            "deleted": words.when(one.deleted_at, zone, moment),
            **_end(one.goes_at, zone),
        }
        for one in found
    ]


def _end(goes_at: datetime | None, zone: ZoneInfo) -> dict[str, str]:
    if goes_at is None:
        return {"goes": "Never by itself", "goesSaid": "stays until you remove it"}
    day = words.day(goes_at.astimezone(zone).date())
    return {"goes": day, "goesSaid": f"goes for good on {day}"}


def _days() -> int:
    with reading() as session:
        return shops.read(session).purge_after


def _keep_for(days: int, by: Actor) -> None:
    with unit() as session:
        shops.change(session, {"purge_after": days}, by=by, now=now())


def _back(kind: str, number: int, by: Actor) -> None:
    with unit() as session:
        purging.put_back(session, kind, number, by=by, now=now())


def _purged(by: Actor) -> Purged:
    with unit() as session:
        return purging.purge_all(session, by=by, now=now())


PAGES = [Page(PATH, "Deleted", build, right=Right.MANAGE_SHOP)]
