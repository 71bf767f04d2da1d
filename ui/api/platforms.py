"""Which ways to people there are, and which of them this shop has connected."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.channels import channel
from domain.channels.channel import Channel
from domain.refusal import Refusal, missing
from domain.shop import mail
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import Listed, Told

router = APIRouter(tags=["Platforms"], route_class=SignedIn)

LATER: Final = {
    "sms": "SMS",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "ads": "Ads",
}
SOCIAL: Final = ("facebook", "linkedin")
NOT_YET: Final = "Handbill can't send this way yet. A campaign can be saved for it, and not launched."
PRACTICE: Final = {
    "email": "Practice mode: messages go to the Practice inbox only. Connect a mail account under Settings.",
    "whatsapp": "Practice mode: messages go to the Practice inbox only. Connect a number under Settings, WhatsApp.",
}
OFF: Final = "Not connected. Connect it under Settings."


class Platform(Told):
    name: str
    label: str
    connected: bool
    launchable: Annotated[bool, Field(description="Whether a campaign can be launched this way just now.")]
    practice: bool = False
    reason: str | None = None


class CampaignType(Told):
    type: str
    label: str
    available: bool
    description: str


class SocialProfile(Told):
    platform: str
    name: str


TYPES: Final = (
    CampaignType(
        type="one_shot",
        label="One-shot blast",
        available=True,
        description="One message to an audience, now or at a time.",
    ),
    CampaignType(
        type="drip", label="Drip", available=False, description="A row of messages, some days apart."
    ),
    CampaignType(
        type="recurring", label="Recurring", available=False, description="The same message at regular times."
    ),
    CampaignType(
        type="milestone", label="Milestone", available=False, description="A message on somebody's own day."
    ),
)


@router.get("/platforms")
def platforms(by: Viewer) -> Listed[Platform]:
    with reading() as session:
        known = [_known(session, one) for one in channel.every()]
    names = {one.name for one in known}
    later = [_later(name, label) for name, label in LATER.items() if name not in names]
    return Listed(items=known + later, total=len(known) + len(later))


@router.get("/campaign-types")
def campaign_types(by: Viewer) -> Listed[CampaignType]:
    return Listed(items=list(TYPES), total=len(TYPES))


@router.get("/social-profiles")
def social_profiles(by: Viewer) -> Listed[SocialProfile]:
    """None can be connected yet."""
    return Listed(items=[], total=0)


@router.get("/social-profiles/{platform}")
def social_profiles_of(platform: str, by: Viewer) -> Listed[SocialProfile]:
    if platform not in SOCIAL:
        raise missing("platform")
    return Listed(items=[], total=0)


def _known(session: Session, one: Channel) -> Platform:
    connected = one.is_connected(session)
    launchable = connected or _can_practise(session, one)
    practice = launchable and not connected
    reason = None if connected else PRACTICE.get(one.name) if practice else OFF
    return Platform(
        name=one.name,
        label=one.label,
        connected=connected,
        launchable=launchable,
        practice=practice,
        reason=reason,
    )


def _can_practise(session: Session, one: Channel) -> bool:
    """By email always; elsewhere as long as somebody is there to take it."""
    if one.name == "email":
        return mail.is_practice(session)
    try:
        return bool(one.routes(session, now=now()))
    except Refusal:
        return False


def _later(name: str, label: str) -> Platform:
    return Platform(name=name, label=label, connected=False, launchable=False, reason=NOT_YET)
