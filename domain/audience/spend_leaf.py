"""Is among those who spend most. Who spent as much as the last of them is in as well."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, func, select

from domain.audience.fields import bad_rule, whole
from domain.audience.leaf import Reference, inner, months, only
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.span import MOST_MONTHS, Span
from domain.book.person import Customer
from domain.book.record import CustomerRecord

MOST_PEOPLE = 1_000_000
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
        ranked = _ranked(self._spent(look))
        wanted = self.count if self.percent is None else _rounded_up(ranked.c.buyers * self.percent)
        return Customer.id.in_(select(ranked.c.customer_id).where(ranked.c.place <= wanted))

    def sentence(self, names: Names) -> str:
        who = f"{self.percent} %" if self.percent is not None else f"{self.count:,}"
        when = f" in the last {months(self.within_months)}" if self.within_months else ""
        return f"among the top {who} by spend{when}"

    def as_json(self) -> dict[str, Any]:
        made = {"percent": self.percent, "count": self.count, "within_months": self.within_months}
        return {"top_spend": {name: value for name, value in made.items() if value is not None}}

    def _spent(self, look: Look) -> Subquery:
        R = CustomerRecord
        bought = R.kind == "order", R.status.in_(("active", "done", "paused")), R.starts_at <= look.now
        lately = [R.starts_at >= Span(self.within_months, "months").back(look)] if self.within_months else []
        sums = select(R.customer_id, R.currency, func.sum(R.amount).label("spent")).where(*bought, *lately)
        by_customer = (
            sums.group_by(R.customer_id, R.currency).having(func.sum(R.amount) > 0).subquery("spent")
        )
        alive = select(by_customer).join(BUYERS, BUYERS.c.id == by_customer.c.customer_id)
        return alive.where(BUYERS.c.deleted_at.is_(None)).subquery("buyers_spent")


def _ranked(spent: Subquery) -> Subquery:
    """Both windows have the same frame, so that SQLite sorts once."""

    frame: Any = {
        "partition_by": spent.c.currency,
        "order_by": spent.c.spent.desc(),
        "rows": (None, None),
    }
    place, buyers = func.rank().over(**frame), func.count().over(**frame)
    return select(spent.c.customer_id, place.label("place"), buyers.label("buyers")).subquery("ranked")


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
