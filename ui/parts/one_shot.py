"""A message to many, sent once without a saved campaign; by whichever channel, through that channel's form."""

import secrets
from collections.abc import Callable
from typing import Any, Protocol

from nicegui import ui

from data.database import now, unit
from domain.audience.audience import Audience, Count
from domain.refusal import Refusal
from domain.sending import campaigns
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, head, link_button, page, text
from ui.parts.feedback import io
from ui.parts.recipient_picker import RecipientPicker
from ui.parts.send_dialog import confirm_and_send_one_shot

SENT_ONCE = "One message, sent once. It has no name and no schedule; you find it later under Sends."


class Form(Protocol):
    picker: RecipientPicker

    @property
    def values(self) -> dict[str, Any]: ...

    @property
    def usual_name(self) -> str:
        """What a campaign with this content is called at first. Raises Refusal where it can't be one."""

    async def ready(self) -> None: ...

    async def meant(self) -> Audience:
        """Whom a press of Send is about. Raises Refusal."""

    def goes_to(self, count: Count) -> str: ...

    def clear(self) -> None: ...

    def missing_audience(self) -> bool: ...

    def refused(self, refusal: Refusal) -> None: ...


# Of the form's two arguments the first builds what stands below it, the second hears each count.
Build = Callable[[Callable[[], Any], Callable[[Count | None], Any]], Form]


class OneShot:
    """The nonce belongs to this form: however often Send is pressed, it goes out once."""

    def __init__(
        self, title: str, channel: str, build: Build, *, above: Callable[[], Any] | None = None
    ) -> None:
        self.title, self.channel, self.build, self.above = title, channel, build, above
        self.nonce = secrets.token_hex(16)

    async def draw(self) -> None:
        with page("wide"):
            with head(self.title, SENT_ONCE, back=("Marketing", "/marketing")):
                instead = f"/marketing/campaigns/new?channel={self.channel}"
                made = link_button("Write a campaign instead", instead, testid="campaign-instead")
                made.classes("hb-hide-phone")  # there is a button below that does it
            if self.above:
                self.above()
            self.form = self.build(self._bar, self._counted)
        await self.form.ready()

    def _bar(self) -> None:
        with box("hb-actions hb-keep", testid="actions"):
            self.goes_to = text("Counting…", "grow strong small num", testid="goes-to")
            button("Save as campaign", self._save, testid="save-campaign")
            button("Send now", self._send, kind="primary", icon="send", testid="send-now")

    def _counted(self, count: Count | None) -> None:
        if count is not None:
            self.goes_to.set_text(self.form.goes_to(count))
        elif self.form.picker.missing:
            self.goes_to.set_text(self.form.picker.missing)

    async def _send(self) -> None:
        self.form.clear()
        if self.form.missing_audience():
            return
        try:
            audience = await self.form.meant()
            sent = await confirm_and_send_one_shot(self.form.values, audience, self.nonce, self.channel)
        except Refusal as refusal:
            self.form.refused(refusal)
            return
        if sent is not None:
            ui.navigate.to(f"/marketing/sends/{sent}")

    async def _save(self) -> None:
        """For who notices that it wants a name or a time."""
        by = await current_actor()
        self.form.clear()
        try:
            campaign_id = await io(_as_campaign, self.form.values, self.form.usual_name, by)
        except Refusal as refusal:
            self.form.refused(refusal)
            return
        ui.navigate.to(f"/marketing/campaigns/{campaign_id}/edit")


def not_kept() -> None:
    """A one-shot is not kept while it is written."""


def _as_campaign(fields: dict[str, Any], name: str, by: Actor) -> int:
    with unit() as session:
        return campaigns.create(session, fields | {"name": name[:200]}, by=by, now=now()).id
