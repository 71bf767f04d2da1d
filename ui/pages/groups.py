"""Groups: customers put together by hand, who stay so until somebody changes it."""

from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from data.database import now, reading, unit
from domain.audience.names import Thing
from domain.book import customers, groups
from domain.sending import uses
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, empty, head, icon_button, link, link_button, menu, page, put, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, text_input
from ui.parts.person_search import Found, PersonSearch, shown
from ui.parts.word_users import is_spoken_of
from ui.words import people

BOOK: Final = ("Customers", "/customers")
AT_ONCE: Final = 50


@dataclass(frozen=True)
class Shown:
    id: int
    name: str
    note: str
    count: int


async def build(by: Actor) -> None:
    found = await io(_every)
    edits = by.may(Right.EDIT_CUSTOMERS)
    with page():
        with head(
            "Groups",
            "People you put together yourself. A group stays as it is until somebody changes it.",
            back=BOOK,
        ):
            if edits and found:
                button("New group", _create, kind="primary", icon="plus", testid="new-group")
        if not found:
            _no_groups(edits)
            return
        with box("hb-grid", testid="groups"):
            for one in found:
                with link("", f"/customers/groups/{one.id}", classes="hb-tile", testid=f"group-{one.id}"):
                    text(one.name, tag="b")
                    text(people(one.count), tag="span")
                    if one.note:
                        text(one.note, tag="span")


async def build_one(by: Actor, id: int) -> None:
    room = GroupRoom(id, by)
    await room.draw()


class GroupRoom:
    """Who comes or goes is one line more or less: whatever else is shown stays as it is drawn."""

    def __init__(self, group_id: int, by: Actor) -> None:
        self.group_id = group_id
        self.edits, self.writes = by.may(Right.EDIT_CUSTOMERS), by.may(Right.EDIT_CAMPAIGNS)
        self.lines: dict[int, ui.element] = {}
        self.last = 0
        with page() as self.page:
            pass

    async def draw(self) -> None:
        group = await io(_one, self.group_id)
        if self.page.is_deleted:
            return
        ui.page_title(f"{group.name} · Handbill")
        self.page.clear()
        self.lines, self.last = {}, 0
        with self.page:
            self._head(group)
            with box("hb-card", "section", testid="members"):
                if self.edits:
                    with box("bar"):
                        PersonSearch("Add by name, email or phone", self._add, stays=True)
                self.total = put(text("", "hb-said-line", testid="in-group"), role="status")
                self.list = box("hb-records", "ul")
                self.more = box("bar")
        self._tell(group.count)
        await self._fetch()

    def _head(self, group: Shown) -> None:
        with head(group.name, group.note, back=("Groups", "/customers/groups")):
            if self.writes and group.count:
                link_button(
                    "Write to them",
                    f"/marketing/campaigns/new?group={group.id}",
                    icon="send",
                    testid="write-to-group",
                )
            if self.edits:
                button("Rename", lambda: self._rename(group), icon="edit", testid="rename-group")
                menu([("trash", "Delete", lambda: self._delete(group))], testid="group-menu")

    def _tell(self, count: int) -> None:
        self.total.set_text(f"{people(count)} in this group")
        self.total.visible = count > 0

    async def _fetch(self) -> None:
        found = await io(_members, self.group_id, self.last)
        if self.list.is_deleted:
            return
        part = found[:AT_ONCE]
        for one in part:
            if one[0] not in self.lines:  # whoever was just added stands on top already
                self._line(one)
        self.last = part[-1][0] if part else self.last
        self._below(len(found) > AT_ONCE)

    def _below(self, has_more: bool) -> None:
        self.more.clear()
        self.more.visible = has_more or not self.lines
        with self.more:
            if has_more:
                button("Show more", self._fetch, testid="more-members")
            elif not self.lines:
                text("Nobody is in this group yet.", "muted", testid="no-members")

    def _line(self, one: Found) -> None:
        number, name, address = one
        with self.list, box("", "li", testid="member") as line, box("hb-record"):
            with box("grow"):
                link(name, f"/customers/{number}", classes="hb-link quiet strong")
                text(address or "No email address", "muted small clip")
            if self.edits:
                out = icon_button(
                    "x", f"Take {name} out", lambda: self._remove(number, name), testid=f"remove-{number}"
                )
                put(out, data_then="person-search")
        self.lines[number] = line

    async def _add(self, customer_id: int, name: str) -> None:
        by = await current_actor()
        added = await io(_added, self.group_id, customer_id, by)
        toast(f"{name} is in the group." if added else f"{name} was in it already.")
        group, one = await io(_one, self.group_id), await io(_person, customer_id)
        if self.list.is_deleted:
            return
        if customer_id not in self.lines:
            self._line(one)
            self.lines[customer_id].move(target_index=0)
        self._tell(group.count)
        if len(self.lines) == 1:
            self._below(has_more=False)

    async def _remove(self, customer_id: int, name: str) -> None:
        await io(_removed, self.group_id, customer_id, await current_actor())
        toast(f"{name} is out of the group.")
        group = await io(_one, self.group_id)
        if self.list.is_deleted:
            return
        if line := self.lines.pop(customer_id, None):
            line.delete()
        self._tell(group.count)
        if not self.lines:
            await self._fetch()

    async def _rename(self, group: Shown) -> None:
        if await group_sheet("Rename the group", group):
            await self.draw()

    async def _delete(self, group: Shown) -> None:
        if await is_spoken_of(group.name, Thing.GROUP, group.id):
            return
        yes = await confirm(
            f"Delete {group.name}?",
            "The group goes. Its people stay in the book.",
            confirm_label="Delete group",
            kind="danger",
        )
        if yes:
            await io(_deleted, group.id, await current_actor())
            toast(f"{group.name} was deleted.")
            ui.navigate.to("/customers/groups")


