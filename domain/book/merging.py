"""What a message may say about a person: the values of the merge fields."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

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
    rows = session.execute(select(*COLUMNS).where(Customer.id.in_(list(customer_ids))))
    return {row.id: _values(row) for row in rows}


def own_fields(session: Session) -> frozenset[str]:
    """The names of the shop's own fields that at least one customer has."""
    keys = func.json_each(Customer.attrs).table_valued("key")
    return frozenset(session.scalars(select(keys.c.key).select_from(Customer).join(keys, true()).distinct()))


def _values(row: Any) -> dict[str, Any]:
    return {
        "firstName": row.first_name,
        "lastName": row.last_name,
        "fullName": f"{row.first_name} {row.last_name}".strip(),
        "companyName": row.company,
        "email": row.email,
        "phone": row.phone,
        "attrs": row.attrs or {},
    }
