"""Before a word of the shop is taken away: which segments and campaigns speak of it, with the way to each."""

from data.database import reading
from domain.sending import uses
from ui.parts.basics import box, button, text
from ui.parts.dialogs import ask, sheet
from ui.parts.feedback import io
from ui.parts.segment_dialogs import User, list_users


async def is_spoken_of(label: str, thing: str, key: str | int) -> bool:
    """Whether something does; then it has been told which, and the word has to stay. `thing` as for `uses.of`."""
    found = await io(_users, thing, key)
    if found:
        await _tell(label, found)
    return bool(found)


async def _tell(label: str, found: tuple[User, ...]) -> None:
    with sheet(f"{label} is still in use") as dialog:
        text("These ask for it, and would no longer know whom they mean. Change them first:", "body", "p")
        list_users(found, testid="used-by")
        with box("actions"):
            button("Close", lambda: dialog.submit(True), kind="primary", testid="used-by-close")
    await ask(dialog)


def _users(thing: str, key: str | int) -> tuple[User, ...]:
    with reading() as session:
        return tuple(User(f"The {use.sort} {use.name}", _path(use)) for use in uses.of(session, thing, key))


def _path(use: uses.Use) -> str:
    return f"/segments/{use.id}" if use.sort == "segment" else f"/marketing/campaigns/{use.id}"
