"""How the shop's facts read on screen: names and tones of states, figures, times, lists of people.

Tones are those of the pill: good, info, warn, busy, bad, mute.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Told = tuple[str, str]  # label, tone

STORAGE_TROUBLE = (
    "Handbill could not write this down: its disk may be full, or its database is busy. Nothing was changed."
)

CAMPAIGN: Mapping[str, Told] = {
    "draft": ("Draft", "mute"),
    "scheduled": ("Scheduled", "info"),
    "sending": ("Sending", "busy"),
    "sent": ("Sent", "good"),
}
DISPATCH: Mapping[str, Told] = {
    "waiting": ("About to go", "info"),
    "sending": ("Sending", "busy"),
    "paused": ("Paused", "warn"),
    "sent": ("Sent", "good"),
    "stopped": ("Stopped", "warn"),
    "failed": ("Failed", "bad"),
    "undone": ("Undone", "mute"),
}
DELIVERY: Mapping[str, Told] = {
    "queued": ("Waiting", "mute"),
    "claimed": ("On its way", "busy"),
    "handoff": ("On its way", "busy"),
    "deferred": ("Will try again", "warn"),
    "sent": ("Sent", "good"),
    "failed": ("Failed", "bad"),
    "unknown": ("Not sure", "warn"),
    "skipped": ("Skipped", "mute"),
    "cancelled": ("Cancelled", "mute"),
}
HEARD: Mapping[str, Told] = {  # of one that was sent
    "delayed": ("Delayed", "warn"),
    "returned": ("Came back for now", "bad"),
    "delivered": ("Delivered", "good"),
    "bounced": ("Came back", "bad"),
    "complained": ("Complained", "bad"),
}
MESSAGE_TYPE: Mapping[str, str] = {
    "marketing": "Marketing",
    "newsletter": "Newsletter",
    "operational": "Operational",
}
ROLE: Mapping[str, str] = {
    "owner": "Owner",
    "manager": "Manager",
    "salesperson": "Salesperson",
    "workshop": "Workshop",
    "accountant": "Accountant",
    "clock": "Handbill",
}


def told(states: Mapping[str, Told], state: str) -> Told:
    """A state nobody gave words to is shown as it is, and quietly."""
    return states.get(state, (state.replace("_", " ").capitalize(), "mute"))


def number(count: int) -> str:
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Such as "1 person", "387 people"; the plural is the singular with an s unless it is given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def people(count: int) -> str:
    return counted(count, "person", "people")


def named(first_names: Sequence[str], total: int) -> str:
    """Such as "Ana, Ben and 340 others"; without names just "342 people"."""
    shown = list(first_names[: min(2, total)])
    rest = total - len(shown)
    if not shown:
        return people(total)
    if rest > 0:
        return f"{', '.join(shown)} and {counted(rest, 'other')}"
    return " and ".join(shown)


def percent(part: int, whole: int) -> int | None:
    """In whole per cent; None where there is nothing to share."""
    return round(100 * part / whole) if whole else None


def when(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """A moment on the shop's clock, as short as it can be told: "Today, 10:00", "24 Nov, 10:00", "3 May 2025, 10:00"."""
    here = moment.astimezone(zone)
    return f"{_day(here.date(), now.astimezone(zone).date())}, {here:%H:%M}"


def within(said: str) -> str:
    """The same in the middle of a sentence: "today, 10:00". The name of a month keeps its capital."""
    return f"{said[0].lower()}{said[1:]}" if said.startswith(("Today", "Tomorrow", "Yesterday")) else said


def moment_in_full(moment: datetime, zone: ZoneInfo) -> str:
    """For a confirmation: "Tuesday 24 November 2026 at 10:00"."""
    here = moment.astimezone(zone)
    return f"{here:%A} {here.day} {here:%B %Y} at {here:%H:%M}"


def waits(end: datetime, at: datetime, zone: ZoneInfo) -> str:
    """What becomes of a message in quiet hours: "it will go out at 08:00", with the day where it is not the next time."""
    here = end.astimezone(zone)
    said = f"{here:%H:%M}"
    return (
        f"it will go out at {said}"
        if end - at < timedelta(days=1)
        else f"it will go out on {here:%A} at {said}"
    )


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def ago(moment: datetime, now: datetime) -> str:
    """How long since: "just now", "4 min ago", "3 h ago", "2 days ago"."""
    gone = now.astimezone(UTC) - moment.astimezone(UTC)
    if gone < timedelta(minutes=1):
        return "just now"
    if gone < timedelta(hours=1):
        return f"{gone.seconds // 60} min ago"
    if gone < timedelta(days=1):
        return f"{gone.seconds // 3600} h ago"
    return f"{counted(gone.days, 'day')} ago"


def lasting(seconds: float) -> str:
    """How long it will take, roughly: "a few seconds", "about 40 s", "about 3 min", "about 2 h"."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"


def _day(day_: date, today: date) -> str:
    near = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}.get((day_ - today).days)
    if near:
        return near
    return f"{day_.day} {day_:%b}" if day_.year == today.year else f"{day_.day} {day_:%b %Y}"
