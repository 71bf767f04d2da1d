"""A campaign as programs write and read it, and how that becomes what the domain knows."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now
from domain.message import templates
from domain.refusal import Refusal, invalid
from domain.sending import calendar, dispatches, sibling
from domain.sending.calendar import Appointment
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, USUAL_DAYS, Goes, Sibling
from domain.shop import shop, zones
from domain.shop.people import Actor
from ui.api.shapes import AnId, Asked, Moment, Told, Version
from ui.api.words import HOLD, Dialect, understood

ONE_SHOT: Final = "one_shot"
LATER_TYPES: Final = ("drip", "recurring", "milestone")
CONTENT: Final = ("subject", "preheader", "html_body", "text_body")
EMPTY: Final[dict[str, Any]] = {
    "channel": "email",
    "message_type": "marketing",
    "template_id": None,
    "audience": {"type": "all"},
    "content": {},
    **dict.fromkeys(("from_name", "from_email", "reply_to", *CONTENT), ""),
}
NO_FIELDS: Final = ("type", "channels", "also", "audience_id", "schedule", "recurring", "status", "version")


SAYS: Final = (
    "Of a channel other than email. WhatsApp: `template` with name and language, and what fills its gaps: `header`, `body`, "
    "`buttons`; or `text` for people who wrote within 24 hours."
)


class AlsoAsked(Asked):
    """What a campaign by email also says on WhatsApp."""

    channel: str = CHANNEL
    content: Annotated[dict[str, Any], Field(description=SAYS)] = {}
    goes: Annotated[
        str,
        Field(
            description="To whom: instead (without an email address that works), after (these, and days later whoever has "
            "not opened it or whose mail came back), or together (everybody who said yes to it)."
        ),
    ] = str(Goes.INSTEAD)
    after_days: Annotated[int, Field(description="1 to 30.")] = USUAL_DAYS


class AlsoTold(Told):
    channel: str
    content: dict[str, Any]
    goes: str
    after_days: int
    due_at: Annotated[Moment | None, Field(description="When the others are asked by itself.")]
    asked_at: Moment | None
    error: Annotated[str | None, Field(description="Why they could not be asked.")]


class ScheduleAsked(Asked):
    start_at: Annotated[
        str, Field(max_length=40, description="2026-12-01T09:00 on the clock of the zone, or with an offset.")
    ]
    end_at: Annotated[
        str | None, Field(description="For campaigns that repeat; a single send has no use for it.")
    ] = None
    timezone: Annotated[
        str | None, Field(max_length=64, description="Such as Europe/London; else the shop's.")
    ] = None


class CampaignAsked(Asked):
    name: str | None = None
    type: str | None = None
    channel: str | None = None
    channels: Annotated[list[str] | None, Field(description="One, or email and whatsapp.")] = None
    also: Annotated[AlsoAsked | None, Field(description="Beside an email; null takes it out.")] = None
    message_type: str | None = None
    from_name: str | None = None
    from_email: str | None = None
    reply_to: str | None = None
    subject: str | None = None
    preheader: str | None = None
    html_body: str | None = None
    text_body: str | None = None
    template_id: AnId | None = None
    content: Annotated[dict[str, Any] | None, Field(description=SAYS)] = None
    audience: Annotated[
        dict[str, Any] | None, Field(description='Such as {"type": "tags", "tags": ["gold"]}.')
    ] = None
    audience_id: Annotated[
        AnId | None, Field(description="The number of a segment, instead of `audience`.")
    ] = None
    schedule: ScheduleAsked | None = None
    recurring: Annotated[dict[str, Any] | None, Field(description="Not available yet.")] = None
    status: Annotated[str | None, Field(description="draft, or running to launch at once.")] = None
    version: Version = None


class ScheduleTold(Told):
    start_at: Moment
    wall_time: str
    timezone: str


class LastDispatch(Told):
    id: int
    state: str
    held_until: Moment | None
    error: str | None
    at: Moment


class CampaignTold(Told):
    id: int
    name: str
    type: str
    status: str
    hold: Annotated[str | None, Field(description=HOLD)]
    outcome: str | None
    channel: str
    channels: list[str]
    also: AlsoTold | None
    message_type: str
    from_name: str
    from_email: str
    reply_to: str
    subject: str
    preheader: str
    html_body: str
    text_body: str
    template_id: int | None
    content: dict[str, Any]
    audience: dict[str, Any]
    audience_id: int | None
    schedule: ScheduleTold | None
    scheduled_at: Moment | None
    sent_at: Moment | None
    created_at: Moment
    updated_at: Moment
    created_by: int | None
    created_by_name: str
    version: int
    last_launch_error: str | None
    last_dispatch: LastDispatch | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a body asks for."""

    fields: dict[str, Any]
    when: Appointment | None
    launch: bool
    also: dict[str, Any] | None = None
    says_also: bool = False  # whether anything was said of it at all


def read(session: Session, given: CampaignAsked, by: Actor, *, whole: bool) -> Plan:
    """`whole`: what is not said is empty, and a template fills the content."""
    _refuse_what_comes_later(given)
    fields = {
        name: value
        for name, value in given.given(*NO_FIELDS).items()
        if value is not None or name == "template_id"
    }
    channel = _channel(given)
    if channel is not None:
        fields["channel"] = channel
    if given.audience_id is not None:
        if given.audience is not None:
            raise invalid("audienceId", "Give either audience or audienceId.")
        fields["audience"] = {"type": "segment", "segmentId": given.audience_id}
    if given.template_id is not None:
        fields = _from_template(session, given.template_id, fields, by, fill=whole)
    if whole:
        fields = {"name": "", **EMPTY, **fields}
    wish = understood(given.status) if given.status else "draft"
    when = appointment(session, given.schedule) if given.schedule else None
    also, says_also = _also(given, whole)
    return Plan(fields, when, _launches(wish, when), also, says_also)


