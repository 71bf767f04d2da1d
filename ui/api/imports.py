"""Bringing in a list, looking at what became of it, and taking it back."""

import json
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import Field, TypeAdapter, ValidationError

from data.database import reading
from domain.book import agreeing, imports, undoing
from domain.book.columns import CUSTOMERS
from domain.book.imports import Import
from domain.book.table_file import MOST_BYTES
from domain.refusal import Kind, Refusal, missing
from jobs import importing
from ui.api.door import CustomerEditor, SignedIn
from ui.api.shapes import Asked, Cursor, Id, Limit, Listed, Moment, Told, read_number

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=SignedIn)

MAPPING: Final = TypeAdapter(dict[str, str | None])
NO_BASIS: Final = "Not stated; brought in by {name} through another program"
PATIENCE: Final = 8.0  # seconds; a program that hears nothing for longer gives up
CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}}, "description": "The rows as they were, each with its reason."}
}


class Agreed(Asked):
    """What the yeses of a list to WhatsApp rest on. Without `how` nobody is opted in; a no in the list always counts."""

    how: Annotated[str, Field(description="How they agreed; kept as proof.", max_length=300)] = ""
    day: Annotated[
        str, Field(description="When, as 2026-05-31; of several days the first. A no since then stays.")
    ] = ""
    words: Annotated[str, Field(description="The words they saw.", max_length=1_000)] = ""
    everybody: Annotated[bool, Field(description="Not only who is marked in the list.")] = False


class ImportOptions(Asked):
    """How a file is meant where it doesn't say so by itself."""

    dates: Annotated[str | None, Field(description="day_first or month_first.")] = None
    numbers: Annotated[str | None, Field(description="comma or point.")] = None
    sheet: Annotated[str | None, Field(description="Which one of a workbook.")] = None
    add_unknown: Annotated[bool, Field(description="Records of unknown people add those people.")] = False
    whatsapp: Annotated[Agreed | None, Field(description="How its people agreed to WhatsApp.")] = None


class RowRefused(Told):
    row: int
    reason: str


class ImportRow(Told):
    import_id: int
    file_name: str
    kind: Annotated[str, Field(description="customers, or the kind of its records.")]
    state: Annotated[str, Field(description="running, done, failed, undoing or undone.")]
    total: Annotated[int, Field(description="People or records that the file holds.")]
    done: Annotated[int, Field(description="Of them, how far it came.")]
    added: int
    updated: int
    unchanged: int
    refused: Annotated[int, Field(description="Rows that were not taken.")]
    error: str
    created_at: Moment
    finished_at: Moment | None
    undone_at: Moment | None


class WhatsAppTold(Told):
    claimed: Annotated[int, Field(description="People who agreed, as the list or its bringer says.")]
    agreed: Annotated[int, Field(description="Of them, who were opted in.")]
    held: Annotated[int, Field(description="Who had said no, and nothing shows that the yes came later.")]
    nowhere: Annotated[int, Field(description="Of whom no number is known.")]
    refused: Annotated[int, Field(description="People who were marked as wanting none.")]


class ImportTold(ImportRow):
    whatsapp: WhatsAppTold
    rejected: Annotated[list[RowRefused], Field(description="Why, for the first of the refused rows.")]


class Kept(Told):
    customer_id: int
    why: str


class Undone(Told):
    import_id: int
    state: str
    undone: Annotated[int, Field(description="People and records that went, or got back what stood there.")]
    stay: Annotated[int, Field(description="People who stay as they are now.")]
    kept: Annotated[list[Kept], Field(description="The first of those who stay, and why.")]


