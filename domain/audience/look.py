"""When and where from one looks at the customer book."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Look:
    """The instant, the shop's zone, and the conditions of the segments named."""

    now: datetime
    zone: ZoneInfo
    segments: Mapping[int, ColumnElement[bool]]
    of_many: bool = True  # False asks about one customer: nothing is gathered for everybody
    practising: bool = True  # messages sent in practice count only as long as the shop practises

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The instant at which that day begins in the shop."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
