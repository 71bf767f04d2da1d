"""When and where from one looks at the customer book."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Look:
    """The instant, the shop's zone, and the conditions of the segments named."""

    now: datetime
    zone: ZoneInfo
    segments: Mapping[int, ColumnElement[bool]]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()
