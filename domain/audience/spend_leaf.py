"""Is among those who spend most. Who spent as much as the last of them is in as well."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, select

from domain.audience.fields import bad_rule, whole
from domain.audience.leaf import Reference, inner, months, only
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.span import MOST_MONTHS, Span
from domain.book.person import Customer
from domain.book.record import CustomerRecord as R

MOST_PEOPLE = 1_000_000
GATHERED: Final = "MATERIALIZED"
BUYERS: Final = Customer.__table__.alias("buyers")


@dataclass(frozen=True, slots=True)
class SpendLeaf:
    """Either `percent` of all who bought something in that time, rounded up, or `count` of them.

    Money of different currencies can't be added: each currency has its own top.
    """

    percent: int | None
    count: int | None
    within_months: int | None
    weight: int = 3
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        spent = self._spent(look).cte().prefix_with(GATHERED)
        least = self._least(spent)
        if look.of_many:
            same = least.c.currency.is_not_distinct_from(spent.c.currency)
            top = select(spent.c.customer_id).join(least, and_(same, spent.c.spent >= least.c.spent))
            return Customer.id.in_(top)
        of_mine = least.c.currency.is_not_distinct_from(R.currency)
        enough = func.sum(R.amount) >= select(least.c.spent).where(of_mine).correlate(R).scalar_subquery()
        # Whoever bought nothing is out before anything is gathered.
        mine = self._spent(look).where(R.customer_id == Customer.id).having(enough)
        return mine.correlate(Customer).exists()

    def sentence(self, names: Names) -> str:
        who = f"{self.percent} %" if self.percent is not None else f"{self.count:,}"
        when = f" in the last {months(self.within_months)}" if self.within_months else ""
        return f"among the top {who} by spend{when}"

    def as_json(self) -> dict[str, Any]:
        made = {"percent": self.percent, "count": self.count, "within_months": self.within_months}
        return {"top_spend": {name: value for name, value in made.items() if value is not None}}

    def _spent(self, look: Look) -> Select[int, str | None, int | None]:
        """What every living customer spent in each currency; without an opened card."""
        bought = R.kind == "order", R.status.in_(("active", "done", "paused")), R.starts_at <= look.now
        lately = [R.starts_at >= Span(self.within_months, "months").back(look)] if self.within_months else []
        gone = select(BUYERS.c.id).where(BUYERS.c.deleted_at.is_not(None))
        sums = select(R.customer_id, R.currency, func.sum(R.amount).label("spent"))
        sums = sums.where(*bought, *lately, R.customer_id.not_in(gone))
        return sums.group_by(R.customer_id, R.currency).having(func.sum(R.amount) > 0)

    def _least(self, spent: CTE) -> CTE:
        """In each currency, what the one in the last place that is wanted spent."""
        of_currency = select(spent.c.currency, func.count().label("buyers")).group_by(spent.c.currency)
        buyers = of_currency.cte().prefix_with(GATHERED)
        order: Any = {"partition_by": spent.c.currency, "order_by": spent.c.spent.desc()}
        place = func.row_number().over(**order).label("place")
        placed = select(spent.c.currency, spent.c.spent, place).subquery()
        same = buyers.c.currency.is_not_distinct_from(placed.c.currency)
        wanted = func.min(self._wanted(buyers.c.buyers), buyers.c.buyers)
        last = select(placed.c.currency, placed.c.spent).join(buyers, same).where(placed.c.place == wanted)
        return last.cte().prefix_with(GATHERED)

    def _wanted(self, buyers: ColumnElement[int]) -> ColumnElement[int]:
        return literal(self.count) if self.percent is None else _rounded_up(buyers * self.percent)


def _rounded_up(hundredths: ColumnElement[int]) -> ColumnElement[int]:
    return (hundredths + 99) // 100


def read_spend(tree: dict[str, Any]) -> SpendLeaf:
    only(tree, "top_spend")
    given = inner(tree, "top_spend")
    only(given, "percent", "count", "within_months", of="top_spend")
    if ("percent" in given) == ("count" in given):
        raise bad_rule("\u201ctop_spend\u201d needs either \u201cpercent\u201d or \u201ccount\u201d.")
    within = given.get("within_months")
    return SpendLeaf(
        whole(given["percent"], "percent", 1, 100) if "percent" in given else None,
        whole(given["count"], "count", 1, MOST_PEOPLE) if "count" in given else None,
        None if within is None else whole(within, "within_months", 1, MOST_MONTHS),
    )
