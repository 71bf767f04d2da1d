"""The time zones of the world, by the names that people choose from."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from domain.refusal import invalid


@cache
def every() -> frozenset[str]:
    """Asked of the folder of zones once; each time anew it would cost more than all the rest of a form."""
    return frozenset(available_timezones())


def known(name: str) -> ZoneInfo:
    """Raises Refusal."""
    try:
        if name in every():
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):  # in the list, and its file can't be read
        pass
    raise invalid("timezone", "This time zone is not known. Choose one such as Europe/London.")
