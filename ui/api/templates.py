"""Templates: a subject and a body to start from."""

from fastapi import APIRouter

from data.database import now, reading, unit
from domain.message import templates
from ui.api.door import CampaignEditor, SignedIn, Viewer
from ui.api.shapes import Asked, Id, Listed, Moment, Told, Version, Word

router = APIRouter(prefix="/templates", tags=["Templates"], route_class=SignedIn)


class TemplateChange(Asked):
    name: str | None = None
    channel: str | None = None
    subject: str | None = None
    preheader: str | None = None
    html_body: str | None = None
    text_body: str | None = None
    version: Version = None


class TemplateAsked(TemplateChange):
    name: str


class TemplateTold(Told):
    id: int
    name: str
    channel: str
    subject: str
    preheader: str
    html_body: str
    text_body: str
    created_at: Moment
    updated_at: Moment
    version: int


@router.get("")
def every(by: Viewer, channel: Word = None) -> Listed[TemplateTold]:
    with reading() as session:
        items = [TemplateTold.of(one) for one in templates.every(session, by=by, channel=channel)]
    return Listed(items=items, total=len(items))


@router.post("", status_code=201)
def create(given: TemplateAsked, by: CampaignEditor) -> TemplateTold:
    with unit() as session:
        return TemplateTold.of(templates.create(session, _fields(given), by=by, now=now()))


@router.get("/{template_id}")
def read(template_id: Id, by: Viewer) -> TemplateTold:
    with reading() as session:
        return TemplateTold.of(templates.get(session, template_id, by=by))


@router.patch("/{template_id}")
def change(template_id: Id, given: TemplateChange, by: CampaignEditor) -> TemplateTold:
    with unit() as session:
        changed = templates.change(
            session, template_id, _fields(given), by=by, now=now(), version=given.version
        )
        return TemplateTold.of(changed)


@router.delete("/{template_id}", status_code=204)
def delete(template_id: Id, by: CampaignEditor) -> None:
    with unit() as session:
        templates.delete(session, template_id, by=by, now=now())


@router.post("/{template_id}/duplicate", status_code=201)
def duplicate(template_id: Id, by: CampaignEditor) -> TemplateTold:
    with unit() as session:
        return TemplateTold.of(templates.duplicate(session, template_id, by=by, now=now()))


def _fields(given: TemplateChange) -> dict[str, str]:
    return {name: value or "" for name, value in given.given("version").items()}
