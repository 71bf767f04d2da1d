"""Pause, go on, stop: what a person may do with a send that runs."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import Event

from data.database import now, reading
from domain.sending import dispatches, reports
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from jobs import sending
from ui import words
from ui.frame import current_actor
from ui.parts.basics import button, put
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, toast

# Fire it after a launch, an undo, a pause or a stop, so that no bar waits for its next look.
something_moved = Event[[]]()

TOLD_IN = (
    "launch-error called-back ending"  # the lines that tell how a send ended; where the keyboard goes then
)

NOT_BEGUN = "Nobody was written to yet. If you press before it begins, nobody will be."
UNDER_WAY = "What is on its way still arrives and is counted. Nobody else gets it, and you can send to the rest later."


def controls(dispatch: Dispatch, after: Callable[[], Any]) -> None:
    """The buttons that fit the state; `after` draws the page anew."""

    async def and_then(act: Callable[[int], Any]) -> None:
        try:
            await act(dispatch.id)
        finally:
            await after()  # also where somebody else was quicker: the page then shows theirs

    if dispatch.state is DispatchState.PAUSED:
        made = button("Go on", lambda: and_then(go_on), kind="primary", icon="play", testid="go-on")
        put(made, data_place="turn", data_then=TOLD_IN)
    elif dispatch.state is DispatchState.SENDING:
        made = button("Pause", lambda: and_then(pause), icon="pause", testid="pause")
        put(made, data_place="turn", data_then=TOLD_IN)
    if dispatch.is_running:
        put(button("Stop", lambda: and_then(sure_to_stop), icon="stop", testid="stop"), data_then=TOLD_IN)


async def pause(dispatch_id: int) -> None:
    """At once, and without a question: it harms nobody, and can be taken back."""
    by = await current_actor()
    await io(sending.pause, dispatch_id, by)
    something_moved.emit()
    toast("Paused. What is already on its way still arrives.")


async def go_on(dispatch_id: int) -> None:
    """A question comes first where somebody may get it twice."""
    if not await sure_after_restore([dispatch_id]):
        return
    by = await current_actor()
    await io(sending.resume, dispatch_id, by)
    something_moved.emit()
    toast("It goes on")


async def sure_to_stop(dispatch_id: int) -> bool:
    """Ask, then stop. Whether it was stopped; the send goes on, or stays paused, while the question is open."""
    state = await io(_state, dispatch_id)
    sure = await confirm(
        "Stop this send?",
        NOT_BEGUN if state is DispatchState.WAITING else UNDER_WAY,
        confirm_label="Stop now",
        cancel_label="Keep it paused" if state is DispatchState.PAUSED else "Let it go on",
        kind="danger",
        icon="stop",
    )
    if sure:
        by = await current_actor()
        await io(sending.stop, dispatch_id, by)
        something_moved.emit()
    return sure


async def sure_after_restore(dispatch_ids: Sequence[int]) -> bool:
    """Asked only where one of these sends stands since the shop was restored from a copy."""
    restored = [one for one in dispatch_ids if await io(_is_restored, one)]
    if not restored:
        return True
    rest = words.people(sum([await io(_to_go, one) for one in restored]))
    return await confirm(
        f"Go on with {rest}?",
        "The shop was restored from a copy. What was sent after the copy was made is not known here, so some of them "
        "may get it a second time.",
        confirm_label="Go on",
        cancel_label="Keep it paused",
        kind="danger",
        icon="play",
    )


def _state(dispatch_id: int) -> DispatchState:
    with reading() as session:
        return dispatches.get(session, dispatch_id).state


def _is_restored(dispatch_id: int) -> bool:
    with reading() as session:
        return dispatches.get(session, dispatch_id).held_for is Hold.RESTORED


def _to_go(dispatch_id: int) -> int:
    with reading() as session:
        return reports.report(session, dispatch_id, now=now()).books.queued
