"""Help by data: the state of a send as a text that may be shown to strangers, for a question in a forum."""

from nicegui import ui

from data.database import now, reading
from domain.sending.diagnosis import diagnosis
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.mail_recipes import recipe_of
from ui.parts.basics import box, button, put, text
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import io, toast
from ui.version import VERSION


async def show(dispatch_id: int) -> None:
    """Seen before it is copied, so that nobody has to take our word for what is not in it."""
    told = await io(_told, dispatch_id, await current_actor())
    with sheet("Copy diagnosis", wide=True) as dialog:
        text(
            "For a question in a forum or to whoever helps you. There is no name in it, no address, and no word "
            "of your message.",
            "body",
            "p",
        )
        put(text(told, "hb-diagnosis mono", "pre", testid="diagnosis"), tabindex="0")
        with box("actions"):
            button("Close", lambda: dialog.submit(False), testid="cancel")
            button("Copy", lambda: dialog.submit(True), kind="primary", icon="copy", testid="copy-diagnosis")
    if await ask(dialog):
        ui.clipboard.write(told)
        toast("Diagnosis copied")


def provider(host: str) -> str:
    """Only who is known to everybody is named."""
    known = recipe_of(host)
    return known.label if known else "another server"


def _told(dispatch_id: int, by: Actor) -> str:
    with reading() as session:
        return diagnosis(session, dispatch_id, version=VERSION, providers=provider, by=by, now=now())
