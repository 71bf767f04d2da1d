"""What messages by WhatsApp cost, about: from a dated list beside this file, never from a rule."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("whatsapp_prices.csv")
AS_OF: Final = "# as of "
FREE: Final = ("", "SERVICE")
LONGEST_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """`amount` in ten-thousandths of a US dollar. Some of it is paid only when it arrives."""

    amount: int
    as_of: date

    @property
    def words(self) -> str:
        """About 12.40 US dollars; what is less than a cent is one."""
        cents = -(-self.amount // 100)
        return f"about {cents // 100:,}.{cents % 100:02} US dollars"


@dataclass(frozen=True, slots=True)
class Prices:
    as_of: date
    by_code: Mapping[str, Mapping[str, int]]  # of the country; "" for all others

    def of(self, number: str, category: str) -> int:
        """`number` or its beginning, with +."""
        digits = number.lstrip("+")
        known = (digits[:length] for length in range(LONGEST_CODE, 0, -1))
        code = next((one for one in known if one in self.by_code), "")
        return self.by_code[code]["utility" if category.upper() != "MARKETING" else "marketing"]


def cost(beginnings: Iterable[tuple[str, int]], category: str) -> Cost:
    """`beginnings` of numbers, and how many begin so."""
    prices = listed()
    if category.upper() in FREE:
        return Cost(0, prices.as_of)
    return Cost(sum(prices.of(one, category) * many for one, many in beginnings), prices.as_of)


@cache
def listed() -> Prices:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    dated = next(line for line in lines if line.startswith(AS_OF))
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    found = {row["code"]: {name: int(row[name]) for name in ("marketing", "utility")} for row in rows}
    return Prices(date.fromisoformat(dated.removeprefix(AS_OF)[:10]), found)
