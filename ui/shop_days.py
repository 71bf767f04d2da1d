"""Days as forms and addresses hold them, 2026-11-21, and the moments at which they begin in the shop's zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.refusal import invalid
from domain.shop.shop import read as read_shop


def midnight(day: str, zone: ZoneInfo, field: str, days: int = 0) -> datetime | None:
    """When that day of the shop begins, or the one so many `days` after it. None where nothing was given.

    Raises Refusal about `field`.
    """
    if not day.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(day.strip()) + timedelta(days=days), time.min, zone)
    except (ValueError, OverflowError):
        raise invalid(field, "This is no day. Write it as 2026-11-21.") from None


def day_back(days: int) -> str:
    """The first of that many days, today being the last of them."""
    with reading() as session:
        zone = read_shop(session).zone
    return (now().astimezone(zone).date() - timedelta(days=days - 1)).isoformat()
