"""Writing a campaign: the form, kept by itself while somebody types, and the two ways to send it."""

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.audience.audience import Audience, Count, Who
from domain.message import templates
from domain.refusal import Refusal
from domain.sending import campaigns, content, schedules
from domain.sending.calendar import shown
from domain.sending.campaigns import Campaign, Status
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import Quiet
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Page, current_actor
from ui.parts import whatsapp_form
from ui.parts.basics import alert, box, button, card, empty, head, link_button, page, text
from ui.parts.draft_keeper import DraftKeeper, keep_as_copy
from ui.parts.feedback import io, toast
from ui.parts.inputs import Field, text_input
from ui.parts.letter_form import LetterForm, Start, start
from ui.parts.schedule_picker import SchedulePicker
from ui.parts.send_dialog import confirm_and_schedule, confirm_and_send
from ui.parts.whatsapp_form import WhatsAppForm

LIST = "/marketing/campaigns"
NAMELESS = "Give the campaign a name. Only your team sees it."


@dataclass(frozen=True)
class Opened:
    """A campaign as it was found. `begin` is there only for a draft."""

    id: int
    name: str
    status: Status
    version: int
    when: str
    error: str
    begin: Start | whatsapp_form.Start | None


async def build_new(
    by: Actor,
    segment: int | None = None,
    tag: str = "",
    customer: int | None = None,
    template: int | None = None,
    group: int | None = None,
) -> None:
    """`/marketing/campaigns/new?segment=3`, `?group=4`, `?tag=VIP`, `?customer=7`, `?template=2` begin with that."""
    by.require(Right.EDIT_CAMPAIGNS)
    audience = _wanted(segment, group, tag, customer)
    await Builder(await io(_begin_new, audience, template, by), by).draw("New Campaign")


async def build_edit(by: Actor, campaign_id: int) -> None:
    by.require(Right.EDIT_CAMPAIGNS)
    found = await io(_open, campaign_id, by)
    if found.begin is None:
        _closed(found, by)
        return
    await Builder(found.begin, by, found).draw("Edit campaign")


