"""The words of this shop for where a customer stands."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from data.database import now, reading, unit
from domain.audience.names import Thing
from domain.book import statuses
from domain.sending import uses
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, icon_button, put
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Form, checkbox, text_input
from ui.parts.settings_room import settings_room
from ui.parts.word_users import is_spoken_of


@dataclass
class Row:
    """`key` is empty for a status that is not saved yet."""

    key: str
    label: str
    is_active: bool


async def build(by: Actor) -> None:
    rows = await io(_rows)
    with settings_room(by, "/settings/statuses"):
        StatusList(rows)


class StatusList:
    """The whole list is saved at once, in its order."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        with card(
            "Customer statuses", "Each customer has one. A segment can ask whether it counts as active."
        ):
            self.room = box("hb-stack tight", testid="statuses")
            self.form = Form({})
            with box("hb-row apart"):
                button("Add a status", self.add, icon="plus", testid="add-status")
                button("Save", self.save, kind="primary", testid="save-statuses")
        self.draw()

    def draw(self) -> None:
        self.room.clear()
        with self.room:
            for place, row in enumerate(self.rows):
                self.line(place, row)

    def line(self, place: int, row: Row) -> None:
        with put(box("hb-statusline"), role="group", aria_label=row.label or "New status"):
            label = text_input(row.label, label="Name of the status", testid=f"status-{place}")
            label.on_value_change(lambda e: setattr(row, "label", e.value or ""))
            active = checkbox("Active", row.is_active, testid=f"status-active-{place}")
            active.on_value_change(lambda e: setattr(row, "is_active", bool(e.value)))
            with box("hb-row"):
                up = icon_button("up", "Move up", lambda: self.move(place, -1), testid=f"status-up-{place}")
                down = icon_button(
                    "down", "Move down", lambda: self.move(place, 1), testid=f"status-down-{place}"
                )
                icon_button("trash", "Remove", lambda: self.remove(place), testid=f"status-remove-{place}")
            up.set_enabled(place > 0)
            down.set_enabled(place < len(self.rows) - 1)

    def move(self, place: int, by: int) -> None:
        self.rows.insert(place + by, self.rows.pop(place))
        self.draw()

    async def remove(self, place: int) -> None:
        row = self.rows[place]
        if row.key and await is_spoken_of(row.label, Thing.STATUS, row.key):
            return
        self.rows.remove(row)
        self.draw()

    def add(self) -> None:
        self.rows.append(Row("", "", True))
        self.draw()

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(lambda _, sentence: self.form.wrong("", sentence)):
            self.rows[:] = await io(_save, list(self.rows), by)
            self.draw()
            toast("Saved")


def _rows() -> list[Row]:
    with reading() as session:
        return [Row(one.key, one.label, one.is_active) for one in statuses.every(session)]


def _save(rows: list[Row], by: Actor) -> list[Row]:
    wanted: list[dict[str, Any]] = [
        {"key": row.key or None, "label": row.label, "is_active": row.is_active} for row in rows
    ]
    with unit() as session:
        speaking = partial(uses.named, session, Thing.STATUS)
        kept = statuses.save(session, wanted, used_by=speaking, by=by, now=now())
        return [Row(one.key, one.label, one.is_active) for one in kept]


PAGES = [Page("/settings/statuses", "Customer statuses", build, right=Right.MANAGE_SHOP)]
