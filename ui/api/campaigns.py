"""Campaigns: the plan, and everything one may do with it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from data.smtp import Fate
from domain.refusal import Kind, Refusal
from domain.sending import asking, campaigns, dispatches, purging, reports, schedules, siblings
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch, Part
from domain.sending.launches import To
from domain.shop.people import Actor
from jobs import posting, sending
from ui.api import plans
from ui.api.door import CampaignEditor, Sender, SignedIn, Viewer
from ui.api.launching import Key, Launched, UndoSeconds, as_press
from ui.api.plans import AlsoAsked, CampaignAsked, CampaignTold, ScheduleAsked
from ui.api.shapes import Asked, Cursor, Id, Limit, Listed, Search, Told, Word, read_number
from ui.api.words import Words, understood

AVersion = Annotated[int | None, Query(description="The version that was looked at; another one is refused.")]
router = APIRouter(prefix="/campaigns", tags=["Campaigns"], route_class=SignedIn)


class LaunchAsked(Asked):
    to: Annotated[
        To | None,
        Field(description="remaining: leave out whom an earlier launch reached; also the usual choice."),
    ] = None
    undo_seconds: UndoSeconds = 0
    version: int | None = None


class AskAsked(Asked):
    undo_seconds: UndoSeconds = 0


class AskingTold(Told):
    """missing, cameBack and unopened are people the email did not reach, less those whom the other channel has reached."""

    missing: Annotated[int, Field(description="Without an address that works.")]
    came_back: Annotated[int, Field(description="Refused at once, or returned since.")]
    unopened: int
    reachable: Annotated[int, Field(description="Of these, how many may be written to on WhatsApp.")]
    left_out: Annotated[dict[str, int], Field(description="Why the others may not.")]
    measured: Annotated[
        bool, Field(description="Whether opens are counted at all; where not, unopened is 0.")
    ]


class TryAsked(Asked):
    to: Annotated[str, Field(max_length=320, description="An email address.")]


class TryTold(Told):
    accepted: bool
    reply_code: int
    reply: Annotated[str, Field(description="The mail server's own words.")]


@router.get("")
def every(
    by: Viewer,
    words: Words,
    search: Search = "",
    status: Annotated[
        Word, Field(description="A status, or `failed`: drafts whose last launch failed.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[CampaignTold]:
    """Newest first."""
    pill = understood(status) if status else "all"
    with reading() as session:
        found = campaigns.page(session, pill=pill, search=search, after=read_number(cursor), limit=limit + 1)
        total = reports.how_many_campaigns(session, reports.Asked(pill, search))
        items = plans.told(session, found[:limit], words)
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Listed(items=items, next_cursor=more, total=total)


@router.post("", status_code=201)
def create(given: CampaignAsked, by: CampaignEditor, words: Words, key: Key = None) -> CampaignTold:
    """`"status": "running"` launches at once; it needs an Idempotency-Key header where the same may be posted twice.

    With `schedule.startAt` the campaign is scheduled. Where that, or the launch, is refused, the campaign stays as a
    draft and `error.details.campaignId` names it.
    """
    with reading() as session:
        plan = plans.read(session, given, by, whole=True)
    if plan.launch:
        campaign, _ = posting.post_campaign(plan.fields, as_press(by, key), by, also=plan.also)
        return _one(campaign.id, words)
    with unit() as session:
        campaign = campaigns.create(session, plan.fields, by=by, now=now())
        siblings.keep(session, campaign.id, plan.also, by=by, now=now())
        refusal = _scheduled(session, campaign, plan, by)
    if refusal is not None:
        raise refusal
    return _one(campaign.id, words)


@router.get("/{campaign_id}")
def read(campaign_id: Id, by: Viewer, words: Words) -> CampaignTold:
    return _one(campaign_id, words)


@router.put("/{campaign_id}")
def replace(campaign_id: Id, given: CampaignAsked, by: CampaignEditor, words: Words) -> CampaignTold:
    """What is not given becomes empty again. Only a draft can be changed."""
    return _change(campaign_id, given, by, words, whole=True)


@router.patch("/{campaign_id}")
def change(campaign_id: Id, given: CampaignAsked, by: CampaignEditor, words: Words) -> CampaignTold:
    """Changes what is given. Only a draft can be changed."""
    return _change(campaign_id, given, by, words, whole=False)


@router.delete("/{campaign_id}", status_code=204)
def delete(
    campaign_id: Id,
    by: CampaignEditor,
    purge: Annotated[
        bool, Query(description="For good at once: for whoever wrote it, if it was never launched.")
    ] = False,
) -> None:
    """Out of the lists; a schedule is cancelled. What went out stays readable under its dispatches."""
    with unit() as session:
        if purge:
            purging.purge_draft(session, campaign_id, by=by, now=now())
        else:
            campaigns.delete(session, campaign_id, by=by, now=now())


@router.post("/{campaign_id}/launch", status_code=202)
def launch(campaign_id: Id, by: Sender, given: LaunchAsked | None = None, key: Key = None) -> Launched:
    given = given or LaunchAsked()
    press = as_press(by, key, undo=given.undo_seconds, to=given.to, version=given.version)
    dispatch = sending.send_now(campaign_id, press, by)
    if dispatch.campaign_id != campaign_id:
        raise Refusal(
            "key_used",
            "This Idempotency-Key was used for another send before. Take a new one for each.",
            Kind.CONFLICT,
        )
    return Launched(dispatch_id=dispatch.id, also_dispatch_id=_beside(dispatch))


@router.post("/{campaign_id}/schedule")
def schedule(campaign_id: Id, given: ScheduleAsked, by: Sender, words: Words) -> CampaignTold:
    with unit() as session:
        when = plans.appointment(session, given)
        schedules.schedule(session, campaign_id, when, by=by, now=now())
    return _one(campaign_id, words)


@router.post("/{campaign_id}/unschedule")
def unschedule(campaign_id: Id, by: Sender, words: Words) -> CampaignTold:
    """Back to draft."""
    with unit() as session:
        schedules.unschedule(session, campaign_id, by=by, now=now())
    return _one(campaign_id, words)


@router.post("/{campaign_id}/pause")
def pause(campaign_id: Id, by: Sender, words: Words) -> CampaignTold:
    """No further message leaves until `resume`; nobody is lost. The status stays, `hold` says person."""
    sending.pause_campaign(campaign_id, by)
    return _one(campaign_id, words)


@router.post("/{campaign_id}/resume")
def resume(campaign_id: Id, by: Sender, words: Words) -> CampaignTold:
    sending.resume_campaign(campaign_id, by)
    return _one(campaign_id, words)


@router.post("/{campaign_id}/stop")
def stop(campaign_id: Id, by: Sender, words: Words) -> CampaignTold:
    """No further message leaves; the campaign is a draft again unless everybody was reached."""
    sending.stop_campaign(campaign_id, by)
    return _one(campaign_id, words)


@router.put("/{campaign_id}/also")
def write_also(
    campaign_id: Id, given: AlsoAsked, by: CampaignEditor, words: Words, version: AVersion = None
) -> CampaignTold:
    """What it also says on WhatsApp: of a draft, or of a sent campaign as long as nobody was asked."""
    with unit() as session:
        siblings.write(session, campaign_id, given.model_dump(), by=by, now=now(), version=version)
    return _one(campaign_id, words)


@router.delete("/{campaign_id}/also", status_code=204)
def remove_also(campaign_id: Id, by: CampaignEditor, version: AVersion = None) -> None:
    with unit() as session:
        siblings.remove(session, campaign_id, by=by, now=now(), version=version)


@router.get("/{campaign_id}/asking")
def asking_told(campaign_id: Id, by: Viewer) -> AskingTold:
    """Whom a sent campaign did not reach by email, or who has not opened it, and how many of them may be asked."""
    with reading() as session:
        found = asking.would_ask(session, campaign_id, now=now())
    return AskingTold(
        missing=found.missing,
        came_back=found.came_back,
        unopened=found.unopened,
        reachable=found.reachable,
        left_out=found.count.left_out,
        measured=found.measured,
    )


@router.post("/{campaign_id}/ask", status_code=202)
def ask(campaign_id: Id, by: Sender, given: AskAsked | None = None, key: Key = None) -> Launched:
    """Asks them now on the other channel, with what `also` says. Once for each campaign."""
    press = as_press(by, key, undo=(given or AskAsked()).undo_seconds)
    return Launched(dispatch_id=sending.ask_now(campaign_id, press, by).id)


@router.post("/{campaign_id}/cancel-asking")
def cancel_asking(campaign_id: Id, by: Sender, words: Words) -> CampaignTold:
    """Nobody is asked by itself any more."""
    with unit() as session:
        asking.cancel(session, campaign_id, by=by, now=now())
    return _one(campaign_id, words)


@router.post("/{campaign_id}/duplicate", status_code=201)
def duplicate(campaign_id: Id, by: CampaignEditor, words: Words) -> CampaignTold:
    with unit() as session:
        made = campaigns.duplicate(session, campaign_id, by=by, now=now())
    return _one(made.id, words)


@router.post("/{campaign_id}/test")
def try_out(campaign_id: Id, given: TryAsked, by: Sender) -> TryTold:
    """One message to one address, at once. It counts nowhere, and its unsubscribe link does nothing."""
    said = posting.try_out(campaign_id, given.to, by)
    return TryTold(accepted=said.fate is Fate.ACCEPTED, reply_code=said.code, reply=said.text)


def _beside(dispatch: Dispatch) -> int | None:
    with reading() as session:
        run = dispatches.of_run(session, dispatch.campaign_id or 0, dispatch.run_no)
    return next((one.id for one in run if one.part is Part.ALSO), None)


def _change(campaign_id: int, given: CampaignAsked, by: Actor, words: Words, *, whole: bool) -> CampaignTold:
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaigns.require_editable(campaign)
        plan = plans.read(session, given, by, whole=whole)
        if plan.launch:
            raise Refusal(
                "use_launch", f"To launch it, post to /campaigns/{campaign_id}/launch.", field="status"
            )
        campaigns.change(session, campaign_id, plan.fields, by=by, now=now(), version=given.version)
        if plan.says_also:
            siblings.keep(session, campaign_id, plan.also, by=by, now=now())
        if plan.when is not None:
            schedules.schedule(session, campaign_id, plan.when, by=by, now=now())
    return _one(campaign_id, words)


def _scheduled(session: Session, campaign: Campaign, plan: plans.Plan, by: Actor) -> Refusal | None:
    """The campaign itself is kept when its schedule is refused (S2-12)."""
    if plan.when is None:
        return None
    try:
        with session.begin_nested():
            schedules.schedule(session, campaign.id, plan.when, by=by, now=now())
    except Refusal as refusal:
        details = {**refusal.details, "campaign_id": campaign.id}
        return Refusal(refusal.code, refusal.sentence, refusal.kind, **details)
    return None


def _one(campaign_id: int, words: Words) -> CampaignTold:
    with reading() as session:
        return plans.told(session, [campaigns.get(session, campaign_id)], words)[0]
