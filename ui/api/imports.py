"""Bringing in a list of customers."""

import json
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import TypeAdapter, ValidationError

from data.database import now, unit
from domain.book import importing
from domain.refusal import Kind, Refusal
from ui.api.door import LARGEST_FILE, CustomerEditor, SignedIn
from ui.api.shapes import Told

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=SignedIn)

MAPPING: Final = TypeAdapter(dict[str, str | None])
NO_BASIS: Final = "Not stated; brought in by {name} through another program"


class RowRefused(Told):
    row: int
    reason: str


class ImportTold(Told):
    import_id: int
    added: int
    updated: int
    unchanged: int
    rejected: list[RowRefused]


@router.post("/import")
def take_a_list(
    by: CustomerEditor,
    file: Annotated[UploadFile, File(description="CSV with a heading, at most 20 MB.")],
    mapping: Annotated[
        str | None, Form(description='Column to field, as JSON: {"E-Mail": "email"}. Left out: guessed.')
    ] = None,
    basis: Annotated[
        str, Form(description="Why the shop may write to these people; kept as proof.", max_length=500)
    ] = "",
) -> ImportTold:
    """Adds and updates; never subscribes anybody again."""
    raw = file.file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise Refusal("too_large", "This file is larger than 20 MB. Split it.", Kind.TOO_LARGE)
    reason = basis.strip() or NO_BASIS.format(name=by.name)
    with unit() as session:
        done = importing.take(
            session,
            raw,
            file.filename or "list.csv",
            mapping=_mapping(mapping),
            basis=reason[:200],
            by=by,
            now=now(),
        )
    return ImportTold(
        import_id=done.id,
        added=done.added,
        updated=done.updated,
        unchanged=done.unchanged,
        rejected=[RowRefused(**row) for row in done.rejected],
    )


def _mapping(text: str | None) -> dict[str, str | None] | None:
    if not text:
        return None
    try:
        return MAPPING.validate_python(json.loads(text), strict=True)
    except (ValueError, ValidationError, RecursionError):
        sentence = 'The mapping must be JSON of column and field, such as {"E-Mail": "email"}.'
        raise Refusal("malformed", sentence, Kind.MALFORMED, field="mapping") from None
