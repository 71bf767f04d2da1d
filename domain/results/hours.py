"""When people open what the shop sends, on the shop's clock. A few openings tell nothing, and that is said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from domain.ledger.engagement import Engagement

T = TypeVar("T")

BLOCK: Final = 3  # hours; finer would be read as more than it is
ENOUGH: Final = 50  # openings, before an hour is called the best
HALF_HOUR: Final = 1_800  # seconds: zones lie half an hour apart at the finest that matters here
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Hours:
    """First openings by people, never by machines. `blocks` by their first hour, `days` from Monday on."""

    total: int
    blocks: dict[int, int]
    days: dict[str, int]

    @property
    def are_enough(self) -> bool:
        return self.total >= ENOUGH

    @property
    def best_block(self) -> int | None:
        return _best(self.blocks) if self.are_enough else None

    @property
    def best_day(self) -> str | None:
        return _best(self.days) if self.are_enough else None


def hours(session: Session, dispatch_ids: Sequence[int], zone: ZoneInfo) -> Hours:
    slot = cast(func.strftime("%s", Engagement.opened_at), Integer).op("/")(HALF_HOUR)
    rows = session.execute(
        select(slot, func.count())
        .where(Engagement.dispatch_id.in_(dispatch_ids), Engagement.opened_at.is_not(None))
        .group_by(slot)
    )
    blocks, days = Counter(dict.fromkeys(range(0, 24, BLOCK), 0)), Counter(dict.fromkeys(DAYS, 0))
    for number, count in rows:
        here = datetime.fromtimestamp(number * HALF_HOUR, UTC).astimezone(zone)
        blocks[here.hour // BLOCK * BLOCK] += count
        days[DAYS[here.weekday()]] += count
    return Hours(blocks.total(), dict(blocks), dict(days))


def _best(counts: dict[T, int]) -> T | None:
    """None where two share the first place: then none is the best."""
    first, *others = sorted(counts, key=lambda key: counts[key], reverse=True)
    return first if counts[first] > counts[others[0]] else None
