"""Asking the other channel (N14): whom a sent campaign did not reach by email, or who has not looked at it, and who said yes
to WhatsApp, is written to there. Once for each campaign; by the clock on the day that was set, or when somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data import failpoint
from data.database import changed
from domain.audience import audience as audiences
from domain.audience.audience import Audience, Count, Only
from domain.channels import channel
from domain.channels.channel import Draft
from domain.ledger import deliveries, unanswered
from domain.ledger.unanswered import Sends, Why
from domain.refusal import Kind, Refusal
from domain.sending import beside, campaigns, dispatches, launches, practice, sibling, whatsapp_forecast
from domain.sending.calendar import GRACE, shown
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch, DispatchState, Part
from domain.sending.launches import Press
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, Sibling
from domain.sending.whatsapp_forecast import Forecast
from domain.shop import audit, installation, notices
from domain.shop.people import CLOCK, Actor, Right
from domain.shop.shop import read as read_shop

EVERYBODY: Final = Audience.parse({"type": "all"})
NOBODY: Final = "Nobody has to be asked."


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom the email did not reach, and whom of them the other channel may be asked for.

    Not `measured`: opens are not counted, so nobody is known to have left it unopened.
    """

    missing: int  # without a working address
    came_back: int  # refused, or returned since
    unopened: int
    count: Count  # of these: how many may be written to there, and why the others may not
    measured: bool

    @property
    def reachable(self) -> int:
        return self.count.reachable


def would_ask(session: Session, campaign_id: int, *, now: datetime) -> Asking:
    """As things are at this moment. Raises Refusal where there is no other channel to ask."""
    campaign = campaigns.get(session, campaign_id)
    _require_email(campaign)
    sends, measured = _sends(session, campaign_id)
    living = audiences.not_reached(channel.named(CHANNEL).reach(), campaign_id, CHANNEL)
    groups = unanswered.counts(session, sends, besides=living)
    return Asking(
        groups.get(Why.MISSING, 0),
        groups.get(Why.CAME_BACK, 0),
        groups.get(Why.UNOPENED, 0),
        audiences.count(
            session,
            EVERYBODY,
            channel.named(CHANNEL).reach(),
            campaign.message_type,
            now=now,
            not_reached_by=campaign_id,
            only=_whom(sends),
        ),
        measured,
    )


def forecast(session: Session, campaign_id: int, *, now: datetime) -> Forecast:
    """What asking now would cost, and what is worth a look. Raises Refusal where they can't be asked."""
    require_askable(session, campaign_id)
    campaign = campaigns.get(session, campaign_id)
    draft = beside.as_draft(session, campaign, _require_askable(session, campaign))
    sends, _ = _sends(session, campaign_id)
    return whatsapp_forecast.forecast(
        session, draft, EVERYBODY, now=now, not_reached_by=campaign_id, only=_whom(sends)
    )


def require_askable(session: Session, campaign_id: int) -> None:
    """Raises Refusal where what is written could not be sent."""
    campaign = campaigns.get(session, campaign_id)
    there = _require_askable(session, campaign)
    beside.require_sayable(session, there.channel, beside.as_draft(session, campaign, there))


def ask_now(session: Session, campaign_id: int, press: Press, *, by: Actor, now: datetime) -> Dispatch:
    """Somebody does not wait for the day that was set, or none was set. Raises Refusal, and then nothing has happened."""
    by.require(Right.SEND)
    installation.require_open(session)
    repeat = launches.made_by(session, press)
    if repeat is not None:
        if repeat.campaign_id != campaign_id:
            raise launches.key_used()
        return repeat
    campaign = campaigns.get(session, campaign_id)
    there = _require_askable(session, campaign)
    if not _claim(session, there, now):
        raise _asked_already()
    dispatch = _open(session, campaign, there, press, by, now)
    if dispatch is None:
        raise Refusal("no_recipients", NOBODY, Kind.REFUSED)
    return dispatch


