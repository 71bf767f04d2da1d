"""Why nothing leaves just now, and when it goes on: in words, wherever a send is shown."""

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.sending.dispatches import BY_ITSELF, DispatchState, Hold
from domain.sending.pauses import Pause
from ui import words
from ui.words import Told

CAUSE = {
    Hold.RESTORED: "Paused, because the shop was restored from a copy",
    Hold.CONTENT: "Paused, because nobody can get these words now",
    Hold.ACCOUNT: "Paused, because the shop is kept from sending",
    Hold.QUIET: "Waiting for the end of your quiet hours",
    Hold.HOUR: "The mail account’s limit for an hour is used up",
    Hold.DAY: "The mail account’s limit for a day is used up",
    Hold.REACH: "As many people as WhatsApp allows in a day were written to",
}
WAITED = {
    Hold.RESTORED: "After the shop was restored from a copy",
    Hold.CONTENT: "Because nobody could get these words",
    Hold.ACCOUNT: "Because the shop was kept from sending",
    Hold.QUIET: "For the end of quiet hours",
    Hold.HOUR: "For the mail account’s limit for an hour",
    Hold.DAY: "For the mail account’s limit for a day",
    Hold.REACH: "For room among the people WhatsApp allows in a day",
}
PAUSED: Told = ("Paused", "warn")
WAITING: Told = ("Waiting", "info")


class Standing(Protocol):
    """A send as far as it says whether it goes on: a dispatch, or its line in the bar."""

    @property
    def state(self) -> DispatchState: ...
    @property
    def held_for(self) -> Hold: ...
    @property
    def held_until(self) -> datetime | None: ...
    @property
    def held_by(self) -> str: ...


def is_held(send: Standing) -> bool:
    """It was told to wait, or somebody paused it; a send that is over is not held, whatever it says."""
    return is_paused(send) or (send.state is DispatchState.SENDING and send.held_for is not Hold.NONE)


def is_paused(send: Standing) -> bool:
    return send.state is DispatchState.PAUSED


def state_of(send: Standing) -> Told:
    """For a pill."""
    if is_paused(send):
        return PAUSED
    return WAITING if is_held(send) else words.told(words.DISPATCH, send.state)


def cause(send: Standing) -> str:
    """The first half of the sentence, such as "Paused by Olive"."""
    if is_paused(send) and send.held_for not in CAUSE:
        return f"Paused by {send.held_by}" if send.held_by else "Paused"
    return CAUSE.get(send.held_for, "Waiting")


def goes_on(send: Standing, zone: ZoneInfo, now: datetime) -> str:
    """The second half, such as "goes on at 08:00 tomorrow"; empty where somebody must press something."""
    if is_paused(send):
        return ""
    if send.held_until is None or send.held_until <= now:
        return "goes on any moment"
    return f"goes on {at(send.held_until, zone, now)}"


def sentence(send: Standing, zone: ZoneInfo, now: datetime) -> str:
    """Both halves: "Waiting for the end of your quiet hours: goes on at 08:00 tomorrow"."""
    return ": ".join(filter(None, [cause(send), goes_on(send, zone, now)]))


def what_now(send: Standing, done: int, to_reach: int, to_go: int, zone: ZoneInfo, now: datetime) -> str:
    """What stands below the cause: when it goes on, and the figures."""
    figures = f"{words.number(done)} of {words.number(to_reach)} done, {words.number(to_go)} to go."
    if not is_paused(send):
        return f"{first_up(goes_on(send, zone, now))}. {figures}"
    if send.held_for is Hold.ACCOUNT:
        return f"{figures} It goes on by itself once that is mended, or when somebody presses “Go on”."
    since = " Some of these people may have got it since." if send.held_for is Hold.RESTORED else ""
    return f"{figures}{since} Nobody else gets it until somebody presses “Go on”."


def told_pause(pause: Pause, zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    """One line of a send's story: ("Paused", "By Olive, from 10:02 to 10:40")."""
    waits = "Waits" if pause.until is None else "Waited"
    named = waits if pause.why in BY_ITSELF else "Paused"
    cause = WAITED.get(pause.why, f"By {pause.by}")
    often = f", {words.number(pause.times)} times" if pause.times > 1 else ""
    begun = _moment(pause.since, zone, now)
    if pause.until is None:
        return named, f"{cause}{often}, since {begun}"
    soon = pause.until - pause.since < timedelta(days=1)
    ended = f"{pause.until.astimezone(zone):%H:%M}" if soon else _moment(pause.until, zone, now)
    return named, f"{cause}{often}, from {begun} to {ended}"


def first_up(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def at(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Within a sentence: "at 08:00", "at 08:00 tomorrow", "on Tue 3 Mar at 08:00"."""
    here, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (here.date() - today).days
    if days == 0:
        return f"at {here:%H:%M}"
    return f"at {here:%H:%M} tomorrow" if days == 1 else f"on {here:%a} {here.day} {here:%b} at {here:%H:%M}"


def _moment(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Short on the day itself, with the day otherwise."""
    here = moment.astimezone(zone)
    if here.date() == now.astimezone(zone).date():
        return f"{here:%H:%M}"
    return words.when(moment, zone, now)
