"""What was deleted and is not gone yet: to look at, to put back, to remove for good. For the owner."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading, unit
from domain.sending import purging
from ui.api.door import Owner, SignedIn
from ui.api.shapes import Id, Listed, Moment, Told

router = APIRouter(prefix="/settings/deleted", tags=["Settings"], route_class=SignedIn)

Sort = Literal["campaign", "one_shot", "template", "segment"]


class DeletedTold(Told):
    kind: str
    id: int
    name: str
    deleted_at: Moment
    goes_at: Annotated[Moment | None, Field(description="When it goes for good by itself. Null: never.")]


class PurgedTold(Told):
    campaigns: int
    one_shots: int
    templates: int
    segments: int


@router.get("")
def list_deleted(by: Owner) -> Listed[DeletedTold]:
    with reading() as session:
        found = purging.waiting(session, by=by)
    return Listed(items=[DeletedTold.of(one) for one in found], total=len(found))


@router.post("/{kind}/{thing_id}/put-back", status_code=204)
def put_back(kind: Sort, thing_id: Id, by: Owner) -> None:
    """Into the lists again. A campaign that had a schedule is a draft."""
    with unit() as session:
        purging.put_back(session, kind, thing_id, by=by, now=now())


@router.post("/purge")
def purge(by: Owner) -> PurgedTold:
    """All of it for good: what was written goes, every figure and the ledger of consent stay. It can't be undone."""
    with unit() as session:
        return PurgedTold.of(purging.purge_all(session, by=by, now=now()))
