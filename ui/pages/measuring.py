"""What the shop measures of its messages: the owner chooses by kind, the others read."""

from nicegui import ui

from data.database import now, reading, unit
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import MEASURABLE
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, facts, text
from ui.parts.feedback import io, toast
from ui.parts.inputs import checkbox
from ui.parts.settings_room import settings_room

HERE = "/settings/measuring"
HELP = (
    "Links in these messages lead through the shop, and a picture too small to be seen tells when a message was opened. "
    "Whoever has said that they don’t want this gets plain links, whatever is chosen here."
)
SHARES = (
    "Only what people did is counted. What scanners, previews and mail programs fetch by themselves stands beside it. "
    "An opening is seen only where pictures are shown, so there are always more readers than openings."
)
FROM_NOW = "A change counts for what is sent from now on. Tests and previews are never measured."
NONE = "Nothing is measured."


async def build(by: Actor) -> None:
    measured = await io(_measured)
    with settings_room(by, HERE), card("Opens and clicks", HELP, testid="measuring-card"):
        if by.may(Right.MANAGE_SHOP):
            _form(measured)
        else:
            kinds = ", ".join(words.MESSAGE_TYPE[kind] for kind in MEASURABLE if kind in measured)
            facts([("Measured in", kinds or NONE)], left=True)
        text(SHARES, "hb-help")


def _form(measured: list[str]) -> None:
    boxes = {
        kind: checkbox(words.MESSAGE_TYPE[kind], kind in measured, testid=f"measured-{kind}")
        for kind in MEASURABLE
    }
    text(FROM_NOW, "hb-help")
    with box("hb-row end"):
        button("Save", lambda: _saved(boxes), kind="primary", testid="save-measuring")


async def _saved(boxes: dict[str, ui.checkbox]) -> None:
    by = await current_actor()
    await io(_save, [kind for kind, one in boxes.items() if one.value], by)
    toast("Saved")


def _measured() -> list[str]:
    with reading() as session:
        return shops.read(session).measured


def _save(measured: list[str], by: Actor) -> None:
    with unit() as session:
        shops.change(session, {"measured": measured}, by=by, now=now())


PAGES = [Page(HERE, "Opens and clicks", build)]
