"""Tags: renamed, made one, taken away. A customer gets one by being written down with it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading, unit
from domain.book import tag_keeping
from domain.sending import retagging
from ui.api.door import CustomerEditor, SignedIn, Viewer
from ui.api.shapes import Asked, Listed, Told

router = APIRouter(prefix="/tags", tags=["Tags"], route_class=SignedIn)

Name = str


class TagChange(Asked):
    name: str
    merge: Annotated[
        bool, Field(description="If there is a tag of this name, the two become one. That can't be undone.")
    ] = False


class TagTold(Told):
    name: str
    count: Annotated[int, Field(description="How many people have it.")]


@router.get("")
def every(by: Viewer) -> Listed[TagTold]:
    with reading() as session:
        items = [TagTold(name=name, count=count) for name, count in tag_keeping.every(session)]
    return Listed(items=items, total=len(items))


@router.patch("/{name:path}")
def rename(name: Name, given: TagChange, by: CustomerEditor) -> TagTold:
    """Segments and campaigns that ask for it ask for the new name from then on."""
    with unit() as session:
        done = retagging.rename(session, name, given.name, merge=given.merge, by=by, now=now())
        count = tag_keeping.how_many(session, tag_keeping.get(session, done.name))
    return TagTold(name=done.name, count=count)


@router.delete("/{name:path}", status_code=204)
def delete(name: Name, by: CustomerEditor) -> None:
    """The tag goes, its people stay. Refused while a campaign or a segment speaks of it."""
    with unit() as session:
        retagging.delete(session, name, by=by, now=now())
