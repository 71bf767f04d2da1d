"""The audit log for the owner's programs: who did what and when, with what was before and after."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from data.database import reading
from domain.sending import trail
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui import audit_files
from ui.api.door import Owner, SignedIn
from ui.api.shapes import Cursor, Limit, Listed, Moment, Search, Told, Word, read_number
from ui.audit_files import Form, Wanted

router = APIRouter(prefix="/audit", tags=["Audit log"], route_class=SignedIn)

FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {}, "application/json": {}},
        "description": "A file, written while it is read.",
    }
}
Day = Annotated[str, Query(max_length=10, description="A day of the shop's clock, as 2026-11-21; included.")]
APerson = Annotated[
    str, Query(max_length=18, description="A user's number; 0 for what nobody who was signed in did.")
]
AThing = Annotated[
    str,
    Query(max_length=20, description="campaign, dispatch, delivery, customer, segment, template, group ..."),
]
Part = Annotated[
    str, Query(max_length=20, description="campaigns, sends, customers, groups, settings, people or refused.")
]
ANumber = Annotated[str, Query(max_length=18, description="Of the thing that `kind` names.")]


class WhoTold(Told):
    id: int | None
    name: str
    role: str
    via: str
    address: str


class SubjectTold(Told):
    kind: str | None
    id: int | None
    name: str


class EntryTold(Told):
    id: int
    at: Moment
    action: str
    sentence: Annotated[str, Field(description="In plain words.")]
    who: WhoTold
    subject: SubjectTold
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@router.get("")
def list_entries(
    by: Owner,
    search: Search = "",
    person: APerson = "",
    part: Part = "",
    action: Word = None,
    since: Day = "",
    until: Day = "",
    kind: AThing = "",
    number: ANumber = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[EntryTold]:
    """Newest first. `action` is a whole one, such as campaign.launched, or the first part of one."""
    wanted = Wanted(search, person, part, since, until, kind, number, action or "")
    return _listed(wanted, limit, read_number(cursor), by)


@router.get("/export", responses=FILE, response_class=StreamingResponse)
def export(
    by: Owner,
    file_format: Annotated[Form, Query(alias="format")] = "csv",
    search: Search = "",
    person: APerson = "",
    part: Part = "",
    since: Day = "",
    until: Day = "",
    kind: AThing = "",
    number: ANumber = "",
) -> StreamingResponse:
    """All that fits. Cells that a spreadsheet would work out begin with an apostrophe."""
    return audit_files.file(file_format, Wanted(search, person, part, since, until, kind, number), by)


def _listed(wanted: Wanted, limit: int, before: int | None, by: Actor) -> Listed[EntryTold]:
    with reading() as session:
        asked = wanted.asked(read_shop(session).zone)
        rows = trail.listed(session, asked, by=by, before=before, limit=limit + 1)
        total = trail.how_many(session, asked, by=by)
    shown = rows[:limit]
    return Listed(
        items=[EntryTold.model_validate(audit_files.as_told(line)) for line in shown],
        next_cursor=str(shown[-1].entry.id) if len(rows) > limit else None,
        total=total,
    )
