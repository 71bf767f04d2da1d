"""What a program posts to be sent at once, and a single message to try. A repeat is answered with what it made before."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from data import smtp
from data.database import now, unit
from data.mail_account import AccountTrouble
from data.smtp import Answer
from domain.audience.audience import Audience
from domain.refusal import Refusal
from domain.sending import campaigns, echoes, launches, preview, siblings, trial
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.shop.people import Actor, Right
from jobs.sending import awake

TRIAL_TIMEOUT: Final = 20.0  # seconds for each step: somebody is waiting for the answer


def post_campaign(
    fields: dict[str, Any], press: Press, by: Actor, *, also: dict[str, Any] | None = None
) -> tuple[Campaign, Dispatch]:
    """A campaign that goes at once (D23). Where the launch is refused it stays as a draft, and the refusal names it."""
    by.require(Right.SEND)
    with unit() as session:
        made = _made_before(session, fields, press) or _make(session, fields, also, press, by, now())
    campaign, dispatch = made
    if isinstance(dispatch, Refusal):
        details = {**dispatch.details, "campaign_id": campaign.id}
        raise Refusal(dispatch.code, dispatch.sentence, dispatch.kind, **details)
    return campaign, awake(dispatch)


def post_one_shot(
    fields: dict[str, Any], audience: Audience, press: Press, by: Actor, *, channel_name: str
) -> Dispatch:
    by.require(Right.SEND)
    moment = now()
    with unit() as session:
        draft = preview.drafted(session, fields)
        dispatch = echoes.answered_before(session, press, draft)
        if dispatch is None:
            echoes.refuse_echo(session, press, draft, now=moment)
            dispatch = launches.launch_one_shot(
                session, draft, audience, press, channel_name=channel_name, by=by, now=moment
            )
    return awake(dispatch)


def try_out(campaign_id: int, recipient: str, by: Actor) -> Answer:
    """Blocks while the mail server is spoken to. Raises Refusal with what it said."""
    with unit() as session:
        letter = trial.prepare(session, campaign_id, recipient, by=by, now=now())
    account = replace(
        letter.account, timeout=TRIAL_TIMEOUT, command_timeout=TRIAL_TIMEOUT, final_timeout=TRIAL_TIMEOUT
    )
    try:
        return asyncio.run(smtp.probe(account, letter.sender, letter.recipient, letter.body))
    except AccountTrouble as trouble:
        raise Refusal(
            "mail_trouble", trouble.sentence, reply_code=trouble.code, reply=trouble.text
        ) from trouble


def _made_before(session: Session, fields: dict[str, Any], press: Press) -> tuple[Campaign, Dispatch] | None:
    earlier = echoes.answered_before(session, press, preview.drafted(session, fields))
    if earlier is None or earlier.campaign_id is None:
        return None
    return campaigns.get(session, earlier.campaign_id), earlier


def _make(
    session: Session,
    fields: dict[str, Any],
    also: dict[str, Any] | None,
    press: Press,
    by: Actor,
    moment: datetime,
) -> tuple[Campaign, Dispatch | Refusal]:
    campaign = campaigns.create(session, fields, by=by, now=moment)
    siblings.keep(session, campaign.id, also, by=by, now=moment)
    echoes.refuse_echo(session, press, campaigns.as_draft(session, campaign), now=moment)
    try:
        with session.begin_nested():
            return campaign, launches.launch(session, campaign.id, press, by=by, now=moment)
    except Refusal as refusal:
        session.refresh(campaign)
        return campaign, refusal
