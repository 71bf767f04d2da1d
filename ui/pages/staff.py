"""Who works here, and what each of them may do."""

import secrets
from dataclasses import dataclass
from typing import Any

from data.database import now, reading, unit
from domain.shop import staff
from domain.shop.people import Actor, Right, Role
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, text
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import handled, io, refusals_to, toast
from ui.parts.inputs import Field, Form, checkbox, select, text_input
from ui.parts.settings_room import settings_room
from ui.parts.tables import Column, ListTable, pill_cell
from ui.words import ROLE

MAY_IN_WORDS = {
    Role.OWNER: "Everything, these settings and the staff too.",
    Role.MANAGER: "Customers, campaigns and sending; not the settings.",
    Role.SALESPERSON: "Looks at everything, changes and sends nothing.",
    Role.WORKSHOP: "Looks at everything, changes and sends nothing.",
    Role.ACCOUNTANT: "Looks at everything, changes and sends nothing.",
}
COLUMNS = [
    Column("name", "Name", cell='<div class="hb-cell-name clip">{{ props.row.name }}</div>'
           '<div class="hb-cell-sub clip">{{ props.row.email }}</div>'),
    Column("role", "Role"),
    Column("status", "Sign-in", cell=pill_cell()),
    Column("change", "", align="right", cell="<q-btn no-caps unelevated class='hb-btn plain small' "
           ":data-testid=\"'change-' + props.row.email\" :aria-label=\"'Change ' + props.row.name\" "
           "@click=\"() => $parent.$emit('change', props.row.id)\">Change</q-btn>"),
]  # fmt: skip
PHONE = (
    '<div class="hb-rowcard"><div class="top"><div class="grow"><div class="hb-cell-name">{{ props.row.name }}</div>'
    '<div class="hb-cell-sub">{{ props.row.email }}</div></div>' + pill_cell() + "</div>"
    '<div class="facts">{{ props.row.role }}</div>'
    "<q-btn no-caps unelevated class='hb-btn plain' :aria-label=\"'Change ' + props.row.name\" "
    "@click=\"() => $parent.$emit('change', props.row.id)\">Change</q-btn></div>"
)
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    email: str
    role: Role
    active: bool

    def as_row(self) -> dict[str, Any]:
        status, tone = ("May sign in", "good") if self.active else ("Turned off", "mute")
        return {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "role": ROLE[self.role],
            "status": status,
            "tone": tone,
        }


async def build(by: Actor) -> None:
    staff = await io(_staff, by)
    with settings_room(by, "/settings/staff"):
        StaffList(staff)
        with card("What the roles may do"):
            for says in dict.fromkeys(MAY_IN_WORDS.values()):
                with box():
                    text(", ".join(ROLE[one] for one in MAY_IN_WORDS if MAY_IN_WORDS[one] == says), "strong")
                    text(says, "hb-help")


class StaffList:
    def __init__(self, staff: list[Person]) -> None:
        with box("hb-card", "section"):
            with box("bar"):
                text("Staff", "hb-card-title grow", "h2")
                button("Add a person", self.add, kind="primary", icon="plus", testid="add-staff")
            self.list = ListTable(COLUMNS, phone=PHONE, testid="staff")
        self.list.table.on("change", self.pressed)
        self.show(staff)

    def show(self, staff: list[Person]) -> None:
        self.staff = {one.id: one for one in staff}
        self.list.show([one.as_row() for one in staff])

    async def pressed(self, event: Any) -> None:
        person = self.staff.get(event.args)
        if person is not None:
            await handled(self.change)(person)

    async def add(self) -> None:
        by = await current_actor()
        if await StaffSheet(None).asked():
            self.show(await io(_staff, by))
            toast("Added. Tell them their password in person.")

    async def change(self, person: Person) -> None:
        by = await current_actor()
        if await StaffSheet(person).asked():
            self.show(await io(_staff, by))
            toast("Saved")


class StaffSheet:
    """One person: a new one, or one who is known."""

    def __init__(self, person: Person | None) -> None:
        self.person = person
        with sheet(person.name if person else "Add a person") as self.dialog:
            name = Field("Name")
            with name.body:
                self.name = text_input(person.name if person else "", label="Name", testid="staff-name")
            email = Field("Email address", "They sign in with it.")
            with email.body:
                self.email = text_input(
                    person.email if person else "", label="Email address", kind="email", testid="staff-email"
                )
            self.email.set_enabled(person is None)
            role = Field("Role", MAY_IN_WORDS[person.role if person else Role.SALESPERSON])
            with role.body:
                self.role = select(
                    {str(one): ROLE[one] for one in MAY_IN_WORDS},
                    str(person.role if person else Role.SALESPERSON),
                    on_change=lambda e: role.say(MAY_IN_WORDS[Role(e.value)]),
                    label="Role",
                    testid="staff-role",
                )
            password = Field(
                "New password" if person else "First password",
                "They can change it under Settings, My account.",
                optional=person is not None,
            )
            with password.body, box("hb-row"):
                self.password = text_input(
                    "", label="Password", autocomplete="new-password", testid="staff-password"
                ).classes("grow")
                button("Suggest one", lambda: self.password.set_value(suggested()), testid="suggest-password")
            self.active = checkbox("May sign in", person.active if person else True, testid="staff-active")
            self.active.visible = person is not None
            self.form = Form({"name": name, "email": email, "role": role, "password": password})
            with box("actions"):
                button("Cancel", lambda: self.dialog.submit(False))
                button("Save" if person else "Add", self.save, kind="primary", testid="staff-save")

    async def asked(self) -> bool:
        return bool(await ask(self.dialog))

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            if self.person is None:
                await io(
                    _add,
                    by,
                    self.name.value or "",
                    self.email.value or "",
                    Role(self.role.value),
                    self.password.value or "",
                )
            else:
                await io(
                    _change,
                    by,
                    self.person.id,
                    self.name.value or "",
                    Role(self.role.value),
                    bool(self.active.value),
                    self.password.value or None,
                )
            self.dialog.submit(True)


def suggested() -> str:
    """Easy to say over the counter, and beyond guessing: 14 × 5 syllables, eight times, is 49 bits."""
    return "-".join("".join(secrets.choice(SYLLABLES) for _ in range(2)) for _ in range(4))


def _staff(by: Actor) -> list[Person]:
    with reading() as session:
        return [
            Person(one.id, one.name, one.email, one.role, one.active) for one in staff.everybody(session, by)
        ]


def _add(by: Actor, name: str, email: str, role: Role, password: str) -> None:
    with unit() as session:
        staff.add(session, email=email, name=name, role=role, password=password, by=by, now=now())


def _change(by: Actor, user_id: int, name: str, role: Role, active: bool, password: str | None) -> None:
    with unit() as session:
        staff.change(
            session, user_id, by=by, now=now(), name=name, role=role, active=active, password=password
        )


PAGES = [Page("/settings/staff", "Staff", build, right=Right.MANAGE_SHOP)]
