"""Keep the people of an audience as a group: a list that stays as it is, whoever fits later."""

from dataclasses import dataclass

from data.database import now, reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.book import groups
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import current_actor
from ui.parts.basics import box, button, put, text
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import io, refusals_to
from ui.parts.inputs import Field, text_input

BODY = (
    "{people} now. They become a group that stays as it is: whoever fits later is not in it, "
    "and whoever is in it may still say no to your messages."
)


@dataclass(frozen=True)
class Frozen:
    id: int
    name: str
    count: int


async def freeze(audience: Audience) -> Frozen | None:
    """The new group, or None when the person thought better of it."""
    (await current_actor()).require(Right.EDIT_CUSTOMERS)
    number = await io(_size, audience)
    if not number:
        raise Refusal("nobody", "Nobody matches just now, so there is nothing to keep.")
    with sheet("Freeze as a group") as dialog:
        text(
            BODY.format(people=f"{words.people(number)} {'matches' if number == 1 else 'match'}"), "body", "p"
        )
        field = Field("Name of the group", testid="group-name-field")
        with field.body:
            name = text_input(
                "", label="Name of the group", placeholder="Christmas viewing 2026", testid="group-name"
            )
            put(name, maxlength="120", autofocus=True)

        async def keep() -> None:
            with refusals_to(lambda _, sentence: field.wrong(sentence)):
                dialog.submit(await io(_kept, name.value or "", audience, await current_actor()))

        name.on("keydown.enter", keep, [])
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None), testid="cancel")
            button("Freeze", keep, kind="primary", icon="lock", testid="confirm")
    found: Frozen | None = await ask(dialog)
    return found


def _size(audience: Audience) -> int:
    with reading() as session:
        return audiences.size(session, audience, now=now())


def _kept(name: str, audience: Audience, by: Actor) -> Frozen:
    moment = now()
    with unit() as session:
        group = groups.create(session, name, by=by, now=moment)
        people = audiences.matching(session, audience, now=moment)
        count = groups.fill(session, group.id, people, by=by, now=moment)
        return Frozen(group.id, group.name, count)
