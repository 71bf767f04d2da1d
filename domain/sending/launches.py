"""A launch: claim the campaign, freeze it as a dispatch, write one row for each recipient. All in one unit of work.

Whatever is refused on the way rolls the whole unit back, and that rollback *is* the return to draft.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data import failpoint
from data.database import changed
from domain.audience import audience as audiences
from domain.audience.audience import EVERYBODY, Audience, Only
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.ledger import deliveries
from domain.refusal import Kind, Refusal
from domain.sending import beside, campaigns, lateness, resending, schedules
from domain.sending.beside import Beside
from domain.sending.calendar import GRACE
from domain.sending.campaigns import Campaign, Status
from domain.sending.content import content_hash, frozen_draft
from domain.sending.dispatches import Dispatch, DispatchState, Outcome, Part
from domain.shop import audit, installation
from domain.shop import shop as shops
from domain.shop.people import Actor, Right, Role

NOBODY = "No recipients found for this campaign"
WHY_NOBODY = [
    "The segment may have become empty.",
    "No customer may have these tags any more.",
    "Everyone who matches may have no address, may have opted out, or may have got enough messages lately.",
]
To = Literal["remaining", "everyone"]


@dataclass(frozen=True, slots=True)
class Press:
    """How somebody pressed Send."""

    undo: timedelta = timedelta(0)
    to: To | None = (
        None  # "remaining" leaves out who was reached by an earlier launch; none: the careful choice
    )
    expected: int | None = None  # the number on the button
    also_expected: int | None = None  # and that of the other channel, where it goes there too
    version: int | None = None  # of the campaign that was looked at
    nonce: str | None = None  # one press of one form; a repeat of it is answered with the same dispatch


def launch(session: Session, campaign_id: int, press: Press, *, by: Actor, now: datetime) -> Dispatch:
    """Raises Refusal, and then nothing of it has happened."""
    by.require(Right.SEND)
    installation.require_open(session)
    repeat = made_by(session, press)
    if repeat is not None and repeat.campaign_id != campaign_id:
        raise key_used()
    if repeat is not None:
        return repeat
    campaign = campaigns.get(session, campaign_id)
    if campaign.status in (Status.DRAFT, Status.SCHEDULED):
        campaigns.require_version(campaign, press.version)
    if press.to == "everyone":
        _require_no_second_try(session, campaign)
    _claim(session, campaign, by, now)
    failpoint.reach("claim")
    plan = beside.plan(session, campaign)
    draft = campaigns.as_draft(session, campaign)
    channel.named(campaign.channel).check(session, draft)
    audience = Audience.parse(campaign.audience)
    dispatch = opened(session, draft, audience, channel_name=campaign.channel, press=press, by=by, now=now)
    _belong(session, dispatch, campaign, press, by)
    lateness.explain(session, dispatch, now=now)
    failpoint.reach("expand")
    before = campaign.id if dispatch.only_remaining else None
    queued = _enlisted(session, dispatch, audience, before, now=now, only=plan.only if plan else EVERYBODY)
    failpoint.reach("rows_inserted")
    other = _launch_beside(session, campaign, plan, dispatch, audience, press, by, now) if plan else None
    if not queued and other is None:
        raise _nobody()
    failpoint.reach("also")
    _note(session, dispatch, campaign.id, by, now, other)
    return dispatch


def launch_one_shot(
    session: Session,
    draft: channel.Draft,
    audience: Audience,
    press: Press,
    *,
    channel_name: str,
    by: Actor,
    now: datetime,
) -> Dispatch:
    """A send without a campaign row (D17). Its form has a nonce, so a second press finds the first dispatch."""
    by.require(Right.SEND)
    installation.require_open(session)
    repeat = made_by(session, press)
    if repeat is not None:
        return repeat
    channel.named(channel_name).check(session, draft)
    dispatch = opened(session, draft, audience, channel_name=channel_name, press=press, by=by, now=now)
    dispatch.name = f"Untitled — {called(draft)}"[:200]
    session.add(dispatch)
    session.flush()
    if not _enlisted(session, dispatch, audience, None, now=now):
        raise _nobody()
    _note(session, dispatch, None, by, now)
    return dispatch


def called(draft: channel.Draft) -> str:
    """A message by its subject, or by its template where it has none."""
    template = draft.content.get("template")
    return draft.subject or (str(template.get("name", "")) if isinstance(template, dict) else "")


def record_nobody(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> None:
    """A schedule fired and nobody matched: the launch is on record with 0 recipients, the campaign is a draft (D3)."""
    campaign = campaigns.get(session, campaign_id)
    if campaign.status is not Status.SCHEDULED:  # another clock was faster, or a person
        return
    due_at = campaign.scheduled_at
    draft = campaigns.as_draft(session, campaign)
    dispatch = opened(
        session,
        draft,
        Audience.parse(campaign.audience),
        channel_name=campaign.channel,
        press=Press(),
        by=by,
        now=now,
    )
    campaign.run_no += 1
    dispatch.campaign_id, dispatch.run_no, dispatch.name = (
        campaign.id,
        campaign.run_no,
        campaign.name,
    )
    dispatch.state, dispatch.outcome, dispatch.error = (
        DispatchState.FAILED,
        Outcome.NOBODY,
        NOBODY,
    )
    dispatch.due_at, dispatch.finished_at = due_at, now
    session.add(dispatch)
    schedules.note_failed_launch(session, campaign_id, f"{NOBODY}.", by=by, now=now)


def made_by(session: Session, press: Press) -> Dispatch | None:
    """The dispatch that this very press made before."""
    if press.nonce is None:
        return None
    return session.scalar(select(Dispatch).where(Dispatch.nonce == press.nonce))


def key_used() -> Refusal:
    return Refusal(
        "key_used",
        "This Idempotency-Key was used for another message before. Take a new one for each message.",
        Kind.CONFLICT,
    )


def _claim(session: Session, campaign: Campaign, by: Actor, now: datetime) -> None:
    """One conditional statement: of all who press at the same time, one changes the row."""
    claimable = (Campaign.id == campaign.id) & Campaign.deleted_at.is_(None)
    if by.role is Role.CLOCK:
        in_time = (Campaign.scheduled_at <= now) & (Campaign.scheduled_at >= now - GRACE)
        claimable &= (Campaign.status == Status.SCHEDULED) & in_time
    else:
        claimable &= Campaign.status.in_([Status.DRAFT, Status.SCHEDULED])
    claim = update(Campaign).where(claimable).values(
        status=Status.SENDING,
        run_no=Campaign.run_no + 1,
        version=Campaign.version + 1,
        last_launch_at=now,
        last_launch_by=by.name,
        last_launch_error="",
        updated_at=now,
    )  # fmt: skip
    won = changed(session, claim)
    session.refresh(campaign)
    if not won:
        sentence = _why_not_claimed(campaign)
        raise Refusal("already_sending", sentence, Kind.CONFLICT, status=str(campaign.status))


def _require_no_second_try(session: Session, campaign: Campaign) -> None:
    """ "To everyone" leaves nobody out, so whoever an earlier launch is trying again would get both."""
    if campaign.status is not Status.SENDING and resending.second_try_runs(session, campaign.id):
        raise Refusal(
            "second_try_runs",
            "An earlier send of this campaign is trying some people again. Wait until that is over.",
            Kind.CONFLICT,
        )


def _why_not_claimed(campaign: Campaign) -> str:
    if campaign.status is Status.SENT:
        return "This campaign was already sent. Duplicate it to send it again."
    if campaign.status is Status.SENDING:
        return "This campaign is already being sent."
    return "This campaign is not due now."


def opened(
    session: Session,
    draft: channel.Draft,
    audience: Audience,
    *,
    channel_name: str,
    press: Press,
    by: Actor,
    now: datetime,
) -> Dispatch:
    """A send as it begins; whose it is, and who is on it, is not said yet."""
    return Dispatch(
        **asdict(draft),
        name="",
        channel=channel_name,
        state=DispatchState.WAITING if press.undo else DispatchState.SENDING,
        content_hash=content_hash(draft),
        practice=not channel.named(channel_name).is_connected(session),
        measured=str(draft.message_type) in shops.read(session).measured,
        audience=audience.as_json(),
        audience_label=audiences.describe(session, audience),
        expected=press.expected,
        nonce=press.nonce,
        created_by=by.user_id,
        created_by_name=by.name,
        created_at=now,
        starts_at=now + press.undo,
    )


def _belong(session: Session, dispatch: Dispatch, campaign: Campaign, press: Press, by: Actor) -> None:
    dispatch.campaign_id, dispatch.run_no, dispatch.name = campaign.id, campaign.run_no, campaign.name
    dispatch.only_remaining = press.to != "everyone"
    dispatch.due_at = campaign.scheduled_at if by.role is Role.CLOCK else None
    session.add(dispatch)
    session.flush()


def _launch_beside(
    session: Session,
    campaign: Campaign,
    plan: Beside,
    main: Dispatch,
    audience: Audience,
    press: Press,
    by: Actor,
    now: datetime,
) -> Dispatch | None:
    """What goes on the other channel in the same act, or None where nobody gets it there."""
    own = replace(press, expected=press.also_expected, nonce=None)
    with session.begin_nested() as attempt:
        other = opened(session, plan.draft, audience, channel_name=plan.channel, press=own, by=by, now=now)
        other.part = Part.ALSO
        _belong(session, other, campaign, press, by)
        before = campaign.id if other.only_remaining else None
        if not _enlisted(session, other, audience, before, now=now, only=plan.only_beside(main.id)):
            attempt.rollback()
            return None
    return other


def _nobody() -> Refusal:
    return Refusal("no_recipients", NOBODY, Kind.REFUSED, causes=WHY_NOBODY)


def _enlisted(
    session: Session,
    dispatch: Dispatch,
    audience: Audience,
    not_reached_by: int | None,
    *,
    now: datetime,
    only: Only = EVERYBODY,
) -> int:
    """How many are queued."""
    reach = channel.named(dispatch.channel).reach()
    try:
        queued = audiences.enlist(
            session,
            dispatch.id,
            audience,
            reach,
            MessageType(dispatch.message_type),
            now=now,
            next_at=now,
            not_reached_by=not_reached_by,
            only=only,
        )
    except Refusal as refusal:
        if refusal.code != "audience_gone":
            raise
        raise Refusal("no_recipients", NOBODY, Kind.REFUSED, causes=[refusal.sentence]) from None
    dispatch.recipients = deliveries.books(session, dispatch.id).recipients
    return queued


def _note(
    session: Session,
    dispatch: Dispatch,
    campaign_id: int | None,
    by: Actor,
    now: datetime,
    other: Dispatch | None = None,
) -> None:
    after: dict[str, Any] = {
        "dispatch": dispatch.id,
        "subject": called(frozen_draft(dispatch)),
        "audience": dispatch.audience_label,
        "recipients": dispatch.recipients,
        "to": "remaining" if dispatch.only_remaining else "everyone",
    }
    if other is not None:
        after |= {"also": other.id, "also_recipients": other.recipients, "also_channel": other.channel}
    action = "campaign.launched" if campaign_id else "one_shot.launched"
    audit.write(
        session,
        action,
        by=by,
        now=now,
        subject_id=campaign_id or dispatch.id,
        after=after,
    )
