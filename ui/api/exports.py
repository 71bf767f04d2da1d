"""Everything to take away."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from domain.book.exporting import What
from domain.book.search import Narrowing
from ui import exports
from ui.api.door import CustomerEditor, SignedIn
from ui.api.shapes import AGroup, Id, Search, Word
from ui.exports import Form

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=SignedIn)

FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {}, "application/json": {}},
        "description": "A file, written while it is read.",
    }
}


@router.get("/export", responses=FILE, response_class=StreamingResponse)
def book(
    by: CustomerEditor,
    file_format: Annotated[
        Form, Query(alias="format", description="json: each person with everything.")
    ] = "csv",
    what: Annotated[
        What,
        Query(
            description="For csv: one line for each customer, each record, each thing they said about mail, each message, or each answer."
        ),
    ] = "customers",
    search: Search = "",
    status: Word = None,
    tag: Word = None,
    group: AGroup = None,
) -> StreamingResponse:
    """The whole book, or those whom `/customers` lists for the same filters.

    Cells that a spreadsheet would work out begin with an apostrophe.
    """
    narrowed = Narrowing(search, status, tag, group)
    return exports.book(file_format, "customers" if file_format == "json" else what, by, narrowed)


@router.get("/{customer_id}/export", responses=FILE, response_class=StreamingResponse)
def one(customer_id: Id, by: CustomerEditor) -> StreamingResponse:
    """All that is known about one person, as JSON, for them to read."""
    return exports.one(customer_id, by)
