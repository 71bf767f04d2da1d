"""Deleting a segment: asked first, and where something still needs it, told what."""

from data.database import now, unit
from domain.audience import segments
from domain.refusal import Refusal
from domain.sending import campaigns
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, toast


async def delete_segment(segment_id: int, name: str) -> bool:
    """Whether it is gone."""
    yes = await confirm(
        f"Delete the segment {name}?",
        "Only the group goes, not its customers. What was sent to it stays in the reports.",
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
        await _still_used(name, refusal)
        return False
    toast(f"The segment {name} was deleted.")
    return True


async def _still_used(name: str, refusal: Refusal) -> None:
    with sheet(f"{name} is still in use") as dialog:
        text("A campaign would not know whom to write to. Choose other recipients there first:", "body", "p")
        with box("hb-stack tight", "ul", testid="used-by"):
            for user in refusal.details.get("used_by", [])[:20]:
                text(f"{user[:1].upper()}{user[1:]}", "", "li")
        with box("actions"):
            button("Close", lambda: dialog.submit(True), kind="primary")
    await ask(dialog)


def _deleted(segment_id: int, by: Actor) -> None:
    with unit() as session:
        users = [f"the campaign {name}" for name in campaigns.using_segment(session, segment_id)]
        segments.delete(session, segment_id, used_by=users, by=by, now=now())
