"""What customers have or had: orders, appointments, repairs and the rest."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading, unit
from domain.book import customers, records
from ui.api.door import CustomerEditor, SignedIn, Viewer
from ui.api.shapes import Asked, Id, Listed, Moment, Told

router = APIRouter(tags=["Customers"], route_class=SignedIn)

Amount = Annotated[int | None, Field(description="In the currency's smallest unit.")]
Currency = Annotated[str | None, Field(description="Left out: the shop's own money.")]
Status = Annotated[
    str | None, Field(description="active, done, cancelled or paused. Left out: as the dates say.")
]
Grown = Annotated[str | None, Field(description="One that is new joins the shop's list.")]


class RecordChange(Asked):
    kind: str | None = None
    title: str | None = None
    category: Grown = None
    staff: Grown = None
    mode: Annotated[str | None, Field(description="in_store, online or remote.")] = None
    starts_at: str | None = None
    ends_at: str | None = None
    status: Status = None
    amount: Amount = None
    currency: Currency = None
    uses_left: int | None = None
    source: str | None = None
    external_id: Annotated[str | None, Field(description="With `source`: the same thing never twice.")] = None
    attrs: dict[str, Any] | None = None


class RecordAsked(RecordChange):
    """An order, an appointment, a repair and so on."""

    kind: str
    starts_at: str


class RecordTold(Told):
    id: int
    customer_id: int
    kind: str
    title: str
    category: str
    staff: str
    mode: str | None
    starts_at: Moment
    ends_at: Moment | None
    status: str
    amount: int | None
    currency: str | None
    uses_left: int | None
    source: str
    external_id: str | None
    attrs: dict[str, Any]
    created_at: Moment
    updated_at: Moment | None


@router.get("/customers/{customer_id}/records")
def every(customer_id: Id, by: Viewer) -> Listed[RecordTold]:
    """What lies ahead first, then back in time."""
    with reading() as session:
        customers.get(session, customer_id)
        rows = [RecordTold.of(one) for one in records.of(session, customer_id)]
    return Listed(items=rows, total=len(rows))


@router.post("/customers/{customer_id}/records", status_code=201)
def add(customer_id: Id, given: RecordAsked, by: CustomerEditor) -> RecordTold:
    with unit() as session:
        fields = {"source": "api", **given.given()}
        return RecordTold.of(records.add(session, customer_id, fields, by=by, now=now()))


@router.get("/records/{record_id}")
def read(record_id: Id, by: Viewer) -> RecordTold:
    with reading() as session:
        return RecordTold.of(records.get(session, record_id))


@router.patch("/records/{record_id}")
def change(record_id: Id, given: RecordChange, by: CustomerEditor) -> RecordTold:
    with unit() as session:
        return RecordTold.of(records.change(session, record_id, given.given(), by=by, now=now()))


@router.delete("/records/{record_id}", status_code=204)
def delete(record_id: Id, by: CustomerEditor) -> None:
    with unit() as session:
        records.delete(session, record_id, by=by, now=now())
