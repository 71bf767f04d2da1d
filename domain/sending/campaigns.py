"""A campaign: the plan. Its launches are dispatches; its status is one of four words."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    func,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant, Word
from domain.audience.who import names_group, names_segment
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.refusal import Kind, Refusal, invalid, missing
from domain.sending import sibling
from domain.sending.content import EDITABLE, checked
from domain.shop import audit
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop


class Status(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"


class Campaign(Base):
    __tablename__ = "campaigns"
    __table_args__ = (
        Index(
            "ix_campaigns_due",
            "scheduled_at",
            sqlite_where=text("status = 'scheduled' AND deleted_at IS NULL"),
        ),
        Index("ix_campaigns_newest", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    channel: Mapped[str] = mapped_column(String(20), default="email")
    message_type: Mapped[MessageType] = mapped_column(Word(MessageType), default=MessageType.MARKETING)
    from_name: Mapped[str] = mapped_column(Text, default="")  # empty: the shop's usual sender
    from_email: Mapped[str] = mapped_column(String(320), default="")
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    preheader: Mapped[str] = mapped_column(Text, default="")
    html_body: Mapped[str] = mapped_column(Text, default="")
    text_body: Mapped[str] = mapped_column(Text, default="")
    template_id: Mapped[int | None] = mapped_column(ForeignKey("templates.id"))
    content: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # of another channel
    audience: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"type": "all"})

    status: Mapped[Status] = mapped_column(Word(Status), default=Status.DRAFT)
    outcome: Mapped[str | None] = mapped_column(String(20))
    scheduled_at: Mapped[datetime | None] = mapped_column(Instant)
    scheduled_wall: Mapped[str] = mapped_column(String(16), default="")  # "2026-12-01T09:00" as typed
    scheduled_zone: Mapped[str] = mapped_column(String(64), default="")
    last_launch_error: Mapped[str] = mapped_column(Text, default="")
    last_launch_at: Mapped[datetime | None] = mapped_column(Instant)
    last_launch_by: Mapped[str] = mapped_column(String(120), default="")
    run_no: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    purged_at: Mapped[datetime | None] = mapped_column(Instant)  # its content is gone for good
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_editable(self) -> bool:
        return self.status is Status.DRAFT and self.deleted_at is None


STRETCH = timedelta(minutes=10)
LOCKED = "Cannot edit a sent or sending campaign"


def create(session: Session, fields: dict[str, Any], *, by: Actor, now: datetime) -> Campaign:
    by.require(Right.EDIT_CAMPAIGNS)
    cleaned = checked(fields)
    if not cleaned.get("name"):
        raise invalid("name", "Give the campaign a name. Only your team sees it.")
    campaign = Campaign(
        created_at=now,
        updated_at=now,
        created_by=by.user_id,
        created_by_name=by.name,
        **cleaned,
    )
    session.add(campaign)
    session.flush()
    audit.write(
        session,
        "campaign.created",
        by=by,
        now=now,
        subject_id=campaign.id,
        after={"name": campaign.name},
    )
    return campaign


def change(
    session: Session,
    campaign_id: int,
    fields: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Campaign:
    """Change what is given. Only a draft can be changed, and only from the version that was looked at."""
    by.require(Right.EDIT_CAMPAIGNS)
    campaign = get(session, campaign_id)
    require_editable(campaign)
    require_version(campaign, version)
    cleaned = {name: value for name, value in checked(fields).items() if getattr(campaign, name) != value}
    if "name" in cleaned and not cleaned["name"]:
        raise invalid("name", "Give the campaign a name. Only your team sees it.")
    if "channel" in cleaned and sibling.of(session, campaign_id) is not None:
        raise invalid("channel", "Take out first what also goes by WhatsApp.")
    before = {name: getattr(campaign, name) for name in cleaned}
    for name, value in cleaned.items():
        setattr(campaign, name, value)
    if cleaned:
        campaign.updated_at = now
        session.flush()
        _note_change(session, campaign, before, cleaned, by, now)
    return campaign


def duplicate(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> Campaign:
    """A new draft with the same content and audience; the original is untouched (S4-44)."""
    by.require(Right.EDIT_CAMPAIGNS)
    original = get(session, campaign_id)
    fields = {name: getattr(original, name) for name in EDITABLE}
    fields["name"] = f"{original.name[:190]} (copy)"
    made = create(session, fields, by=by, now=now)
    sibling.copy(session, original.id, made.id, now=now)
    return made


def delete(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> None:
    """Soft: what went out stays readable. A schedule is cancelled by it."""
    by.require(Right.EDIT_CAMPAIGNS)
    campaign = get(session, campaign_id)
    if campaign.status is Status.SENDING:
        raise Refusal(
            "is_sending",
            "This campaign is being sent just now. Stop it first.",
            Kind.CONFLICT,
        )
    campaign.deleted_at = now
    if campaign.status is Status.SCHEDULED:
        campaign.status, campaign.scheduled_at = Status.DRAFT, None
    audit.write(
        session,
        "campaign.deleted",
        by=by,
        now=now,
        subject_id=campaign.id,
        before={"name": campaign.name},
    )


def get(session: Session, campaign_id: int) -> Campaign:
    found = session.get(Campaign, campaign_id)
    if found is None or found.deleted_at is not None:
        raise missing("campaign")
    return found


def page(
    session: Session,
    *,
    pill: str = "all",
    search: str = "",
    after: int | None = None,
    limit: int = 50,
) -> list[Campaign]:
    """The list, newest first. `pill` is a status, "failed" (drafts whose last launch failed) or "all"."""
    query = _living().where(stands_under(pill))
    if search.strip():
        like = search.strip()
        found = Campaign.name.icontains(like, autoescape=True) | Campaign.subject.icontains(
            like, autoescape=True
        )
        query = query.where(found)
    if after is not None:
        query = query.where(Campaign.id < after)
    return list(session.scalars(query.order_by(Campaign.id.desc()).limit(limit)))


def counts(session: Session) -> dict[str, int]:
    """How many campaigns stand under each pill of the list."""
    pills = ["all", *Status, "failed"]
    columns = [func.count().filter(stands_under(pill)).label(f"p{at}") for at, pill in enumerate(pills)]
    row = session.execute(select(*columns).select_from(Campaign).where(Campaign.deleted_at.is_(None))).one()
    return dict(zip(map(str, pills), row, strict=True))


def using_segment(session: Session, segment_id: int) -> list[str]:
    """The names of drafts and scheduled campaigns that would miss this segment."""
    return [name for name, audience in _addressed(session) if names_segment(audience, segment_id)]


def using_group(session: Session, group_id: int) -> list[str]:
    """The same for a group."""
    return [name for name, audience in _addressed(session) if names_group(audience, group_id)]


def as_draft(session: Session, campaign: Campaign) -> channel.Draft:
    """The content with the shop's usual sender filled in where the campaign names none (D19)."""
    shop = read_shop(session)
    return channel.Draft(
        message_type=campaign.message_type,
        from_name=campaign.from_name or shop.sender_name or shop.name,
        from_email=campaign.from_email or shop.sender_email,
        reply_to=campaign.reply_to or shop.reply_to,
        subject=campaign.subject,
        preheader=campaign.preheader,
        html_body=campaign.html_body,
        text_body=campaign.text_body,
        shop_name=shop.name,
        postal_address=shop.postal_address,
        colour=shop.colour,
        content=campaign.content or {},
    )


