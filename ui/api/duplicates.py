"""Customers who may be one person."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers, duplicates
from domain.book.likeness import Suggestion
from ui.api.door import CustomerEditor, SignedIn, Viewer
from ui.api.shapes import AnId, Asked, Limit, Listed, Told

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=SignedIn)


class CardTold(Told):
    id: int
    name: str
    email: str
    phone: str
    postcode: str


class PairTold(Told):
    first: CardTold
    second: CardTold
    score: Annotated[int, Field(description="Of 100; how likely the two are one person.")]
    reason: Annotated[str, Field(description="What they have in common, in words.")]


class TwoAsked(Asked):
    first_id: AnId
    second_id: AnId


@router.get("/duplicates")
def every(
    by: Viewer,
    limit: Limit = 100,
    customer: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="Only those who may be this one.")
    ] = None,
) -> Listed[PairTold]:
    """The likeliest first. A suggestion only: `POST customers/{id}/merge` makes two one."""
    with reading() as session:
        found = (
            duplicates.suggest(session, most=limit)
            if customer is None
            else duplicates.of(session, customer, most=limit)
        )
        items = [_told(session, one) for one in found]
    return Listed(items=items, total=len(items))


@router.post("/duplicates/different", status_code=204)
def different(given: TwoAsked, by: CustomerEditor) -> None:
    """These two are not one person, and are not suggested again."""
    with unit() as session:
        duplicates.different(session, given.first_id, given.second_id, by=by, now=now())


def _told(session: Session, one: Suggestion) -> PairTold:
    first, second = (_card(session, number) for number in (one.first_id, one.second_id))
    return PairTold(first=first, second=second, score=one.score, reason=one.reason)


def _card(session: Session, customer_id: int) -> CardTold:
    one = customers.get(session, customer_id)
    return CardTold(id=one.id, name=one.shown_name, email=one.email, phone=one.phone, postcode=one.postcode)
