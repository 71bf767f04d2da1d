"""One customer: what the shop knows, what was sent, what they have said about being written to."""

from functools import partial
from typing import Any

from nicegui import ui

from data.database import now, reading
from domain.book import customers
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.pages import customer_edit
from ui.parts.answers import answers_card
from ui.parts.basics import alert, avatar, box, card, facts, head, link_button, page, pill, tag, text
from ui.parts.communications import Communications
from ui.parts.customer_facts import Known, known
from ui.parts.customer_groups import groups_card
from ui.parts.customer_leaving import leaving_menu
from ui.parts.customer_preferences import Preferences
from ui.parts.customer_wishes import again_button, wishes_card
from ui.parts.feedback import io
from ui.parts.inputs import Tabs
from ui.parts.records_list import records_list

BOOK = ("Customers", "/customers")


async def build(by: Actor, id: int, tab: str = "overview") -> None:
    """Whoever was merged into somebody else is found on that one's page."""
    here = await io(_home, id)
    room = Room(here, joined=here != id)
    await room.draw(by, tab)


class Room:
    """The page, drawn anew after something about the person was changed."""

    def __init__(self, customer_id: int, *, joined: bool = False) -> None:
        self.customer_id, self.joined = customer_id, joined
        with page() as self.page:
            pass

    async def draw(self, by: Actor, tab: str = "overview") -> None:
        person = await io(_known, self.customer_id)
        if self.page.is_deleted:
            return
        ui.page_title(f"{person.name} · Handbill")
        self.page.clear()
        with self.page:
            self._head(person, by)
            if self.joined:
                _say_joined(person)
            self._trouble(person, by)
            tabs = self._tabs(person, by, tab)
            await tabs.show(tabs.value)

    async def draw_anew(self) -> None:
        await self.draw(await current_actor())

    def _head(self, person: Known, by: Actor) -> None:
        with box("hb-person-head"):
            avatar(person.name, "big")
            with box("grow"), head(person.name, person.sub, back=BOOK):
                if by.may(Right.EDIT_CAMPAIGNS):
                    letter = f"/marketing/campaigns/new?customer={person.id}"
                    link_button("Write", letter, icon="mail", testid="write-to")
                if by.may(Right.EDIT_CUSTOMERS):
                    link_button("Edit", f"/customers/{person.id}/edit", icon="edit", testid="edit")
                    leaving_menu(person.id, person.name, self.draw_anew)

    def _trouble(self, person: Known, by: Actor) -> None:
        """What is to be known before anybody writes to this person."""
        edits = by.may(Right.EDIT_CUSTOMERS)
        if person.trouble:
            mend = partial(_mend, person.id) if edits else None
            alert(*person.trouble, tone="warn", actions=mend, testid="address-trouble")
        if person.opted_out:
            again = partial(again_button, person, self.draw_anew) if edits else None
            alert("Wants no marketing", person.opted_out, actions=again, testid="opted-out")

    def _tabs(self, person: Known, by: Actor, tab: str) -> Tabs:
        views = {
            "overview": ("Overview", lambda: self._overview(person, by.may(Right.EDIT_CUSTOMERS))),
            "records": ("Records", lambda: records_list(person.id, by)),
            "communications": ("Communications", lambda: _communications(person.id)),
            "consent": ("Preferences", lambda: Preferences(person.id, person.name, by).fetch()),
        }
        return Tabs(views, tab if tab in views else "overview", testid="tab")

    def _overview(self, person: Known, edits: bool) -> None:
        with box("hb-cols"):
            with box("hb-stack"):
                _what_is_known(person)
            with box("hb-stack"):
                with card("Status and tags"), box("hb-tags"):
                    pill(person.status, "good" if person.is_active else "mute", testid="customer-status")
                    for name in person.tags:
                        tag(name)
                groups_card(person, self.draw_anew, edits=edits)
                wishes_card(person, self.draw_anew, edits=edits)


async def _communications(customer_id: int) -> None:
    with box("hb-stack full"):
        await answers_card(customer_id)
        await Communications(customer_id).fetch(1)


def _say_joined(person: Known) -> None:
    ui.run_javascript(f"history.replaceState(history.state, '', '/customers/{person.id}')")
    alert(
        "Two cards became one",
        f"The customer you looked for was merged into {person.name}, who has everything now.",
        testid="merged-here",
    )


def _what_is_known(person: Known) -> None:
    with card("Details"):
        facts(person.facts, left=True, testid="customer-facts")
    if person.dates:
        with card("Dates"):
            facts(person.dates, left=True, testid="customer-dates")
    if person.own:
        with card("What the shop knows"):
            facts(person.own, left=True, testid="customer-own")
    if person.notes:
        with card("Notes"):
            text(person.notes, "pre", testid="customer-notes")


def _mend(customer_id: int) -> None:
    link_button("Correct the address", f"/customers/{customer_id}/edit", testid="mend-address")


def _home(customer_id: int) -> int:
    with reading() as session:
        return customers.followed(session, customer_id)


def _known(customer_id: int) -> Known:
    with reading() as session:
        return known(session, customer_id, now())


PAGES: list[Any] = [
    *customer_edit.PAGES,
    Page("/customers/{id}", "Customer", build),
]