def _also(given: CampaignAsked, whole: bool) -> tuple[dict[str, Any] | None, bool]:
    """`channels` with both names says it too, and with one name that nothing goes beside it."""
    both = given.channels is not None and len(given.channels) > 1
    if given.also is not None:
        if given.channels is not None and not both:
            raise invalid("channels", "channels names one way, and also another.")
        return given.also.model_dump(), True
    if both:
        return ({"content": {}}, True) if whole else (None, False)
    return None, whole or given.channels is not None or "also" in given.model_fields_set


def appointment(session: Session, given: ScheduleAsked) -> Appointment:
    zone = zones.known(given.timezone) if given.timezone else shop.read(session).zone
    return calendar.appointment(given.start_at, zone, now=now())


def told(session: Session, found: list[Campaign], words: Dialect) -> list[CampaignTold]:
    numbers = [one.id for one in found]
    last, others = dispatches.latest_of(session, numbers), sibling.of_many(session, numbers)
    return [_told(one, last.get(one.id), others.get(one.id), words) for one in found]


def _told(campaign: Campaign, last: Dispatch | None, other: Sibling | None, words: Dialect) -> CampaignTold:
    audience = campaign.audience
    scheduled = campaign.scheduled_at
    return CampaignTold(
        id=campaign.id,
        name=campaign.name,
        type=ONE_SHOT,
        status=words.said(campaign.status),
        hold=(last.held_for if last else None) or None,
        outcome=campaign.outcome,
        channel=campaign.channel,
        channels=[campaign.channel, *([other.channel] if other else [])],
        also=told_also(other) if other else None,
        message_type=str(campaign.message_type),
        from_name=campaign.from_name,
        from_email=campaign.from_email,
        reply_to=campaign.reply_to,
        subject=campaign.subject,
        preheader=campaign.preheader,
        html_body=campaign.html_body,
        text_body=campaign.text_body,
        template_id=campaign.template_id,
        content=campaign.content,
        audience=audience,
        audience_id=audience.get("segmentId"),
        schedule=ScheduleTold(
            start_at=scheduled, wall_time=campaign.scheduled_wall, timezone=campaign.scheduled_zone
        )
        if scheduled
        else None,
        scheduled_at=scheduled,
        sent_at=campaign.sent_at,
        created_at=campaign.created_at,
        updated_at=campaign.updated_at,
        created_by=campaign.created_by,
        created_by_name=campaign.created_by_name,
        version=campaign.version,
        last_launch_error=campaign.last_launch_error or None,
        last_dispatch=_last(last, words) if last else None,
    )


def told_also(other: Sibling) -> AlsoTold:
    return AlsoTold(
        channel=other.channel,
        content=other.content,
        goes=str(other.goes),
        after_days=other.after_days,
        due_at=other.due_at,
        asked_at=other.asked_at,
        error=other.error or None,
    )


def _last(dispatch: Dispatch, words: Dialect) -> LastDispatch:
    at = dispatch.finished_at or dispatch.created_at
    state, error = words.said(dispatch.state), dispatch.error or None
    return LastDispatch(id=dispatch.id, state=state, held_until=dispatch.held_until, error=error, at=at)


def _refuse_what_comes_later(given: CampaignAsked) -> None:
    if given.recurring:
        raise Refusal(
            "not_available_yet",
            "Campaigns that repeat come in a later version of Handbill.",
            field="recurring",
        )
    if given.type in LATER_TYPES:
        raise Refusal(
            "not_available_yet", f"Campaigns of the type {given.type} come in a later version.", field="type"
        )
    if given.type not in (None, ONE_SHOT):
        raise invalid("type", f"Choose one of: {', '.join((ONE_SHOT, *LATER_TYPES))}.")


def _channel(given: CampaignAsked) -> str | None:
    if given.channels is None:
        return given.channel
    named = set(given.channels)
    if len(named) != len(given.channels) or not (len(named) == 1 or named == {MAIN_CHANNEL, CHANNEL}):
        raise invalid("channels", "Name one channel, or email and whatsapp.")
    first = MAIN_CHANNEL if len(named) > 1 else given.channels[0]
    if given.channel not in (None, first):
        raise invalid("channel", "channel and channels name different ways.")
    return first


def _from_template(
    session: Session, template_id: int, fields: dict[str, Any], by: Actor, *, fill: bool
) -> dict[str, Any]:
    """Picking a template copies it, unless the content was sent along."""
    try:
        template = templates.get(session, template_id, by=by)
    except Refusal as refusal:
        raise invalid("templateId", refusal.sentence) from None
    if not fill or any(name in fields for name in CONTENT):
        return fields
    return fields | {name: getattr(template, name) for name in CONTENT}


def _launches(wish: str, when: Appointment | None) -> bool:
    if wish == "scheduled" and when is None:
        raise invalid("schedule", "Say when, with schedule.startAt.")
    if wish not in ("draft", "scheduled", "sending"):
        raise invalid("status", "A campaign can be posted as draft, as scheduled, or as running.")
    return wish == "sending" and when is None
