"""What was deleted: it can be put back for a while, or removed for good at once."""

from typing import Any, Final

from data.database import now, reading, unit
from domain.sending import purging
from domain.sending.purging import KEPT_FOR, Purged
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, empty, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io, toast
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
    '<div class="facts">{{ props.row.deleted }}, goes for good on {{ props.row.goes }}</div></div>'
)
STAYS: Final = (
    "What was written goes: of campaigns and what they sent, of templates and segments. How many got what, who "
    "opened it and who said no stays. This can’t be undone."
)


async def build(by: Actor) -> None:
    with settings_room(by, PATH):
        Bin(await io(_found, by))


class Bin:
    def __init__(self, rows: list[Row]) -> None:
        with box("hb-card", "section", testid="deleted"):
            with box("bar"):
                with box("hb-bar-words"):
                    text("Deleted", "hb-card-title", "h2")
                    kept = f"Kept for {KEPT_FOR.days} days, in case it was a mistake. Then it goes for good by itself."
                    text(kept, "hb-help")
                self.purge = button(
                    "Remove for good", self._purge, kind="danger", icon="trash", testid="purge"
                )
            self.table = ListTable(COLUMNS, phone=PHONE, nothing=_nothing, testid="deleted-table")
            self.table.table.on("back", handled(lambda event: self._put_back(event.args)))
        self.show(rows)

    def show(self, rows: list[Row]) -> None:
        self.table.show(rows)
        self.purge.visible = bool(rows)

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
        "A campaign, template or segment that somebody deletes lies here for a while.",
    )


def _found(by: Actor) -> list[Row]:
    moment = now()
    with reading() as session:
        zone, found = read_shop(session).zone, purging.waiting(session, by=by)
    return [
        {
            "id": f"{one.kind} {one.id}",
            "name": one.name or "Without a name",
            "kind": one.kind.capitalize(),
            "deleted": words.when(one.deleted_at, zone, moment),
            "goes": words.day(one.goes_at.astimezone(zone).date()),
        }
        for one in found
    ]


def _back(kind: str, number: int, by: Actor) -> None:
    with unit() as session:
        purging.put_back(session, kind, number, by=by, now=now())


def _purged(by: Actor) -> Purged:
    with unit() as session:
        return purging.purge_all(session, by=by, now=now())


PAGES = [Page(PATH, "Deleted", build, right=Right.MANAGE_SHOP)]