async def group_sheet(title: str, group: Shown | None = None) -> int | None:
    """The number of the group that was made or changed."""
    with sheet(title) as dialog:
        fields = {
            "name": Field("Name", testid="group-name-field"),
            "note": Field("What it is for", optional=True),
        }
        with fields["name"].body:
            name = text_input(group.name if group else "", label="Name", testid="group-name").props(
                "autofocus"
            )
        with fields["note"].body:
            note = text_input(group.note if group else "", label="What it is for", testid="group-note")
        form = Form(fields)

        async def go() -> None:
            by = await current_actor()
            form.clear()
            with refusals_to(form.wrong):
                dialog.submit(
                    await io(_saved, group.id if group else None, name.value or "", note.value or "", by)
                )

        name.on("keydown.enter", go, [])
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
            button("Save", go, kind="primary", testid="group-save")
    saved: int | None = await ask(dialog)
    return saved


async def _create() -> None:
    made = await group_sheet("New group")
    if made:
        ui.navigate.to(f"/customers/groups/{made}")


def _no_groups(edits: bool) -> None:
    with box("hb-card"):
        empty(
            "users",
            "No groups yet",
            "You fill a group yourself: the guests of an evening, say, or the members of a club.",
            "New group" if edits else None,
            _create if edits else None,
            testid="no-groups",
        )
    if edits:
        link_button("Segments fill themselves", "/segments", kind="ghost")


def _every() -> list[Shown]:
    with reading() as session:
        counts = groups.counts(session)
        return [Shown(one.id, one.name, one.note, counts.get(one.id, 0)) for one in groups.every(session)]


def _one(group_id: int) -> Shown:
    with reading() as session:
        one = groups.get(session, group_id)
        return Shown(one.id, one.name, one.note, groups.how_many(session, group_id))


def _members(group_id: int, after: int) -> list[Found]:
    with reading() as session:
        return [shown(one) for one in groups.members(session, group_id, after=after, limit=AT_ONCE + 1)]


def _person(customer_id: int) -> Found:
    with reading() as session:
        return shown(customers.get(session, customer_id))


def _saved(group_id: int | None, name: str, note: str, by: Actor) -> int:
    with unit() as session:
        if group_id is None:
            return groups.create(session, name, note=note, by=by, now=now()).id
        return groups.change(session, group_id, name=name, note=note, by=by, now=now()).id


def _deleted(group_id: int, by: Actor) -> None:
    with unit() as session:
        groups.delete(session, group_id, used_by=uses.of_group(session, group_id), by=by, now=now())


def _added(group_id: int, customer_id: int, by: Actor) -> int:
    with unit() as session:
        return groups.add_members(session, group_id, [customer_id], by=by, now=now())


def _removed(group_id: int, customer_id: int, by: Actor) -> int:
    with unit() as session:
        return groups.remove_members(session, group_id, [customer_id], by=by, now=now())


PAGES: list[Any] = [
    Page("/customers/groups", "Groups", build),
    Page("/customers/groups/{id}", "Group", build_one),
]
