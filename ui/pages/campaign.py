"""One campaign: what it says, whom it is for, and what became of each launch."""

from collections.abc import Hashable
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.sending import campaigns, schedules
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from domain.sending.reports import Report
from domain.sending.sibling import MAIN_CHANNEL
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Page, current_actor
from ui.pages.campaigns import sure_to_delete
from ui.parts import holds
from ui.parts.also_told import Signs, signs
from ui.parts.asking_card import asking_card, asking_said
from ui.parts.basics import (
    alert,
    box,
    button,
    card,
    facts,
    head,
    icon_button,
    link,
    link_button,
    menu,
    page,
    pill,
    put,
    text,
)
from ui.parts.campaign_report import CampaignReport, stages
from ui.parts.campaign_rows import PATH, status_of
from ui.parts.campaign_story import Seen, audience_line, look, plan_facts
from ui.parts.feedback import handled, io, toast
from ui.parts.phone_preview import phone_card
from ui.parts.send_controls import controls, something_moved, whole_campaign
from ui.parts.send_dialog import confirm_and_send
from ui.parts.sent_message import copyable, message_card
from ui.parts.steady import Steady

EVERY = 2.0  # seconds between looks at a schedule that will fire by itself
SAID_ABOVE = frozenset(
    {"ending"}
)  # a launch that did not finish is told by the page, with what to do about it

TOLD_AFTER_SEND = (
    "progress ending launch-error"  # where the keyboard goes; not on Undo, which a held key would press
)


async def build(by: Actor, campaign_id: int) -> None:
    await CampaignPage(by, campaign_id).draw()


class CampaignPage:
    def __init__(self, by: Actor, campaign_id: int) -> None:
        self.by, self.id = by, campaign_id
        self.report: CampaignReport | None = None
        self.version = 0

    async def draw(self) -> None:
        seen = await io(look, self.id)
        with page() as self.root:
            self.top = Steady("hb-stack")
            with box("hb-cols"):
                with box("hb-stack"):
                    self.asked, self.left = Steady("full"), box("hb-stack full")
                self.right = Steady("hb-stack")
        self._fill(seen)
        await self._report(seen)
        self.version = seen.campaign.version
        self.timer = ui.timer(EVERY, handled(self._watch), immediate=False)
        self._watch_what_waits(seen)

    async def redraw(self, *_: Any) -> None:
        """The head and the facts; the report stays as it is, unless there is another launch to tell about."""
        self.by = await current_actor()
        seen = await io(look, self.id)
        if self.root.is_deleted:
            return
        self.version = seen.campaign.version
        self._fill(seen)
        await self._report(seen)
        self._watch_what_waits(seen)

    def _fill(self, seen: Seen) -> None:
        self.top.show((self.by.role, *_said_above(seen)), lambda: self._above(seen))
        self.asked.show(asking_said(self.by, seen), lambda: asking_card(self.by, seen, self.redraw))
        self.right.show(_said_beside(seen), lambda: self._beside(seen))

    def _above(self, seen: Seen) -> None:
        self._head(seen)
        self._schedule(seen)
        self._unfinished(seen)
        _called_back(seen)

    def _beside(self, seen: Seen) -> None:
        self._details(seen)
        if seen.look:
            _message(seen)
            self._launches(seen)

    async def _report(self, seen: Seen) -> None:
        without = SAID_ABOVE if seen.is_unfinished else frozenset[str]()
        if self.report and seen.rolled and self.report.ids == seen.rolled.ids:
            await self.report.show(seen.rolled, without)
            return
        self.left.clear()
        self.report = None
        with self.left:
            if seen.rolled is None:
                _message(seen)
                return
            self.report = CampaignReport(self.id, seen.rolled, self._moved_on, without=without)
        await self.report.load()

    async def _moved_on(self, _: Report) -> None:
        await self.redraw()

    def _head(self, seen: Seen) -> None:
        campaign = seen.campaign
        last = seen.story.told
        label, tone = status_of(campaign.status, campaign.last_launch_error, last)
        with head(campaign.name, back=("Campaigns", PATH)):
            self._acts(seen)
        with box("hb-row wrap hb-under-head"):
            pill(label, tone, testid="status")
            text(audience_line(seen), "muted", "span", testid="audience")

    def _acts(self, seen: Seen) -> None:
        icon_button("refresh", "Refresh", self.redraw, testid="refresh").classes("hb-hide-phone")
        status, may_edit, may_send = (
            seen.campaign.status,
            self.by.may(Right.EDIT_CAMPAIGNS),
            self.by.may(Right.SEND),
        )
        if may_send and seen.rolled:
            sends = [one.report.dispatch for one in seen.rolled.looks]
            controls(sends, whole_campaign(self.id, sends), self.redraw)
        if status is Status.SENDING:
            return
        if status is Status.DRAFT and may_edit:
            link_button("Edit", f"{PATH}/{self.id}/edit", icon="edit", testid="edit")
        if status is Status.SCHEDULED and may_send:
            made = button("Back to draft", self._unschedule, icon="undo", testid="back-to-draft")
            put(made, data_then="edit")
        if status in (Status.DRAFT, Status.SCHEDULED) and may_send and not seen.is_unfinished:
            kind = "plain" if status is Status.SCHEDULED else "primary"  # its plan is to go by itself
            made = button("Send now", self._send, kind=kind, icon="send", testid="send-now")
            put(made, data_then=TOLD_AFTER_SEND)
        if may_edit:
            menu(
                [("copy", "Duplicate", self._duplicate), ("trash", "Delete", self._delete)],
                label="More to do with this campaign",
                testid="more",
            )

    def _schedule(self, seen: Seen) -> None:
        campaign = seen.campaign
        if campaign.status is not Status.SCHEDULED or campaign.scheduled_at is None:
            return
        when = words.moment_in_full(campaign.scheduled_at, seen.zone)
        overdue = campaign.scheduled_at <= seen.at
        alert(
            f"It was due {when} and starts any moment" if overdue else f"Goes out by itself on {when}",
            f"Shop time, {seen.zone.key}. The list is written at that moment, so whoever joins before is in it.",
            tone="warn" if overdue else "info",
            testid="schedule",
        )

    def _unfinished(self, seen: Seen) -> None:
        if not seen.is_unfinished:
            if seen.obstacle and seen.campaign.status is Status.DRAFT:
                alert("Not ready to send yet", seen.obstacle, tone="info", testid="obstacle")
            return
        campaign, prospect = seen.campaign, seen.prospect
        stopped = bool(seen.story.told and seen.story.told.state is DispatchState.STOPPED)
        rest = prospect.usual.reachable if prospect else 0

        def actions() -> None:
            if self.by.may(Right.SEND) and rest:
                label = f"Send to the remaining {words.number(rest)}" if seen.story.reached else "Send now"
                made = button(label, self._send, kind="primary", icon="send", testid="send-rest")
                put(made, data_then=TOLD_AFTER_SEND)

        alert(
            "Stopped part-way" if stopped else "The last send did not finish",
            " ".join(filter(None, [campaign.last_launch_error, seen.obstacle])),
            tone="warn" if stopped else "bad",
            actions=actions,
            testid="launch-error",
        )

    def _details(self, seen: Seen) -> None:
        with card("Details", testid="details"):
            facts(plan_facts(seen))
            copyable("Campaign id", str(self.id), testid="campaign-id")
            if seen.look:
                copyable("Send id", str(seen.look.report.dispatch.id), testid="send-id")

    def _launches(self, seen: Seen) -> None:
        if len(seen.story.launches) < 2:
            return
        with card("Every launch", f"{words.people(seen.story.reached)} reached in all.", testid="launches"):
            for one in seen.story.launches:
                with box("hb-row apart"):
                    link(words.when(one.created_at, seen.zone, seen.at), f"/marketing/sends/{one.id}")
                    pill(*holds.state_of(one))

    async def _send(self) -> None:
        try:
            if await confirm_and_send(self.id, version=self.version) is not None:
                something_moved.emit()
        finally:
            await self.redraw()  # also where somebody else was quicker: the page then shows theirs

    async def _unschedule(self) -> None:
        by = await current_actor()
        await io(_unscheduled, self.id, by)
        toast("Back to draft. Nothing goes out by itself.")
        await self.redraw()

    async def _duplicate(self) -> None:
        by = await current_actor()
        ui.navigate.to(f"{PATH}/{await io(_duplicated, self.id, by)}/edit")

    async def _delete(self) -> None:
        if await sure_to_delete(self.id):
            ui.navigate.to(PATH)

    async def _watch(self) -> None:
        await current_actor()
        if await io(_signs_of, self.id) != self.signs:
            await self.redraw()

    def _watch_what_waits(self, seen: Seen) -> None:
        """For a time to come, when something happens by itself."""
        self.signs = seen.signs
        self.timer.active = seen.campaign.status is Status.SCHEDULED or seen.also.due_at is not None


