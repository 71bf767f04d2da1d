"""The groups that somebody is in, on their page, and the choice of others."""

from collections.abc import Callable
from typing import Any

from data.database import now, reading, unit
from domain.book import customers, groups
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, card, link, link_button, text
from ui.parts.customer_facts import Known
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import io
from ui.parts.inputs import select


def groups_card(person: Known, changed: Callable[[], Any], *, edits: bool) -> None:
    """`changed` draws the page anew."""
    with card("Groups", testid="customer-groups"):
        if person.groups:
            with box("hb-names"):
                for group_id, name in person.groups:
                    link(name, f"/customers/groups/{group_id}")
        else:
            text("In no group.", "muted")
        if edits:
            with box("hb-row"):
                button("Choose groups", lambda: _choose(person, changed), small=True, testid="choose-groups")


async def _choose(person: Known, changed: Callable[[], Any]) -> None:
    names = await io(_names)
    if not names:
        await _tell_where()
        return
    wanted = await _chosen(person, names)
    if wanted is not None:
        await io(_set, person.id, wanted, await current_actor())
        await changed()


async def _chosen(person: Known, names: list[str]) -> list[str] | None:
    with sheet(f"Groups of {person.name}") as dialog:
        mine = [name for _, name in person.groups]
        chosen = select(names, mine, label="Groups", multiple=True, searchable=True, testid="groups")
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
            button(
                "Save",
                lambda: dialog.submit(list(chosen.value or [])),
                kind="primary",
                testid="groups-save",
            )
    wanted: list[str] | None = await ask(dialog)
    return wanted


async def _tell_where() -> None:
    with sheet("There are no groups yet") as dialog:
        text("Make the first one on the page of groups.", "body", "p")
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
            link_button("Groups", "/customers/groups", kind="primary")
    await ask(dialog)


def _names() -> list[str]:
    with reading() as session:
        return [group.name for group in groups.every(session)]


def _set(customer_id: int, names: list[str], by: Actor) -> None:
    with unit() as session:
        customers.change(session, customer_id, {"groups": names}, by=by, now=now())
