"""Wall-clock times and instants, where clocks jump twice a year. Pure: no clock is read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.refusal import Refusal, invalid
from domain.shop.sending_rules import Quiet as Quiet  # a setting of the shop; how it runs is said here

GRACE = timedelta(hours=6)  # a schedule later than this asks instead of sending
LATE_AFTER = timedelta(seconds=60)  # a start later than this is explained
FARTHEST = timedelta(days=366 * 3)
DAY = timedelta(days=1)  # no two clocks of the world are further apart
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Appointment:
    """A moment that was chosen on a wall clock. `note` says what the clock change did to it, if anything."""

    instant: datetime
    wall: str  # "2026-12-01T09:00" as typed
    zone: str
    note: str = ""


def appointment(wall: str, zone: ZoneInfo, *, now: datetime) -> Appointment:
    """Raises Refusal for text that is no time, a past moment, or one too far away. A text with an offset is exact.

    A time that the clocks skip becomes the first moment after the gap; one that comes twice is the first of both.
    """
    typed = _parsed(wall)
    if typed.tzinfo is not None:
        return _at_instant(typed, zone, now)
    _require_near(
        typed.replace(tzinfo=UTC), now, DAY
    )  # before anything is reckoned with it: years have an end
    instant = resolved(typed, zone)
    _require_near(instant, now)
    return Appointment(instant, f"{typed:%Y-%m-%dT%H:%M}", zone.key, _note(typed, instant, zone))


def resolved(typed: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a naive wall-clock time."""
    first = typed.replace(tzinfo=zone, fold=0)
    if _exists(typed, zone):
        return first.astimezone(UTC)
    return _end_of_gap(typed, zone)


def shown(instant: datetime, zone: ZoneInfo) -> str:
    """ "Tue 1 Dec 2026, 09:00" on the shop's wall."""
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def quiet_until(quiet: Quiet, zone: ZoneInfo, now: datetime) -> datetime | None:
    """None: not quiet now. Otherwise the moment (UTC) at which marketing goes on.

    A night over midnight, a Sunday and the nights beside it are one span. Where the clocks jump, a span begins and
    ends with the first moment of its wall-clock time, or with the first after the gap.
    """
    quiet_end = None
    for start, end in _spans(quiet, zone, now.astimezone(zone)):
        if start <= (quiet_end or now) < end:
            quiet_end = end
    return quiet_end


def late_sentence(due: datetime, started: datetime, causes: Sequence[str]) -> str:
    """Why a scheduled send began late; empty where it was on time. The causes are half sentences, the first one first."""
    if started - due <= LATE_AFTER:
        return ""
    why = ", and ".join(causes) or "Handbill was busy or held up at that time"
    return f"Started {_span(started - due)} late: {why}."


def _spans(quiet: Quiet, zone: ZoneInfo, here: datetime) -> list[tuple[datetime, datetime]]:
    """All quiet spans (UTC) near a moment, the earliest first."""
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    on_the_wall: list[tuple[datetime, datetime]] = []
    for day in (midnight + step * DAY for step in range(-2, 4)):
        if quiet.hours:
            from_minute, until_minute = (timedelta(minutes=minute) for minute in quiet.hours)
            over_midnight = DAY if until_minute < from_minute else timedelta(0)
            on_the_wall.append((day + from_minute, day + over_midnight + until_minute))
        if quiet.sundays and day.weekday() == SUNDAY:
            on_the_wall.append((day, day + DAY))
    return sorted((resolved(start, zone), resolved(end, zone)) for start, end in on_the_wall)


def _at_instant(typed: datetime, zone: ZoneInfo, now: datetime) -> Appointment:
    """The offset says exactly when; the zone is only for showing it."""
    _require_near(typed.replace(tzinfo=UTC), now, DAY)
    _require_near(typed, now)
    return Appointment(typed.astimezone(UTC), f"{typed.astimezone(zone):%Y-%m-%dT%H:%M}", zone.key)


def _require_near(moment: datetime, now: datetime, play: timedelta = timedelta(0)) -> None:
    if moment <= now - play:
        raise Refusal(
            "in_the_past",
            "That moment has passed. Choose a time in the future, or send now.",
            field="startAt",
        )
    if moment - now > FARTHEST + play:
        raise invalid("startAt", "That is more than three years away. Choose a nearer date.")


def _parsed(wall: str) -> datetime:
    try:
        typed = datetime.fromisoformat(wall.strip())
    except ValueError:
        raise invalid(
            "startAt",
            "This is not a date and time. Use a form such as 2026-12-01T09:00.",
        ) from None
    return typed


def _exists(typed: datetime, zone: ZoneInfo) -> bool:
    there = typed.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return there.astimezone(zone).replace(tzinfo=None) == typed


def _end_of_gap(typed: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the jump, found by halving: the offset before it differs from the one after."""
    before = (typed - timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    after = (typed + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) > typed:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0) if after.microsecond == 0 else _next_second(before)


def _next_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _note(typed: datetime, instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone).replace(tzinfo=None)
    if local != typed:
        return f"{typed:%H:%M} does not exist on that day, because the clocks go forward. It will be sent at {local:%H:%M}."
    if typed.replace(tzinfo=zone, fold=1).utcoffset() != typed.replace(tzinfo=zone, fold=0).utcoffset():
        return f"{typed:%H:%M} comes twice on that day, because the clocks go back. It will be sent at the first of the two."
    return ""


def _span(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
