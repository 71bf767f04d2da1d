"""When something happened, as files write it: a day, with or without a time of day and a zone. Pure."""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from domain.book.days import LONGEST, read_day
from domain.refusal import invalid

# The time of day behind a day, with what stands between and after it.
TIME: Final = re.compile(
    r"(?:[T ,]|^)\s*(?:at |um |à |om |a las )?(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?:\s*\(?[A-Z]{2,5}\)?)?$",
    re.IGNORECASE,
)
STAMP: Final = re.compile(r"1\d{9}|1\d{12}")  # seconds or milliseconds since 1970


def read_moment(text: str, zone: str, *, field: str, day_first: bool = True, latest: int = 2200) -> datetime:
    """In UTC. What names no zone is meant on the shop's wall; what names no time of day is its noon, the same day everywhere
    near.
    """
    if STAMP.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if len(text) > LONGEST:
        raise invalid(field, f"'{text[:30]}' is not a moment")
    found = TIME.search(text)
    day = read_day(
        (text[: found.start()] if found else text).strip(" ,"),
        field=field,
        day_first=day_first,
        latest=latest,
    )
    if day.year is None:
        raise invalid(field, f"'{text[:30]}' has no year")
    try:
        at = _time_of(found) if found else time(12)
        moment = datetime(
            day.year, day.month, day.day, at.hour, at.minute, at.second, tzinfo=_zone_of(found, zone)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(field, f"'{text[:30]}' is not a moment") from None


def with_time(day: str, time_of_day: str) -> str:
    """Two columns as one text, where the second has a time in it."""
    if len(day) + len(time_of_day) >= LONGEST:
        return day
    return f"{day} {time_of_day}" if TIME.search(time_of_day) and not TIME.search(day) else day


def _time_of(found: re.Match[str]) -> time:
    hour, half = int(found[1]), (found[4] or "").casefold()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, int(found[2]), int(found[3] or 0))


def _zone_of(found: re.Match[str] | None, zone: str) -> timezone | ZoneInfo:
    named = (found[5] or "").upper() if found else ""
    if not named:
        return _known(zone)
    if named in ("Z", "UTC", "GMT"):
        return UTC
    minutes = int(named[1:3]) * 60 + int(named[-2:])
    return timezone(timedelta(minutes=-minutes if named[0] == "-" else minutes))


@lru_cache(maxsize=8)
def _known(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)
