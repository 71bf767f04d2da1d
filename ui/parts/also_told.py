"""What is to be told of the message by WhatsApp beside a campaign: to whom it goes, when somebody is asked, what came of that."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.refusal import Refusal
from domain.sending import asking, sibling
from domain.sending.asking import Asking
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Part
from domain.sending.sibling import MAIN_CHANNEL, USUAL_DAYS, Goes
from ui import words
from ui.parts.campaign_report import Rolled
from ui.parts.phone_preview import OnPhone, on_a_phone, on_the_phone

SAID: Final = {
    Goes.INSTEAD: "Only whoever gets no email",
    Goes.AFTER: "Who gets no email, and after {days} whoever does not open it",
    Goes.TOGETHER: "Everyone who said yes, beside the email",
}


Signs = tuple[Hashable, ...]


@dataclass(frozen=True)
class Also:
    """`goes` None: nothing is written for WhatsApp. `asking`: whom one could ask there now; None where one can't."""

    goes: Goes | None = None
    after_days: int = USUAL_DAYS
    content: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    asked_at: datetime | None = None
    error: str = ""
    asking: Asking | None = None
    was_sent: bool = False  # to those who were asked

    @property
    def may_be_asked(self) -> bool:
        """Once for each campaign."""
        return self.asking is not None and self.asked_at is None

    @property
    def is_nobody(self) -> bool:
        """They were asked, and there was nobody."""
        return self.asked_at is not None and not self.was_sent


def also_of(session: Session, campaign: Campaign, rolled: Rolled | None, moment: datetime) -> Also:
    if campaign.channel != MAIN_CHANNEL:
        return Also()
    there = sibling.of(session, campaign.id)
    asked = there.asked_at if there else None
    open_ = campaign.status is Status.SENT and asked is None
    could = asking.would_ask(session, campaign.id, now=moment) if open_ else None
    if there is None:
        return Also(asking=could)
    sent = any(one.report.dispatch.part is Part.ASKED for one in rolled.looks) if rolled else False
    return Also(
        there.goes, there.after_days, there.content or {}, there.due_at, asked, there.error, could, sent
    )


def signs(session: Session, campaign: Campaign) -> Signs:
    """What is otherwise once the clock has done something about this campaign."""
    there = sibling.of(session, campaign.id)
    return (campaign.version, there and there.due_at, there and there.asked_at, there and there.error)


def also_said(goes: Goes, after_days: int) -> str:
    return SAID[goes].format(days=words.counted(after_days, "day"))


def phone_beside(session: Session, also: Also, rolled: Rolled | None) -> OnPhone | None:
    """As it went, or as it would go; None where nothing is written."""
    sends = (
        [one.report.dispatch for one in rolled.looks if one.report.dispatch.part is not Part.MAIN]
        if rolled
        else []
    )
    try:
        if sends:
            return on_the_phone(session, sends[-1])
        return on_a_phone(session, also.content) if also.content.get("template") else None
    except Refusal:
        return None
