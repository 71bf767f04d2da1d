"""What a message may say about a person: the values of the merge fields."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import String, func, select, true
from sqlalchemy.orm import Session

from data.prepared import Prepared, slot
from domain.book.customers import Customer

COLUMNS = (
    Customer.id,
    Customer.first_name,
    Customer.last_name,
    Customer.company,
    Customer.email,
    Customer.phone,
    Customer.attrs,
)


def values_of(session: Session, customer_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """For each customer the merge fields by name; shop-wide ones are added when a message is compiled."""
    rows: Sequence[Any] = _looking_up().run(session, ids=json.dumps(list(customer_ids))).fetchall()
    return {row[0]: _values(*row[1:]) for row in rows}


def own_fields(session: Session) -> frozenset[str]:
    """The names of the shop's own fields that at least one customer has."""
    keys = func.json_each(Customer.attrs).table_valued("key")
    return frozenset(session.scalars(select(keys.c.key).select_from(Customer).join(keys, true()).distinct()))


@cache
def _looking_up() -> Prepared:
    wanted = func.json_each(slot("ids", String)).table_valued("value", name="wanted")
    return Prepared(select(*COLUMNS).where(Customer.id.in_(select(wanted.c.value))))


def _values(first: str, last: str, company: str, email: str, phone: str, attrs: str | None) -> dict[str, Any]:
    return {
        "firstName": first,
        "lastName": last,
        "fullName": f"{first} {last}".strip(),
        "companyName": company,
        "email": email,
        "phone": phone,
        "attrs": (json.loads(attrs) or {}) if attrs and attrs != "{}" else {},
    }
