"""What the shop answers when somebody pressed something: a toast, a sentence, or the way back to sign-in."""

import asyncio
import inspect
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from nicegui import run, ui
from nicegui.client import Client
from sqlalchemy.exc import OperationalError

from domain.refusal import Refusal
from ui.refusals import write_down
from ui.theme import glyph
from ui.words import STORAGE_TROUBLE

log = logging.getLogger("handbill.ui")
P = ParamSpec("P")
R = TypeVar("R")
SIGN_IN = "/sign-in"
TOAST_ICONS = {"good": "check", "bad": "alert", "plain": "info"}


class SessionOver(Exception):
    """Whoever pressed this is signed out, here or in another tab."""


def handled(handler: Callable[..., Any]) -> Callable[..., Any]:
    """An event handler whose refusals and faults reach the person as a sentence.

    It runs in the room of the page, not in the part where the button stands: a page that draws itself anew deletes that
    part, and would take along the question that was just asked.
    Buttons and inputs of ui.parts are handled already; use this for `.on(...)` and timers.
    """

    @wraps(handler)
    async def guarded(*args: Any, **kwargs: Any) -> None:
        room = _room_of(ui.context.slot.parent)
        client = room.client
        try:
            with room:
                result = handler(*args, **kwargs)
                if inspect.isawaitable(result):
                    await result
        except Exception as error:  # whatever it was, the person is told and the log knows
            answer(error, client)
            await io(write_down)

    return guarded


def _room_of(here: ui.element) -> ui.element:
    """What lasts as long as what the person looks at: the dialog, the page inside the shell, or the tab."""
    inner = here
    for outer in here.ancestors(include_self=True):
        if isinstance(outer, ui.dialog):
            return outer
        if isinstance(outer, ui.sub_pages):
            return inner
        inner = outer
    return here.client.content


@contextmanager
def refusals_to(show: Callable[[str, str], None]) -> Iterator[None]:
    """Show a refusal beside the thing: `show(field, sentence)`; the field is empty if no single one is meant."""
    try:
        yield
    except Refusal as refusal:
        show(str(refusal.details.get("field", "")), refusal.sentence)


def answer(error: Exception, client: Client | None = None) -> None:
    """Tell the person what went wrong, in the tab where it happened; nobody is told if the tab is gone."""
    client = client or ui.context.client
    sentence = sentence_for(error)
    if client.is_deleted:
        return
    with client:
        if isinstance(error, SessionOver):
            leave_for_sign_in(client)
        else:
            toast(sentence, kind="bad")


def sentence_for(error: Exception) -> str:
    """The words for a fault; an unexpected one is written to the log under the id that the person sees."""
    if isinstance(error, Refusal):
        return error.sentence
    if isinstance(error, SessionOver):
        return "You are signed out."
    if isinstance(error, OperationalError):
        log.error("the database refused: %s", error.orig)
        return STORAGE_TROUBLE
    return f"Something went wrong on our side. It is noted as {noted(error)}."


def noted(error: BaseException) -> str:
    """Write a fault to the log and give the id that finds it there."""
    number = secrets.token_hex(4)
    log.error("fault %s", number, exc_info=error)
    return number


def leave_for_sign_in(client: Client) -> None:
    """A whole new page, not a move inside the shell: the old page must not stay in the browser."""
    client.run_javascript(
        f'location.replace("{SIGN_IN}?next=" + encodeURIComponent(location.pathname + location.search))'
    )


def toast(sentence: str, *, kind: str = "good") -> None:
    """A short word at the foot of the page, for what has no place on the page itself. Kinds: good, bad, plain."""
    ui.notify(
        sentence,
        position="bottom",
        timeout=8000 if kind == "bad" else 4000,
        icon=glyph(TOAST_ICONS.get(kind, "info")),
        close_button="Close" if kind == "bad" else False,
        group=False,
        classes=f"hb-toast {kind}",
        attrs={"data-testid": "toast"},
    )


async def io(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run something that waits (a unit of work, the network) beside the event loop.

    When the shop shuts down the work is called off: the handler ends there, without a message.
    """
    boxed = await run.io_bound(
        lambda: (call(*args, **kwargs),)
    )  # boxed: None as a result is not the same as no result
    if boxed is None:
        raise asyncio.CancelledError
    return boxed[0]
