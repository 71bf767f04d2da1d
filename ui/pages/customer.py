"""One customer: what the shop knows, what was sent, what they have said about being written to."""

from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.book import consent, customers, erasing, groups
from domain.book.erasing import Farewell
from domain.ledger import farewells
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import (
    alert,
    avatar,
    box,
    button,
    card,
    facts,
    head,
    link,
    link_button,
    menu,
    page,
    pill,
    tag,
    text,
)
from ui.parts.communications import Communications
from ui.parts.customer_facts import Known, known
from ui.parts.customer_form import CustomerForm, Start, start_change, start_new
from ui.parts.customer_preferences import Preferences
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Tabs, select, text_input
from ui.parts.merge_dialog import merge_with
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
                self._say_joined(person)
            self._trouble(person, by)
            tabs = self._tabs(person, by, tab)
            await tabs.show(tabs.value)

    def _head(self, person: Known, by: Actor) -> None:
        with box("hb-person-head"):
            avatar(person.name, "big")
            with box("grow"), head(person.name, person.sub, back=BOOK):
                if by.may(Right.EDIT_CAMPAIGNS):
                    letter = f"/marketing/campaigns/new?customer={person.id}"
                    link_button("Write", letter, icon="mail", testid="write-to")
                if by.may(Right.EDIT_CUSTOMERS):
                    link_button("Edit", f"/customers/{person.id}/edit", icon="edit", testid="edit")
                    menu(
                        [
                            ("users", "Merge with somebody", lambda: self._merge(person)),
                            ("download", "Everything as a file", lambda: _take_file(person.id)),
                            ("trash", "Delete", lambda: self._delete(person)),
                            ("trash", "Erase for good", lambda: self._erase(person)),
                        ],
                        testid="customer-menu",
                    )

    def _say_joined(self, person: Known) -> None:
        ui.run_javascript(f"history.replaceState(history.state, '', '/customers/{person.id}')")
        alert(
            "Two cards became one",
            f"The customer you looked for was merged into {person.name}, who has everything now.",
            testid="merged-here",
        )

    def _trouble(self, person: Known, by: Actor) -> None:
        """What is to be known before anybody writes to this person."""
        edit = by.may(Right.EDIT_CUSTOMERS)
        if person.trouble:
            title, body = person.trouble
            alert(
                title,
                body,
                tone="warn",
                actions=(lambda: _mend(person.id)) if edit else None,
                testid="address-trouble",
            )
        if person.opted_out:
            alert(
                "Wants no marketing",
                person.opted_out,
                actions=(lambda: self._again_button(person)) if edit else None,
                testid="opted-out",
            )

    def _tabs(self, person: Known, by: Actor, tab: str) -> Tabs:
        views = {
            "overview": ("Overview", lambda: self._overview(person, by)),
            "records": ("Records", lambda: records_list(person.id, by)),
            "communications": ("Communications", lambda: Communications(person.id).fetch(1)),
            "consent": ("Preferences", lambda: Preferences(person.id, person.name, by).fetch()),
        }
        return Tabs(views, tab if tab in views else "overview", testid="tab")

    def _overview(self, person: Known, by: Actor) -> None:
        with box("hb-cols"):
            with box("hb-stack"):
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
            with box("hb-stack"):
                with card("Status and tags"), box("hb-tags"):
                    pill(person.status, "good" if person.is_active else "mute", testid="customer-status")
                    for name in person.tags:
                        tag(name)
                self._groups(person, by)
                self._wishes(person, by)

    def _groups(self, person: Known, by: Actor) -> None:
        with card("Groups", testid="customer-groups"):
            for group_id, name in person.groups:
                link(name, f"/customers/groups/{group_id}")
            if not person.groups:
                text("In no group.", "muted")
            if by.may(Right.EDIT_CUSTOMERS):
                with box("hb-row"):
                    button(
                        "Choose groups",
                        lambda: self._choose_groups(person),
                        small=True,
                        testid="choose-groups",
                    )

    def _wishes(self, person: Known, by: Actor) -> None:
        with card("May I write to them?", testid="wishes"):
            for label, included, sentence in person.wishes:
                with box("hb-wish"):
                    pill("Yes" if included else "No", "good" if included else "mute")
                    with box("grow"):
                        text(label, "strong")
                        if not included:
                            text(sentence, "muted small")
            if by.may(Right.EDIT_CUSTOMERS) and not person.opted_out:
                with box("hb-row"):
                    button(
                        "They want no marketing",
                        lambda: self._opt_out(person),
                        small=True,
                        testid="opt-out",
                    )

    def _again_button(self, person: Known) -> None:
        button(
            "They asked to hear from you again",
            lambda: self._subscribe(person),
            small=True,
            testid="resubscribe",
        )

    async def _opt_out(self, person: Known) -> None:
        yes = await confirm(
            f"No more marketing to {person.name}?",
            "It counts at once, also for messages that are waiting to go. Messages about their own orders still go.",
            confirm_label="No more marketing",
        )
        if yes:
            by = await current_actor()
            await io(_set_wish, person.id, True, "", by)
            toast(f"{person.name} gets no more marketing.")
            await self.draw(by)

    async def _subscribe(self, person: Known) -> None:
        with sheet(f"Write to {person.name} again?") as dialog:
            text(
                "Only if they asked for it themselves. What you write here is kept as the proof.", "body", "p"
            )
            field = Field(
                "How did they ask?", "For example: asked in the shop when collecting a ring.", testid="reason"
            )
            with field.body:
                entry = text_input(label="How did they ask?", testid="reason-input").props("autofocus")

            async def go() -> None:
                by = await current_actor()
                with refusals_to(lambda _, sentence: field.wrong(sentence)):
                    await io(_set_wish, person.id, False, entry.value or "", by)
                    dialog.submit(True)

            entry.on("keydown.enter", go, [])
            with box("actions"):
                button("Cancel", lambda: dialog.submit(False))
                button("Write to them again", go, kind="primary", testid="reason-save")
        if await ask(dialog):
            toast(f"{person.name} gets marketing again.")
            await self.draw(await current_actor())

    async def _choose_groups(self, person: Known) -> None:
        names = await io(_group_names)
        with sheet(f"Groups of {person.name}") as dialog:
            if names:
                chosen = select(
                    names,
                    [name for _, name in person.groups],
                    label="Groups",
                    multiple=True,
                    searchable=True,
                    testid="groups",
                )
            else:
                text("There are no groups yet. Make the first one on the page of groups.", "body", "p")
            with box("actions"):
                button("Cancel", lambda: dialog.submit(None))
                if names:
                    button(
                        "Save",
                        lambda: dialog.submit(list(chosen.value or [])),
                        kind="primary",
                        testid="groups-save",
                    )
                else:
                    link_button("Groups", "/customers/groups", kind="primary")
        wanted = await ask(dialog)
        if wanted is not None:
            by = await current_actor()
            await io(_set_groups, person.id, wanted, by)
            await self.draw(by)

    async def _merge(self, person: Known) -> None:
        stays = await merge_with(person.id, person.name)
        if stays == person.id:
            await self.draw(await current_actor())
        elif stays:
            ui.navigate.to(f"/customers/{stays}")

    async def _erase(self, person: Known) -> None:
        foreseen, waiting = await io(_foreseen, person.id)
        yes = await confirm(
            f"Erase {person.name} for good?",
            foreseen.stays,
            pairs=[
                ("Goes", "Name, addresses, notes, dates, tags, groups"),
                ("Records that go", f"{foreseen.records:,}"),
                *([("Messages called off", f"{waiting:,}")] if waiting else []),
                ("Can be undone", "No"),
            ],
            confirm_label="Erase for good",
            kind="danger",
            typed=person.name,
        )
        if yes:
            await io(_erased, person.id, await current_actor())
            toast("They are erased.")
            ui.navigate.to("/customers")

    async def _delete(self, person: Known) -> None:
        yes = await confirm(
            f"Delete {person.name}?",
            "They leave the book, your lists and every send that has not gone yet. What was sent to them stays in the "
            "reports, and if they opted out, that is remembered should they ever come back.",
            confirm_label="Delete customer",
            kind="danger",
        )
        if yes:
            await io(_deleted, person.id, await current_actor())
            toast(f"{person.name} was deleted.")
            ui.navigate.to("/customers")


