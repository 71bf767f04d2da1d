"""How somebody leaves the book, or is taken along: joined with another card, as a file, deleted, erased for good."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.book import customers, erasing
from domain.book.erasing import Farewell
from domain.ledger import farewells
from domain.refusal import Refusal
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import menu
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, toast
from ui.parts.merge_dialog import merge_with

BOOK = "/customers"


def leaving_menu(customer_id: int, name: str, changed: Callable[[], Any]) -> None:
    """`changed` draws the page anew, for somebody who has taken over another card."""
    menu(
        [
            ("users", "Merge with somebody", lambda: _merge(customer_id, name, changed)),
            ("download", "Everything as a file", lambda: _take_file(customer_id)),
            ("trash", "Delete", lambda: _delete(customer_id, name)),
            ("trash", "Erase for good", lambda: _erase(customer_id, name)),
        ],
        testid="customer-menu",
    )


async def _merge(customer_id: int, name: str, changed: Callable[[], Any]) -> None:
    stays = await merge_with(customer_id, name)
    if stays == customer_id:
        await changed()
    elif stays:
        ui.navigate.to(f"{BOOK}/{stays}")


def _take_file(customer_id: int) -> None:
    """The server answers with a file, so that the page stays where it is."""
    ui.run_javascript(f"location.assign('{BOOK}/{customer_id}.json')")


async def _delete(customer_id: int, name: str) -> None:
    yes = await confirm(
        f"Delete {name}?",
        "They leave the book, your groups and every send that has not gone yet. What was sent to them stays in the "
        "reports, and if they opted out, that is remembered should they ever come back.",
        confirm_label="Delete customer",
        kind="danger",
    )
    if yes:
        await io(_deleted, customer_id, await current_actor())
        toast(f"{name} was deleted.")
        ui.navigate.to(BOOK)


async def _erase(customer_id: int, name: str) -> None:
    foreseen, waiting = await io(_foreseen, customer_id)
    yes = await confirm(
        f"Erase {name} for good?",
        foreseen.stays,
        pairs=[
            ("Goes", "Name, addresses, notes, dates, tags, groups"),
            ("Records that go", f"{foreseen.records:,}"),
            *([("Messages called off", f"{waiting:,}")] if waiting else []),
            ("Can be undone", "No"),
        ],
        confirm_label="Erase for good",
        kind="danger",
        typed=name,
    )
    if yes:
        await io(_erased, customer_id, await current_actor())
        toast("They are erased.")
        ui.navigate.to(BOOK)


def _deleted(customer_id: int, by: Actor) -> None:
    with unit() as session:
        try:
            customers.delete(session, customer_id, by=by, now=now())
        except Refusal as refusal:
            if refusal.code != "not_found":  # somebody else was quicker: it is gone, as wished
                raise


def _foreseen(customer_id: int) -> tuple[Farewell, int]:
    with reading() as session:
        return erasing.foresee(session, customer_id), farewells.how_many_wait(session, customer_id)


def _erased(customer_id: int, by: Actor) -> None:
    with unit() as session:
        farewells.erase(session, customer_id, by=by, now=now())
