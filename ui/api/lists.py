"""The shop's own lists: statuses, categories, staff on records, kinds of records, and own fields."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.audience.names import Thing
from domain.book import categories, own_fields, record_kinds, staff, statuses
from domain.book.own_fields import OwnField
from domain.sending import uses
from ui.api.door import Owner, SignedIn, Viewer
from ui.api.shapes import Asked, Listed, Told

router = APIRouter(prefix="/settings", tags=["Settings"], route_class=SignedIn)

Key = str
Replacement = Annotated[
    str | None, Query(max_length=60, description="What records get in its place; needed while any has it.")
]


class StatusTold(Told):
    key: str
    label: str
    is_active: Annotated[bool, Field(description="Whether the shop counts these people as active.")]


class WordAsked(Asked):
    label: str


class CategoryAsked(WordAsked):
    parent: Annotated[str | None, Field(description="The key of another one above it; one level only.")] = (
        None
    )


class CategoryChange(Asked):
    label: str | None = None
    parent: str | None = None


class WordTold(Told):
    key: str
    label: str
    records: Annotated[int, Field(description="How many records have it.")]


class CategoryTold(WordTold):
    parent: str | None


class KindAsked(Asked):
    label: str
    has_end: bool = False
    icon: str | None = None
    colour: Annotated[str | None, Field(description=", ".join(record_kinds.COLOURS))] = None


class KindChange(Asked):
    label: str | None = None
    has_end: bool | None = None
    icon: str | None = None
    colour: str | None = None


class KindTold(Told):
    key: str
    label: str
    has_end: bool
    icon: str
    colour: str


class FieldAsked(Asked):
    label: str
    sort: Annotated[str, Field(description=", ".join(own_fields.SORTS))] = "text"
    choices: list[str] = Field(default_factory=list, max_length=200)
    key: Annotated[str | None, Field(description="One that values in the book have already.")] = None


class FieldChange(Asked):
    label: str | None = None
    sort: str | None = None
    choices: Annotated[list[str] | None, Field(max_length=200)] = None


class FieldTold(Told):
    key: str
    label: str
    sort: str
    choices: list[str]
    unfit: Annotated[int, Field(description="How many customers have a value from before that does not fit.")]


@router.get("/statuses")
def every_status(by: Viewer) -> Listed[StatusTold]:
    with reading() as session:
        items = [StatusTold.of(one) for one in statuses.every(session)]
    return Listed(items=items, total=len(items))


@router.get("/categories")
def every_category(by: Viewer) -> Listed[CategoryTold]:
    with reading() as session:
        counts = categories.counts(session)
        items = [_category(one, counts) for one in categories.every(session)]
    return Listed(items=items, total=len(items))


@router.post("/categories", status_code=201)
def add_category(given: CategoryAsked, by: Owner) -> CategoryTold:
    with unit() as session:
        return _category(categories.add(session, given.label, parent=given.parent, by=by, now=now()), {})


@router.patch("/categories/{key}")
def change_category(key: Key, given: CategoryChange, by: Owner) -> CategoryTold:
    with unit() as session:
        if given.label is not None:
            categories.rename(session, key, given.label, by=by, now=now())
        if "parent" in given.model_fields_set:
            categories.nest(session, key, given.parent, by=by, now=now())
        return _category(categories.get(session, key), categories.counts(session))


@router.delete("/categories/{key}", status_code=204)
def delete_category(key: Key, by: Owner, replacement: Replacement = None) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.CATEGORY, key)
        categories.delete(session, key, replacement=replacement, used_by=used_by, by=by, now=now())


@router.get("/record-staff")
def every_name(by: Viewer) -> Listed[WordTold]:
    """Who serves customers, as records name them; who may sign in is another matter."""
    with reading() as session:
        counts = staff.counts(session)
        items = [
            WordTold(key=one.key, label=one.label, records=counts.get(one.key, 0))
            for one in staff.every(session)
        ]
    return Listed(items=items, total=len(items))


@router.post("/record-staff", status_code=201)
def add_name(given: WordAsked, by: Owner) -> WordTold:
    with unit() as session:
        one = staff.add(session, given.label, by=by, now=now())
        return WordTold(key=one.key, label=one.label, records=0)


@router.patch("/record-staff/{key}")
def rename(key: Key, given: WordAsked, by: Owner) -> WordTold:
    with unit() as session:
        one = staff.rename(session, key, given.label, by=by, now=now())
        return WordTold(key=one.key, label=one.label, records=staff.SHELF.used(session, key))


@router.delete("/record-staff/{key}", status_code=204)
def delete_name(key: Key, by: Owner, replacement: Replacement = None) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.STAFF, key)
        staff.delete(session, key, replacement=replacement, used_by=used_by, by=by, now=now())


@router.get("/record-kinds")
def every_kind(by: Viewer) -> Listed[KindTold]:
    with reading() as session:
        items = [KindTold.of(one) for one in record_kinds.every(session)]
    return Listed(items=items, total=len(items))


@router.post("/record-kinds", status_code=201)
def add_kind(given: KindAsked, by: Owner) -> KindTold:
    with unit() as session:
        return KindTold.of(record_kinds.add(session, _said(given), by=by, now=now()))


@router.patch("/record-kinds/{key}")
def change_kind(key: Key, given: KindChange, by: Owner) -> KindTold:
    with unit() as session:
        return KindTold.of(record_kinds.change(session, key, _said(given), by=by, now=now()))


@router.delete("/record-kinds/{key}", status_code=204)
def delete_kind(key: Key, by: Owner) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.KIND, key)
        record_kinds.delete(session, key, used_by=used_by, by=by, now=now())


@router.get("/own-fields")
def every_field(by: Viewer) -> Listed[FieldTold]:
    with reading() as session:
        items = [_field(session, one) for one in own_fields.every(session)]
    return Listed(items=items, total=len(items))


@router.post("/own-fields", status_code=201)
def define(given: FieldAsked, by: Owner) -> FieldTold:
    with unit() as session:
        made = own_fields.define(
            session, given.label, sort=given.sort, choices=given.choices, key=given.key, by=by, now=now()
        )
        return _field(session, made)


@router.patch("/own-fields/{key}")
def change_field(key: Key, given: FieldChange, by: Owner) -> FieldTold:
    """Values that don't fit any more are kept; `unfit` counts them."""
    with unit() as session:
        made = own_fields.change(session, key, **_said(given), by=by, now=now())
        return _field(session, made)


@router.delete("/own-fields/{key}", status_code=204)
def delete_field(key: Key, by: Owner) -> None:
    """What was typed into it stays with the customers, as free text."""
    with unit() as session:
        used_by = uses.named(session, uses.OWN_FIELD, key)
        own_fields.delete(session, key, used_by=used_by, by=by, now=now())


def _said(given: Asked) -> dict[str, Any]:
    return {name: value for name, value in given.given().items() if value is not None}


def _category(one: categories.Category, counts: dict[str, int]) -> CategoryTold:
    return CategoryTold(key=one.key, label=one.label, records=counts.get(one.key, 0), parent=one.parent_key)


def _field(session: Session, one: OwnField) -> FieldTold:
    unfit = own_fields.unfit(session, one.key).customers
    return FieldTold(key=one.key, label=one.label, sort=one.sort, choices=list(one.choices), unfit=unfit)
