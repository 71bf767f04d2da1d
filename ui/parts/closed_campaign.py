"""A campaign that is no draft, where somebody wanted to change it: why that can't be, and what can be done instead."""

from nicegui import ui

from data.database import now, unit
from domain.sending import campaigns, schedules
from domain.sending.campaigns import Status
from domain.shop.people import Actor, Right
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card, empty, head, link_button, page
from ui.parts.begun_campaign import LIST, Opened
from ui.parts.feedback import io


def closed_campaign(found: Opened, by: Actor) -> None:
    target = f"{LIST}/{found.id}"
    with page("narrow"):
        if found.status is not Status.SCHEDULED:
            empty(
                "lock",
                campaigns.LOCKED,
                "What went out stays as it was. To use it again, duplicate it and change the copy.",
                "Open the campaign",
                target=target,
                icon_name="mail",
                testid="locked",
            )
            return
        with head(found.name, back=("Campaigns", LIST)):
            pass
        with card(testid="scheduled"):
            alert(
                f"Scheduled for {found.when}",
                "Take it back to draft to change it. It is then not sent until you schedule it again.",
                tone="info",
            )
            with box("hb-row wrap"):
                if by.may(Right.SEND):
                    button(
                        "Back to draft",
                        lambda: _unschedule(found.id),
                        kind="primary",
                        icon="edit",
                        testid="back-to-draft",
                    )
                link_button("Open the campaign", target)


async def _unschedule(campaign_id: int) -> None:
    by = await current_actor()
    await io(_take_back, campaign_id, by)
    ui.navigate.reload()


def _take_back(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        schedules.unschedule(session, campaign_id, by=by, now=now())
