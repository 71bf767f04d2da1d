"""Writing a campaign: the form, kept by itself while somebody types, and the two ways to send it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from domain.audience.audience import Count
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import Quiet
from ui.frame import Page, current_actor
from ui.parts import whatsapp_form
from ui.parts.also_count import Meant
from ui.parts.also_form import AlsoForm
from ui.parts.basics import alert, box, button, card, head, page, text
from ui.parts.begun_campaign import CHANNELS, EMAIL, LIST, Begun, Opened, begin_new, open_campaign, wanted
from ui.parts.closed_campaign import closed_campaign
from ui.parts.content_form import TO_THE_FAULT
from ui.parts.draft_keeper import DraftKeeper, keep_as_copy
from ui.parts.feedback import io, toast
from ui.parts.inputs import Field, Segmented, text_input
from ui.parts.letter_form import LetterForm
from ui.parts.schedule_picker import SchedulePicker
from ui.parts.send_dialog import confirm_and_schedule, confirm_and_send
from ui.parts.whatsapp_form import WhatsAppForm

NAMELESS = "Give the campaign a name. Only your team sees it."


async def build_new(
    by: Actor,
    segment: int | None = None,
    tag: str = "",
    customer: int | None = None,
    template: int | None = None,
    group: int | None = None,
    channel: str = "",
) -> None:
    """`/marketing/campaigns/new?segment=3`, `?group=4`, `?tag=VIP`, `?customer=7`, `?template=2`, `?channel=whatsapp`
    begin with that.
    """
    by.require(Right.EDIT_CAMPAIGNS)
    audience = wanted(segment, group, tag, customer)
    begin = await io(begin_new, audience, template, channel, by)
    await Builder(begin, by, switch=partial(_switched, segment, group, tag, customer)).draw("New Campaign")


async def build_edit(by: Actor, campaign_id: int) -> None:
    by.require(Right.EDIT_CAMPAIGNS)
    found = await io(open_campaign, campaign_id, by)
    if found.begin is None:
        closed_campaign(found, by)
        return
    await Builder(found.begin, by, found).draw("Edit campaign")


class Builder:
    """The page around one draft."""

    def __init__(
        self,
        begin: Begun,
        by: Actor,
        found: Opened | None = None,
        *,
        switch: Callable[[str], Any] | None = None,
    ) -> None:
        self.begin, self.also_begin, self.found, self.switch = begin.form, begin.also, found, switch
        self.channel = begin.channel
        self.also: AlsoForm | None = None
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
            if self.switch:
                Segmented(
                    CHANNELS,
                    self.channel,
                    self._choose_channel,
                    "By which channel",
                    testid="channel",
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
        if self.also:
            await self.also.ready()

    def _written(self) -> LetterForm | WhatsAppForm:
        parts: dict[str, Any] = {"first": self._name, "below": self._below, "on_count": self._counted}
        if isinstance(self.begin, whatsapp_form.Start):
            return WhatsAppForm(self.begin, self._changed, **parts)
        return LetterForm(self.begin, self._changed, **parts)

    @property
    def values(self) -> dict[str, Any]:
        also = {"also": self.also.value} if self.also else {}
        return {"name": (self.name.value or "").strip(), **self.form.values, **also}

    async def _choose_channel(self, name: str) -> None:
        """What was typed so far stays as a draft."""
        if await self.keeper.let_go():
            toast("What you wrote is kept as a draft.")
        if self.switch:
            self.switch(name)

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
        if self.also_begin:
            self.also = AlsoForm(
                self.also_begin, self._changed, meant=self._meant, reader=self._reader, on_count=self._say_to
            )
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

    def _meant(self) -> Meant:
        """Whom the email is for."""
        picker = self.form.picker
        return None if picker.missing else (picker.value, self.form.message_type)

    def _reader(self) -> int | None:
        return self.form.preview.to.id

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
        if count is None and not self.form.picker.missing:
            return
        self._say_to()
        if self.also:
            self.also.soon()

    def _say_to(self) -> None:
        """By which channel only where there are two."""
        picker = self.form.picker
        if picker.missing:
            self.goes_to.set_text(picker.missing)
        elif picker.count is not None:
            there = self.also.goes_to if self.also else ""
            by_mail = (
                f"{self.form.goes_to(picker.count)} by email" if there else self.form.goes_to(picker.count)
            )
            self.goes_to.set_text(by_mail + there)

    async def _save(self) -> None:
        if await self._kept():
            toast("Saved as a draft.")

    async def _send(self) -> None:
        if self.form.missing_audience() or not await self._kept() or self.keeper.campaign_id is None:
            return
        try:
            sent = await confirm_and_send(self.keeper.campaign_id, version=self.keeper.version)
        except Refusal as refusal:
            self._refused(refusal)
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
            self._refused(refusal)
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
        if self.also:
            self.also.clear()
        if self.keeper.stopped:
            ui.run_javascript("scrollTo({top: 0, behavior: 'smooth'})")
            return False
        try:
            await self.keeper.keep()
        except Refusal as refusal:
            if not self.keeper.stopped:
                self._refused(refusal)
            return False
        return True

    def _refused(self, refusal: Refusal) -> None:
        if self.also and self.also.refused(refusal):
            self.form.switch.set("write")
            ui.run_javascript(TO_THE_FAULT)
            return
        self.form.refused(refusal)

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


def _switched(segment: int | None, group: int | None, tag: str, customer: int | None, channel: str) -> None:
    """The same people by another channel; a template of one is none of the other."""
    asked = {"segment": segment, "group": group, "tag": tag, "customer": customer, "channel": channel}
    given = {name: value for name, value in asked.items() if value and value != EMAIL}
    ui.navigate.to(f"{LIST}/new?{urlencode(given)}" if given else f"{LIST}/new")


PAGES = [
    Page(f"{LIST}/new", "New campaign", build_new, right=Right.EDIT_CAMPAIGNS),
    Page(f"{LIST}/{{campaign_id}}/edit", "Edit campaign", build_edit, right=Right.EDIT_CAMPAIGNS),
]
