"""Templates: a subject and a body to start from. Picking one copies it; a later change touches no campaign."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Select, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.message import merge
from domain.message.merge import MergeError
from domain.message.words import plain
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

CHANNELS: Final = ("email",)
LONGEST: Final = {"name": 120, "subject": 500, "preheader": 500, "html_body": 400_000, "text_body": 400_000}
BODIES: Final = ("html_body", "text_body")
LIQUID: Final = {
    "subject": "Subject",
    "preheader": "Preheader",
    "html_body": "Message",
    "text_body": "Plain text",
}


class Template(Base):
    __tablename__ = "templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), default="email")
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(Text, default="")
    preheader: Mapped[str] = mapped_column(Text, default="")
    html_body: Mapped[str] = mapped_column(Text, default="")
    text_body: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    purged_at: Mapped[datetime | None] = mapped_column(Instant)  # its content is gone for good
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


def every(session: Session, *, by: Actor, channel: str | None = None) -> list[Template]:
    """By name."""
    by.require(Right.VIEW)
    found = session.scalars(_live())
    return sorted(
        (one for one in found if channel in (None, one.channel)), key=lambda one: one.name.casefold()
    )


def get(session: Session, template_id: int, *, by: Actor) -> Template:
    by.require(Right.VIEW)
    return _found(session, template_id)


def create(session: Session, fields: dict[str, Any], *, by: Actor, now: datetime) -> Template:
    """Of `name channel subject preheader html_body text_body` only the name is needed."""
    by.require(Right.EDIT_CAMPAIGNS)
    return _add(session, checked({"name": "", **fields}), by, now)


def change(
    session: Session,
    template_id: int,
    fields: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Template:
    by.require(Right.EDIT_CAMPAIGNS)
    template = _found(session, template_id)
    if version is not None and version != template.version:
        raise Refusal(
            "changed_meanwhile",
            "Somebody else changed this template meanwhile. Load it again.",
            Kind.CONFLICT,
        )
    cleaned = checked(fields)
    before = {name: _for_audit(name, getattr(template, name)) for name in cleaned}
    for name, value in cleaned.items():
        setattr(template, name, value)
    template.updated_at = now
    session.flush()
    after = {name: _for_audit(name, value) for name, value in cleaned.items()}
    audit.write(
        session, "template.changed", by=by, now=now, subject_id=template.id, before=before, after=after
    )
    return template


def delete(session: Session, template_id: int, *, by: Actor, now: datetime) -> None:
    """Campaigns that began with it keep their own copy."""
    by.require(Right.EDIT_CAMPAIGNS)
    template = _found(session, template_id)
    template.deleted_at = template.updated_at = now
    session.flush()
    before = {"name": template.name}
    audit.write(session, "template.deleted", by=by, now=now, subject_id=template.id, before=before)


def duplicate(session: Session, template_id: int, *, by: Actor, now: datetime) -> Template:
    by.require(Right.EDIT_CAMPAIGNS)
    source = _found(session, template_id)
    fields = {name: getattr(source, name) for name in ("channel", *LONGEST)}
    return _add(session, {**fields, "name": _copy_name(session, source.name)}, by, now)


def checked(fields: dict[str, Any]) -> dict[str, str]:
    """Clean texts whose merge fields can be read. Raises Refusal with the field, or with line and column."""
    unknown = next((name for name in fields if name != "channel" and name not in LONGEST), None)
    if unknown is not None:
        raise Refusal("unknown_field", f"A template has nothing called {unknown}.", Kind.MALFORMED)
    cleaned = {name: _text(name, value) for name, value in fields.items()}
    if not cleaned.get("name", "as before"):
        raise invalid("name", "Please give the template a name.")
    if cleaned.get("channel", "email") not in CHANNELS:
        raise invalid("channel", "Templates are for email so far.")
    for name, part in LIQUID.items():
        _require_readable(part, cleaned.get(name, ""))
    return cleaned


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(name, "This must be a text.")
    cleaned = plain(value) if name in BODIES else " ".join(plain(value).split())
    if len(cleaned) > LONGEST.get(name, 20):
        raise invalid(name, f"This can have at most {LONGEST.get(name, 20):,} characters.")
    return cleaned


def _require_readable(part: str, source: str) -> None:
    try:
        merge.parse(source, part=part)
    except MergeError as error:
        raise Refusal(
            "bad_template", error.sentence, part=error.part, line=error.line, column=error.column
        ) from None


def _live() -> Select[Template]:
    return select(Template).where(Template.deleted_at.is_(None))


def _found(session: Session, template_id: int) -> Template:
    template = session.get(Template, template_id)
    if template is None or template.deleted_at is not None:
        raise missing("template")
    return template


def _add(session: Session, fields: dict[str, str], by: Actor, now: datetime) -> Template:
    template = Template(**fields, created_by=by.user_id, created_at=now, updated_at=now)
    session.add(template)
    session.flush()
    after = {name: _for_audit(name, value) for name, value in fields.items()}
    audit.write(session, "template.created", by=by, now=now, subject_id=template.id, after=after)
    return template


def _for_audit(name: str, value: str) -> str:
    """The audit log says that a body changed, and how long it is; it is not an archive of bodies."""
    return f"{len(value):,} characters" if name in BODIES else value


def _copy_name(session: Session, name: str) -> str:
    taken = {one.name.casefold() for one in session.scalars(_live())}
    stem = name[: LONGEST["name"] - 12]
    number, found = 1, f"{stem} (copy)"
    while found.casefold() in taken:
        number += 1
        found = f"{stem} (copy {number})"
    return found