async def build_new() -> None:
    await _form(await io(_start_new), "Add customer", back=BOOK)


async def build_edit(id: int) -> None:
    begin = await io(_start_change, id)
    await _form(begin, f"Edit {begin.name}", back=(begin.name, f"/customers/{id}"))


async def _form(begin: Start, title: str, *, back: tuple[str, str]) -> None:
    with page("narrow"):
        with head(title, back=back):
            pass
        with box("hb-stack"):
            form = CustomerForm(begin)
            with box("hb-actions"):
                box("grow")
                link_button("Cancel", back[1], testid="cancel")
                button("Save", lambda: _save(begin, form), kind="primary", icon="check", testid="save")
    await form.look_at_address()


async def _save(begin: Start, form: CustomerForm) -> None:
    by = await current_actor()
    form.clear()
    with refusals_to(form.wrong):
        customer_id, name = await io(_saved, begin, form.values, by)
        toast(f"{name} is saved.")
        ui.navigate.to(f"/customers/{customer_id}")


def _mend(customer_id: int) -> None:
    link_button("Correct the address", f"/customers/{customer_id}/edit", testid="mend-address")


def _take_file(customer_id: int) -> None:
    """The server answers with a file, so that the page stays where it is."""
    ui.run_javascript(f"location.assign('/customers/{customer_id}.json')")