class Builder:
    """The page around one draft."""

    def __init__(self, begin: Start | whatsapp_form.Start, by: Actor, found: Opened | None = None) -> None:
        self.begin, self.found = begin, found
        self.may_send = by.may(Right.SEND)

    async def draw(self, title: str) -> None:
        with page("wide"):
            with head(title, back=("Campaigns", LIST)):
                self.keeper = DraftKeeper(
                    self.found.id if self.found else None,
                    self.found.version if self.found else None,
                    lambda: self.values,
                    on_conflict=self._conflict,
                )
            self.above = box("full")
            if self.found and self.found.error:
                with self.above:
                    alert(
                        "The last launch did not finish", self.found.error, tone="warn", testid="last-error"
                    )
            self.form = self._written()
        self.form.place("name", self.name_field.wrong)
        self.form.place("startAt", self.schedule.wrong)
        self._paint_bar()
        self.keeper.begin()
        await self.form.ready()

    def _written(self) -> LetterForm | WhatsAppForm:
        parts: dict[str, Any] = {"first": self._name, "below": self._below, "on_count": self._counted}
        if isinstance(self.begin, whatsapp_form.Start):
            return WhatsAppForm(self.begin, self._changed, **parts)
        return LetterForm(self.begin, self._changed, **parts)

    @property
    def values(self) -> dict[str, Any]:
        return {"name": (self.name.value or "").strip(), **self.form.values}

    def _name(self) -> None:
        self.name_field = Field("Name", "Only your team sees this.", testid="name-field")
        with self.name_field.body:
            self.name = text_input(
                str(self.begin.values.get("name") or ""),
                label="Name",
                placeholder="Such as Christmas viewing",
                debounce=200,
                on_change=self._changed,
                testid="name",
            )

    def _below(self) -> None:
        with card("When", "Leave it empty to send by hand."):
            self.schedule = SchedulePicker(self.begin.zone, self._paint_bar, self._quiet)
        with box("hb-actions hb-keep", testid="actions"):
            self.goes_to = text("Counting…", "grow strong small num", testid="goes-to")
            button("Save as draft", self._save, testid="save-draft")
            if self.may_send:
                self.send = button("Send now", self._send, kind="primary", icon="send", testid="send-now")
                self.book = button(
                    "Schedule send", self._book, kind="primary", icon="clock", testid="schedule-send"
                )

    def _paint_bar(self) -> None:
        """With a time set, that is the plan, and sending at once the exception."""
        if not self.may_send:
            return
        planned = self.schedule.is_begun
        self.book.visible = planned
        self.send.classes(add="plain" if planned else "primary", remove="primary" if planned else "plain")

    def _quiet(self) -> Quiet | None:
        return self.begin.quiet if self.form.message_type.needs_consent else None

    def _changed(self) -> None:
        self.keeper.touched()
        self.schedule.say()

    def _counted(self, count: Count | None) -> None:
        if count is not None:
            self.goes_to.set_text(f"Goes to {words.people(count.reachable)}")
        elif self.form.picker.missing:
            self.goes_to.set_text(self.form.picker.missing)

    async def _save(self) -> None:
        if await self._kept():
            toast("Saved as a draft.")

    async def _send(self) -> None:
        if self.form.missing_audience() or not await self._kept() or self.keeper.campaign_id is None:
            return
        try:
            sent = await confirm_and_send(self.keeper.campaign_id, version=self.keeper.version)
        except Refusal as refusal:
            self.form.refused(refusal)
            return
        if sent is not None:
            self._leave()

    async def _book(self) -> None:
        if not self.schedule.check() or self.form.missing_audience():
            return
        if not await self._kept() or self.keeper.campaign_id is None:
            return
        try:
            booked = await confirm_and_schedule(
                self.keeper.campaign_id, self.schedule.wall, version=self.keeper.version
            )
        except Refusal as refusal:
            self.form.refused(refusal)
            return
        if booked:
            self._leave()

    def _leave(self) -> None:
        self.keeper.stopped = True
        ui.navigate.to(f"{LIST}/{self.keeper.campaign_id}")

    async def _kept(self) -> bool:
        """Save everything; what is refused is said beside its field."""
        await current_actor()
        self.form.clear()
        if self.keeper.stopped:
            ui.run_javascript("scrollTo({top: 0, behavior: 'smooth'})")
            return False
        try:
            await self.keeper.keep()
        except Refusal as refusal:
            if not self.keeper.stopped:
                self.form.refused(refusal)
            return False
        return True

    def _conflict(self, refusal: Refusal, changed: list[str]) -> None:
        """Nothing typed is lost: the form stays, and can be kept as a campaign of its own."""
        if self.above.is_deleted:
            return
        self.above.clear()
        with self.above:
            alert(
                refusal.sentence,
                f"Changed there: {', '.join(changed)}. What you typed is still below."
                if changed
                else "What you typed is still below.",
                tone="warn",
                actions=self._ways_out,
                testid="conflict",
            )
        ui.run_javascript("scrollTo({top: 0, behavior: 'smooth'})")

    def _ways_out(self) -> None:
        button("Load the newest version", lambda: ui.navigate.reload(), small=True, testid="load-newest")
        button("Keep mine as a copy", self._copy, small=True, testid="keep-copy")

    async def _copy(self) -> None:
        copied = await keep_as_copy(self.values)
        ui.navigate.to(f"{LIST}/{copied}/edit")


def _closed(found: Opened, by: Actor) -> None:
    """Not a draft: say why it can't be changed, and what can be done instead."""
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


def _wanted(segment: int | None, group: int | None, tag: str, customer: int | None) -> Audience:
    if segment:
        return Audience(Who.SEGMENT, segment_ids=(segment,))
    if group:
        return Audience(Who.GROUP, group_ids=(group,))
    if customer:
        return Audience(Who.MANUAL, customer_ids=(customer,))
    return Audience(Who.TAGS, tags=(tag,)) if tag else Audience()


def _begin_new(audience: Audience, template_id: int | None, by: Actor) -> Start:
    with reading() as session:
        values: dict[str, Any] = {"audience": audience.as_json()}
        if template_id:
            chosen = templates.get(session, template_id, by=by)
            content = ("subject", "preheader", "html_body", "text_body")
            values |= {name: getattr(chosen, name) for name in content} | {"template_id": chosen.id}
        return start(session, values, by)


def _open(campaign_id: int, by: Actor) -> Opened:
    with reading() as session:
        campaign = campaigns.get(session, campaign_id)
        begins = whatsapp_form.start if campaign.channel == whatsapp_form.NAME else start
        begin = begins(session, _fields(campaign), by) if campaign.is_editable else None
        when = shown(campaign.scheduled_at, read_shop(session).zone) if campaign.scheduled_at else ""
        error = campaign.last_launch_error
        return Opened(campaign.id, campaign.name, campaign.status, campaign.version, when, error, begin)


def _fields(campaign: Campaign) -> dict[str, Any]:
    return {name: getattr(campaign, name) for name in content.EDITABLE}


def _take_back(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        schedules.unschedule(session, campaign_id, by=by, now=now())


PAGES = [
    Page(f"{LIST}/new", "New campaign", build_new, right=Right.EDIT_CAMPAIGNS),
    Page(f"{LIST}/{{campaign_id}}/edit", "Edit campaign", build_edit, right=Right.EDIT_CAMPAIGNS),
]