def due(session: Session, now: datetime) -> list[int]:
    """Numbers of siblings whose day has come, of campaigns that were sent."""
    its = Campaign.id == Sibling.campaign_id
    waiting = Sibling.due_at <= now, Sibling.asked_at.is_(None)
    sent = Campaign.status == Status.SENT, Campaign.deleted_at.is_(None)
    found = select(Sibling.id).join(Campaign, its).where(*waiting, *sent).order_by(Sibling.due_at)
    return list(session.scalars(found))


def ask(session: Session, sibling_id: int, *, now: datetime) -> Dispatch | None:
    """The clock's turn. None where somebody else was faster, it is too late, or nobody has to be asked."""
    installation.require_open(session)
    there = session.get(Sibling, sibling_id)
    if there is None or there.due_at is None or there.due_at > now:
        return None
    if now - there.due_at > GRACE:
        _ask_instead(session, there, now)
        return None
    campaign = campaigns.get(session, there.campaign_id)
    due_at = there.due_at
    if not _claim(session, there, now):
        return None
    dispatch = _open(session, _sent(campaign), there, Press(), CLOCK, now)
    if dispatch is None:
        audit.write(session, "campaign.nobody_asked", by=CLOCK, now=now, subject_id=campaign.id)
    else:
        dispatch.due_at = due_at
    return dispatch