def _home(customer_id: int) -> int:
    with reading() as session:
        return customers.followed(session, customer_id)


def _foreseen(customer_id: int) -> tuple[Farewell, int]:
    with reading() as session:
        return erasing.foresee(session, customer_id), farewells.how_many_wait(session, customer_id)


def _erased(customer_id: int, by: Actor) -> None:
    with unit() as session:
        farewells.erase(session, customer_id, by=by, now=now())


def _group_names() -> list[str]:
    with reading() as session:
        return [group.name for group in groups.every(session)]


def _set_groups(customer_id: int, names: list[str], by: Actor) -> None:
    with unit() as session:
        customers.change(session, customer_id, {"groups": names}, by=by, now=now())


def _known(customer_id: int) -> Known:
    with reading() as session:
        return known(session, customer_id, now())


def _start_new() -> Start:
    with reading() as session:
        return start_new(session)


def _start_change(customer_id: int) -> Start:
    with reading() as session:
        return start_change(session, customer_id)


def _saved(begin: Start, values: dict[str, Any], by: Actor) -> tuple[int, str]:
    with unit() as session:
        if begin.customer_id is None:
            saved = customers.create(session, values, by=by, now=now())
        else:
            saved = customers.change(
                session, begin.customer_id, values, by=by, now=now(), version=begin.version
            )
        return saved.id, saved.shown_name


def _set_wish(customer_id: int, opted_out: bool, reason: str, by: Actor) -> None:
    with unit() as session:
        consent.set_by_staff(session, customer_id, opted_out=opted_out, reason=reason, by=by, now=now())


def _deleted(customer_id: int, by: Actor) -> None:
    with unit() as session:
        try:
            customers.delete(session, customer_id, by=by, now=now())
        except Refusal as refusal:
            if refusal.code != "not_found":  # somebody else was quicker: it is gone, as wished
                raise


PAGES: list[Any] = [
    Page("/customers/new", "Add customer", build_new, right=Right.EDIT_CUSTOMERS),
    Page("/customers/{id}", "Customer", build),
    Page("/customers/{id}/edit", "Edit customer", build_edit, right=Right.EDIT_CUSTOMERS),
]