def _said_above(seen: Seen) -> tuple[Hashable, ...]:
    campaign, prospect = seen.campaign, seen.prospect
    return (
        campaign.version,
        campaign.last_launch_error,
        seen.rolled and stages(seen.rolled.looks),
        status_of(campaign.status, campaign.last_launch_error, seen.story.told),
        audience_line(seen),
        seen.obstacle,
        prospect and (prospect.usual.reachable, prospect.also and prospect.also.usual.reachable),
        seen.story.reached,
        [one.state for one in seen.story.launches[:1]] == [DispatchState.UNDONE],
        campaign.scheduled_at and campaign.scheduled_at <= seen.at,
        seen.zone.key,
    )


def _said_beside(seen: Seen) -> tuple[Hashable, ...]:
    launches = tuple((one.id, holds.state_of(one)) for one in seen.story.launches)
    return (*plan_facts(seen), launches, seen.story.reached, seen.obstacle)


def _message(seen: Seen) -> None:
    if seen.sight:
        message_card(seen.sight, seen.reader)
    if seen.phone:
        phone_card(seen.phone, beside=seen.campaign.channel == MAIN_CHANNEL)
    if seen.sight or seen.phone:
        return
    with card("The message", testid="preview"):
        text(seen.obstacle or "There is nothing to show yet.", "muted")


def _called_back(seen: Seen) -> None:
    launches = seen.story.launches
    if seen.campaign.status is Status.DRAFT and launches and launches[0].state is DispatchState.UNDONE:
        alert(
            "Called back in time",
            "Nobody was written to. The campaign is a draft again.",
            testid="called-back",
        )


def _signs_of(campaign_id: int) -> Signs:
    with reading() as session:
        return signs(session, campaigns.get(session, campaign_id))


def _unscheduled(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        schedules.unschedule(session, campaign_id, by=by, now=now())


def _duplicated(campaign_id: int, by: Actor) -> int:
    with unit() as session:
        return campaigns.duplicate(session, campaign_id, by=by, now=now()).id


PAGES = [Page(f"{PATH}/{{campaign_id}}", "Campaign", build)]