@router.post("/import", responses={202: {"model": ImportTold, "description": "It is still running."}})
def take_a_list(
    by: CustomerEditor,
    response: Response,
    file: Annotated[UploadFile, File(description="A table with a heading: CSV, XLSX or ODS.")],
    mapping: Annotated[
        str | None, Form(description='Column to field, as JSON: {"E-Mail": "email"}. Left out: guessed.')
    ] = None,
    basis: Annotated[
        str, Form(description="Why the shop may write to these people; kept as proof.", max_length=500)
    ] = "",
    kind: Annotated[str, Form(description="customers, or a kind of record such as order.")] = CUSTOMERS,
    options: Annotated[
        str | None,
        Form(
            description="How the file is meant, as JSON of dates, numbers, sheet, addUnknown, whatsapp: "
            '{"dates": "day_first", "whatsapp": {"how": "Ticked the box on our form", "day": "2026-05-31"}}.'
        ),
    ] = None,
) -> ImportTold:
    """Adds and updates; never subscribes anybody again. A large list is answered with 202 while it is still running."""
    raw = file.file.read(MOST_BYTES + 1)  # what is more is refused where it is read
    reason = basis.strip() or NO_BASIS.format(name=by.name)
    entry = importing.begin(
        raw,
        file.filename or "list.csv",
        kind=kind,
        mapping=_mapping(mapping),
        options=_options(options),
        basis=reason[:200],
        by=by,
    )
    entry = importing.wait(entry.id, by, PATIENCE)
    response.status_code = 202 if entry.is_open else 200
    return _told(entry)


@router.get("/imports")
def list_imports(by: CustomerEditor, limit: Limit = 50, cursor: Cursor = None) -> Listed[ImportRow]:
    """The latest first."""
    with reading() as session:
        rows = imports.latest(session, by=by, limit=limit + 1, before=read_number(cursor))
        total = imports.how_many(session)
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return Listed(items=[ImportRow(**_row(row)) for row in rows[:limit]], next_cursor=more, total=total)


@router.get("/imports/{import_id}")
def get_import(by: CustomerEditor, import_id: Id) -> ImportTold:
    with reading() as session:
        return _told(imports.get(session, import_id, by=by))


@router.get("/imports/{import_id}/refused", responses=CSV)
def download_refused_rows(by: CustomerEditor, import_id: Id) -> Response:
    """To be corrected and brought in again; kept for thirty days."""
    with reading() as session:
        content = importing.refused_file(imports.get(session, import_id, by=by))
    if content is None:
        raise missing("list of refused rows")
    told = {"Content-Disposition": 'attachment; filename="rows-to-correct.csv"'}
    return Response(content, media_type="text/csv", headers=told)


@router.post(
    "/imports/{import_id}/undo", responses={202: {"model": Undone, "description": "It is under way."}}
)
def take_back(by: CustomerEditor, response: Response, import_id: Id) -> Undone:
    """Within thirty days. Who was changed since, or got a message, stays as they are."""
    importing.take_back(import_id, by)
    entry = importing.wait(import_id, by, PATIENCE)
    response.status_code = 202 if entry.is_open else 200
    told = entry.outcome
    return Undone(
        import_id=entry.id,
        state=entry.state,
        undone=told["removed"] + told["restored"],
        stay=told["stay"],
        kept=[Kept(customer_id=one["customerId"], why=undoing.WHY[one["why"]]) for one in told["kept"]],
    )


def _told(entry: Import) -> ImportTold:
    rejected = [RowRefused(**row) for row in entry.rejected]
    return ImportTold(
        **_row(entry), rejected=rejected, whatsapp=WhatsAppTold(**asdict(agreeing.told_of(entry)))
    )


def _row(entry: Import) -> dict[str, Any]:
    names = ImportRow.model_fields.keys() - {"import_id"}
    return {"import_id": entry.id, **{name: getattr(entry, name) for name in names}}


def _options(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        return ImportOptions.model_validate(json.loads(text)).given()
    except (ValueError, ValidationError, RecursionError):
        raise _malformed("options", '{"dates": "day_first"}') from None


def _mapping(text: str | None) -> dict[str, str | None] | None:
    if not text:
        return None
    try:
        return MAPPING.validate_python(json.loads(text), strict=True)
    except (ValueError, ValidationError, RecursionError):
        raise _malformed("mapping", '{"E-Mail": "email"}') from None


def _malformed(name: str, example: str) -> Refusal:
    return Refusal("malformed", f"The {name} must be JSON such as {example}.", Kind.MALFORMED, field=name)