def cancel(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> None:
    """Nobody is asked by itself any more; what would be said is kept, and can still be sent by hand."""
    by.require(Right.SEND)
    campaign = campaigns.get(session, campaign_id)
    there = sibling.of(session, campaign.id)
    if there is None or there.due_at is None:
        raise Refusal("not_waiting", "Nobody is about to be asked.", Kind.CONFLICT)
    there.due_at, there.updated_at = None, now
    audit.write(session, "campaign.ask_cancelled", by=by, now=now, subject_id=campaign.id)
    session.flush()


def note_trouble(session: Session, sibling_id: int, sentence: str, *, now: datetime) -> None:
    """The clock could not ask: it says why, does not try again, and somebody can."""
    there = session.get(Sibling, sibling_id)
    if there is None or there.due_at is None or there.asked_at is not None:
        return
    campaign = session.get(Campaign, there.campaign_id)
    there.due_at, there.error, there.updated_at = None, sentence, now
    if campaign is not None and campaign.deleted_at is None:
        notices.leave(
            session,
            f"“{campaign.name}” was not sent on by WhatsApp. {sentence}",
            now=now,
            tone="bad",
            link=f"/marketing/campaigns/{campaign.id}",
        )


def hold_overdue(session: Session, why: str, *, now: datetime) -> int:
    """After a restore: whatever was to be asked by now is not, however little late it is."""
    overdue = due(session, now)
    for sibling_id in overdue:
        note_trouble(session, sibling_id, f"{why} Ask now, if it is still wanted.", now=now)
    return len(overdue)


def any_waiting(session: Session) -> bool:
    its = (Campaign.id == Sibling.campaign_id) & Campaign.deleted_at.is_(None)
    waiting = select(Sibling.id).join(Campaign, its).where(Sibling.due_at.is_not(None))
    return session.scalar(waiting.limit(1)) is not None


def _require_askable(session: Session, campaign: Campaign) -> Sibling:
    there = sibling.of(session, _sent(campaign).id)
    if there is None:
        raise Refusal(
            "nothing_to_say", "Write what is to be said on WhatsApp first.", Kind.REFUSED, field="also"
        )
    if there.asked_at is not None:
        raise _asked_already()
    return there


def _require_email(campaign: Campaign) -> None:
    if campaign.channel != MAIN_CHANNEL:
        raise Refusal(
            "no_sibling", "Only for a campaign by email can another channel be asked.", Kind.REFUSED
        )


def _sent(campaign: Campaign) -> Campaign:
    _require_email(campaign)
    if campaign.status is not Status.SENT:
        raise Refusal("not_sent", "This campaign has not been sent yet. Ask when it is over.", Kind.CONFLICT)
    return campaign


def _asked_already() -> Refusal:
    return Refusal("already_asked", "They were asked already.", Kind.CONFLICT)


def _claim(session: Session, there: Sibling, now: datetime) -> bool:
    """One conditional statement: of all who ask at the same time, one changes the row."""
    mine = (Sibling.id == there.id) & Sibling.asked_at.is_(None)
    won = changed(
        session, update(Sibling).where(mine).values(asked_at=now, due_at=None, error="", updated_at=now)
    )
    session.refresh(there)
    failpoint.reach("asked")
    return won > 0


def _open(
    session: Session, campaign: Campaign, there: Sibling, press: Press, by: Actor, now: datetime
) -> Dispatch | None:
    """The send to them, or None where there is nobody. Its claim stays."""
    main = _main(session, campaign)
    draft = beside.as_draft(session, campaign, there)
    beside.require_sayable(session, there.channel, draft)
    sends, _ = _sends(session, campaign.id)
    with session.begin_nested() as attempt:
        dispatch = _opened(session, campaign, main, there, draft, press, by, now)
        queued = audiences.enlist(
            session,
            dispatch.id,
            EVERYBODY,
            channel.named(there.channel).reach(),
            campaign.message_type,
            now=now,
            next_at=now,
            not_reached_by=campaign.id,
            only=_whom(sends),
        )
        if not queued:
            attempt.rollback()
            return None
    dispatch.recipients = deliveries.books(session, dispatch.id).recipients
    failpoint.reach("asked_rows")
    after = {"dispatch": dispatch.id, "recipients": dispatch.recipients, "channel": there.channel}
    audit.write(session, "campaign.asked", by=by, now=now, subject_id=campaign.id, after=after)
    return dispatch


def _opened(
    session: Session,
    campaign: Campaign,
    main: Dispatch,
    there: Sibling,
    draft: Draft,
    press: Press,
    by: Actor,
    now: datetime,
) -> Dispatch:
    dispatch = launches.opened(
        session, draft, Audience.parse(main.audience), channel_name=there.channel, press=press, by=by, now=now
    )
    if dispatch.practice is not main.practice:
        raise Refusal(
            "other_mode", practice.WENT_LIVE if main.practice else practice.IN_PRACTICE, Kind.CONFLICT
        )
    dispatch.campaign_id, dispatch.run_no, dispatch.name = campaign.id, main.run_no, campaign.name
    dispatch.part, dispatch.only_remaining = Part.ASKED, True
    dispatch.audience_label = f"Whom the email did not reach, or who has not opened it: {main.audience_label}"
    session.add(dispatch)
    session.flush()
    return dispatch


def _main(session: Session, campaign: Campaign) -> Dispatch:
    """The launch that ended the campaign."""
    sent = (one for one in dispatches.of_run(session, campaign.id, campaign.run_no) if one.part is Part.MAIN)
    return next(sent)


def _sends(session: Session, campaign_id: int) -> tuple[Sends, bool]:
    """And whether the last one's opens are counted."""
    every = dispatches.of_campaign(session, campaign_id)
    mains = [one for one in every if one.part is Part.MAIN and one.state is not DispatchState.UNDONE]
    measured = [one.id for one in mains if one.measured]
    sends = Sends([one.id for one in mains], measured, [one.id for one in every])
    return sends, bool(mains) and mains[0].measured


def _whom(sends: Sends) -> Only:
    """What reached them by mail was looked at already; what reached them on this channel still counts."""
    return Only(among=unanswered.is_one(sends), on=CHANNEL)


def _ask_instead(session: Session, there: Sibling, now: datetime) -> None:
    """Later than the grace: it asks the shop instead of writing to people."""
    assert there.due_at is not None
    day = shown(there.due_at, read_shop(session).zone)
    hours = int(GRACE.total_seconds() // 3600)
    why = f"That was due on {day}, when Handbill was not running, more than {hours} hours ago. Ask now, if it is still wanted."
    note_trouble(session, there.id, why, now=now)
