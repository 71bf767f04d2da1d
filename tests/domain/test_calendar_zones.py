"""Every clock change of 2027, in every zone that has one: a time that is skipped, one that comes twice, and nine o'clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from domain.sending.calendar import appointment, resolved

YEAR: Final = 2027
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(days=7)
FEWEST: Final = 150  # zones; a smaller list of them would prove less than it says


@dataclass(frozen=True)
class Change:
    zone: ZoneInfo
    at: datetime  # the first instant (UTC) of the new offset
    before: timedelta
    after: timedelta

    @property
    def is_gap(self) -> bool:
        return self.after > self.before

    @property
    def walls(self) -> list[datetime]:
        """Wall times (naive) that do not exist, or come twice: the first, some between, the last minute."""
        last_of_old, first_of_new = self.wall(self.before), self.wall(self.after)
        first, end = sorted((last_of_old, first_of_new))
        return [first, first + MINUTE, first + (end - first) / 2, end - MINUTE]

    def wall(self, offset: timedelta) -> datetime:
        return (self.at + offset).replace(tzinfo=None)


@cache
def changes() -> list[Change]:
    return [one for key in sorted(available_timezones()) for one in changes_of(ZoneInfo(key))]


def changes_of(zone: ZoneInfo) -> Iterator[Change]:
    day, end = datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
    while day < end:
        if offset(day, zone) != offset(day + DAY, zone):
            at = first_of_new(day, zone)
            yield Change(zone, at, offset(at - MINUTE, zone), offset(at, zone))
        day += DAY


def first_of_new(day: datetime, zone: ZoneInfo) -> datetime:
    """Minute by minute: slow, and with nothing in common with the calendar's own way."""
    at = day
    while offset(at, zone) == offset(day, zone):
        at += MINUTE
    return at


def offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def test_the_changes_are_those_of_a_whole_year() -> None:
    gaps = [one for one in changes() if one.is_gap]
    folds = [one for one in changes() if not one.is_gap]
    zones = {one.zone.key for one in changes()}
    print(f"\n{len(zones)} zones change in {YEAR}: {len(gaps)} gaps, {len(folds)} folds")
    assert len(zones) >= FEWEST
    assert {one.after - one.before for one in gaps} >= {30 * MINUTE, 60 * MINUTE, 120 * MINUTE}


def test_a_time_that_the_clocks_skip_becomes_the_first_moment_after_the_gap() -> None:
    for one in (one for one in changes() if one.is_gap):
        for wall in one.walls:
            assert resolved(wall, one.zone) == one.at, f"{wall} in {one.zone}"
        before, after = one.wall(one.before) - MINUTE, one.wall(one.after)
        assert (resolved(before, one.zone), resolved(after, one.zone)) == (one.at - MINUTE, one.at), one.zone


def test_a_time_that_comes_twice_is_the_first_of_both() -> None:
    for one in (one for one in changes() if not one.is_gap):
        for wall in one.walls:
            assert resolved(wall, one.zone) == wall.replace(tzinfo=UTC) - one.before, f"{wall} in {one.zone}"
            assert resolved(wall, one.zone) < one.at
        only_once = one.wall(one.before)
        assert resolved(only_once, one.zone) == only_once.replace(tzinfo=UTC) - one.after, one.zone


def test_nine_o_clock_every_week_stays_nine_o_clock_across_the_change() -> None:
    for one in changes():
        nine = one.wall(one.before).replace(hour=9, minute=0) - WEEK
        for week in range(3):
            instant = resolved(nine + week * WEEK, one.zone)
            assert instant.astimezone(one.zone).replace(tzinfo=None) == nine + week * WEEK, one.zone
        lengths = {
            resolved(nine + (week + 1) * WEEK, one.zone) - resolved(nine + week * WEEK, one.zone)
            for week in range(2)
        }
        assert WEEK - (one.after - one.before) in lengths, f"no week of {one.zone} was longer or shorter"


def test_who_chooses_such_a_time_is_told_what_becomes_of_it() -> None:
    for one in changes():
        wall = one.walls[1]
        chosen = appointment(f"{wall:%Y-%m-%dT%H:%M}", one.zone, now=one.at - WEEK)
        said = "does not exist on that day" if one.is_gap else "comes twice on that day"
        assert said in chosen.note, one.zone
        assert (chosen.instant, chosen.zone) == (resolved(wall, one.zone), one.zone.key)