def require_version(campaign: Campaign, version: int | None) -> None:
    if version is not None and version != campaign.version:
        raise Refusal(
            "changed_meanwhile",
            "Somebody changed this campaign since you opened it. Reload the page to see the newest version.",
            Kind.CONFLICT,
            version=campaign.version,
        )


def require_editable(campaign: Campaign) -> None:
    if campaign.status is Status.SCHEDULED:
        raise Refusal(
            "is_scheduled",
            "This campaign is scheduled. Take it back to draft to change it.",
            Kind.CONFLICT,
        )
    if not campaign.is_editable:
        raise Refusal(
            "locked",
            LOCKED,
            Kind.CONFLICT,
            why="The history must read as what went out.",
        )


def back_to_draft(campaign: Campaign, reason: str, now: datetime) -> None:
    campaign.status, campaign.scheduled_at = Status.DRAFT, None
    campaign.scheduled_wall = campaign.scheduled_zone = ""
    campaign.last_launch_error = reason
    campaign.updated_at = now


def _note_change(
    session: Session,
    campaign: Campaign,
    before: dict[str, Any],
    after: dict[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    """A page keeps a draft every other second: of one person's stretch of work the log has how it began."""
    begun = ("campaign.created", "campaign.changed")
    if by.via == "page" and audit.was_done(session, begun, campaign.id, by=by, since=now - STRETCH):
        return
    noted = [{name: _for_audit(name, value) for name, value in told.items()} for told in (before, after)]
    audit.write(
        session, "campaign.changed", by=by, now=now, subject_id=campaign.id, before=noted[0], after=noted[1]
    )


def _for_audit(name: str, value: Any) -> Any:
    """Of a body, how long it is; the log is no archive of bodies."""
    if name == "content":
        return f"{len(value):,} parts"
    return f"{len(value):,} characters" if name in ("html_body", "text_body") else value


def _addressed(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """Name and audience of each that has not been launched yet."""
    waiting = Campaign.status.in_([Status.DRAFT, Status.SCHEDULED])
    found = select(Campaign.name, Campaign.audience).where(waiting, Campaign.deleted_at.is_(None))
    return [(name, audience) for name, audience in session.execute(found)]


def _living() -> Select[Campaign]:
    return select(Campaign).where(Campaign.deleted_at.is_(None))


def stands_under(pill: str) -> ColumnElement[bool]:
    """A status, "failed" (drafts whose last launch failed) or "all"."""
    if pill == "all":
        return true()
    if pill == "failed":
        return (Campaign.status == Status.DRAFT) & (Campaign.last_launch_error != "")
    if pill not in list(Status):
        raise Refusal("unknown_status", f"There is no status called {pill}.", Kind.MALFORMED)
    return Campaign.status == pill
