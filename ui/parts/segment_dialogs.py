"""What leans on a segment; deleting one: asked first, and where something still needs it, told what, with the way there."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.audience import segments
from domain.refusal import Refusal
from domain.sending import campaigns, leaning
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, link, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, toast

MOST_SHOWN = 20


class User(NamedTuple):
    """Something that leans on a segment, such as "The draft Spring letter"."""

    words: str
    path: str


def users(session: Session, segment_id: int, by: Actor) -> tuple[User, ...]:
    mail = [
        User(f"The {one.sort} {one.name}", f"/marketing/campaigns/{one.id}")
        for one in leaning.on_segment(session, segment_id)
    ]
    others = segments.leaning_on(session, segment_id, by=by)
    return (*mail, *(User(f"The segment {one.name}", f"/segments/{one.id}") for one in others))


def list_users(used_by: Iterable[User], *, testid: str) -> None:
    found = list(used_by)
    with box("hb-stack tight hb-uses", "ul", testid=testid):
        for one in found[:MOST_SHOWN]:
            with box("", "li"):
                link(one.words, one.path)
        if len(found) > MOST_SHOWN:
            text(f"and {len(found) - MOST_SHOWN:,} more", "muted", "li")


async def delete_segment(segment_id: int, name: str) -> bool:
    """Whether it is gone."""
    found = await io(_users, segment_id, await current_actor())
    if found:
        await _still_used(name, found)
        return False
    yes = await confirm(
        f"Delete the segment {name}?",
        "Only the rule goes, not its customers. What was sent to it stays in the reports.",
        confirm_label="Delete segment",
        kind="danger",
    )
    if not yes:
        return False
    try:
        await io(_deleted, segment_id, await current_actor())
    except Refusal as refusal:
        if refusal.code != "in_use":
            raise
        await _still_used(name, await io(_users, segment_id, await current_actor()))
        return False
    toast(f"The segment {name} was deleted.")
    return True


async def _still_used(name: str, found: tuple[User, ...]) -> None:
    with sheet(f"{name} is still in use") as dialog:
        text(
            "Without it, these would not know whom they mean. Choose something else there first:", "body", "p"
        )
        list_users(found, testid="used-by")
        with box("actions"):
            button("Close", lambda: dialog.submit(True), kind="primary")
    await ask(dialog)


def _users(segment_id: int, by: Actor) -> tuple[User, ...]:
    with reading() as session:
        return users(session, segment_id, by)


def _deleted(segment_id: int, by: Actor) -> None:
    with unit() as session:
        found = [f"the campaign {name}" for name in campaigns.using_segment(session, segment_id)]
        segments.delete(session, segment_id, used_by=found, by=by, now=now())
