"""Pause, go on, stop: what a person may do with a send that runs, or with all of a campaign that runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import Event

from data.database import now, reading
from domain.sending import dispatches, reports
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.shop.people import Actor
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
EVERYWHERE = "It stops on every channel."


@dataclass(frozen=True)
class Going:
    """What a press is about: one send, or everything of a campaign that goes just now, on every channel."""

    sends: tuple[int, ...]
    pause: Callable[[Actor], Any]
    resume: Callable[[Actor], Any]
    stop: Callable[[Actor], Any]
    name: str = "send"


def one_send(dispatch_id: int) -> Going:
    pause, resume, stop = (
        partial(verb, dispatch_id) for verb in (sending.pause, sending.resume, sending.stop)
    )
    return Going((dispatch_id,), pause, resume, stop)


def whole_campaign(campaign_id: int, sends: Sequence[Dispatch]) -> Going:
    """Of one send the same as this send alone."""
    running = tuple(one.id for one in sends if one.is_running)
    if len(sends) == 1 or not running:
        return one_send(sends[0].id)
    verbs = (sending.pause_campaign, sending.resume_campaign, sending.stop_campaign)
    pause, resume, stop = (partial(verb, campaign_id) for verb in verbs)
    return Going(running, pause, resume, stop, "campaign")


def controls(sends: Sequence[Dispatch], going: Going, after: Callable[[], Any]) -> None:
    """The buttons that fit how these stand; `after` draws the page anew."""
    states = {one.state for one in sends if one.id in going.sends and one.is_running}

    async def and_then(act: Callable[[Going], Any]) -> None:
        try:
            await act(going)
        finally:
            await after()  # also where somebody else was quicker: the page then shows theirs

    if DispatchState.SENDING in states:
        made = button("Pause", lambda: and_then(pause), icon="pause", testid="pause")
        put(made, data_place="turn", data_then=TOLD_IN)
    elif DispatchState.PAUSED in states:
        made = button("Go on", lambda: and_then(go_on), kind="primary", icon="play", testid="go-on")
        put(made, data_place="turn", data_then=TOLD_IN)
    if states:
        put(button("Stop", lambda: and_then(sure_to_stop), icon="stop", testid="stop"), data_then=TOLD_IN)


async def pause(going: Going) -> None:
    """At once, and without a question: it harms nobody, and can be taken back."""
    by = await current_actor()
    await io(going.pause, by)
    something_moved.emit()
    toast("Paused. What is already on its way still arrives.")


async def go_on(going: Going) -> None:
    """A question comes first where somebody may get it twice."""
    if not await sure_after_restore(going.sends):
        return
    by = await current_actor()
    await io(going.resume, by)
    something_moved.emit()
    toast("It goes on")


async def sure_to_stop(going: Going) -> bool:
    """Ask, then stop. Whether it was stopped; what goes goes on, or stays paused, while the question is open."""
    states = await io(_states, going.sends)
    told = NOT_BEGUN if states == {DispatchState.WAITING} else UNDER_WAY
    sure = await confirm(
        f"Stop this {going.name}?",
        f"{told} {EVERYWHERE}" if len(going.sends) > 1 else told,
        confirm_label="Stop now",
        cancel_label="Keep it paused" if states == {DispatchState.PAUSED} else "Let it go on",
        kind="danger",
        icon="stop",
    )
    if sure:
        by = await current_actor()
        await io(going.stop, by)
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


def _states(dispatch_ids: Sequence[int]) -> set[DispatchState]:
    with reading() as session:
        return {dispatches.get(session, one).state for one in dispatch_ids}


def _is_restored(dispatch_id: int) -> bool:
    with reading() as session:
        return dispatches.get(session, dispatch_id).held_for is Hold.RESTORED


def _to_go(dispatch_id: int) -> int:
    with reading() as session:
        return reports.report(session, dispatch_id, now=now()).books.queued
