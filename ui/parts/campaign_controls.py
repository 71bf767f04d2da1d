"""Pause, go on, stop: on a campaign's page they are about everything of it that goes just now, on every channel."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from domain.sending.dispatches import Dispatch, DispatchState
from jobs import sending
from ui.frame import current_actor
from ui.parts.basics import button, put
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, toast
from ui.parts.send_controls import (
    NOT_BEGUN,
    TOLD_IN,
    UNDER_WAY,
    controls,
    something_moved,
    sure_after_restore,
)


def campaign_controls(campaign_id: int, sends: Sequence[Dispatch], after: Callable[[], Any]) -> None:
    """The buttons that fit; `after` draws the page anew."""
    running = [one for one in sends if one.is_running]
    if len(sends) == 1 or not running:
        controls(sends[0], after)
        return

    async def and_then(act: Callable[[], Any]) -> None:
        try:
            await act()
        finally:
            await after()  # also where somebody else was quicker: the page then shows theirs

    if any(one.state is DispatchState.SENDING for one in running):
        pause = partial(and_then, partial(_pause, campaign_id))
        put(button("Pause", pause, icon="pause", testid="pause"), data_place="turn", data_then=TOLD_IN)
    elif any(one.state is DispatchState.PAUSED for one in running):
        go_on = partial(and_then, partial(_go_on, campaign_id, running))
        made = button("Go on", go_on, kind="primary", icon="play", testid="go-on")
        put(made, data_place="turn", data_then=TOLD_IN)
    stop = partial(and_then, partial(_sure_to_stop, campaign_id, running))
    put(button("Stop", stop, icon="stop", testid="stop"), data_then=TOLD_IN)


async def _pause(campaign_id: int) -> None:
    by = await current_actor()
    await io(sending.pause_campaign, campaign_id, by)
    something_moved.emit()
    toast("Paused. What is already on its way still arrives.")


async def _go_on(campaign_id: int, running: Sequence[Dispatch]) -> None:
    if not await sure_after_restore([one.id for one in running if one.state is DispatchState.PAUSED]):
        return
    by = await current_actor()
    await io(sending.resume_campaign, campaign_id, by)
    something_moved.emit()
    toast("It goes on")


async def _sure_to_stop(campaign_id: int, running: Sequence[Dispatch]) -> None:
    begun = any(one.state is not DispatchState.WAITING for one in running)
    sure = await confirm(
        "Stop this campaign?",
        f"{UNDER_WAY if begun else NOT_BEGUN} It stops on every channel."
        if len(running) > 1
        else UNDER_WAY
        if begun
        else NOT_BEGUN,
        confirm_label="Stop now",
        cancel_label="Let it go on",
        kind="danger",
        icon="stop",
    )
    if sure:
        by = await current_actor()
        await io(sending.stop_campaign, campaign_id, by)
        something_moved.emit()
