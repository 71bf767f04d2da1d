"""One message by WhatsApp to many, sent once without a saved campaign."""

import secrets
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.audience.audience import Audience, Count
from domain.refusal import Refusal
from domain.sending import campaigns
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.parts.basics import alert, box, button, head, page, text
from ui.parts.feedback import io
from ui.parts.send_dialog import confirm_and_send_one_shot
from ui.parts.whatsapp_form import NAME, Start, WhatsAppForm, start

HERE = "/marketing/whatsapp-campaigns"
ONLY_NOW = (
    "Free words can only be sent now: by the time of a campaign nobody may be listening any more. "
    "Choose a template to save it."
)


async def whatsapp(by: Actor, came: str = "") -> None:
    by.require(Right.SEND)
    await OneShot(await io(_begin, by), came).draw()


def bulk_sms() -> None:
    ui.navigate.to(f"{HERE}?came=sms")


class OneShot:
    """The nonce belongs to this form: however often Send is pressed, it goes out once."""

    def __init__(self, begin: Start, came: str) -> None:
        self.begin, self.came = begin, came
        self.nonce = secrets.token_hex(16)

    async def draw(self) -> None:
        with page("wide"):
            with head(
                "WhatsApp campaigns",
                "One message, sent once. It has no name and no schedule; you find it later under Sends.",
                back=("Marketing", "/marketing"),
            ):
                pass
            if self.came == "sms":
                alert(
                    "Text messages are part of WhatsApp campaigns now",
                    "Everything that goes to phones is written here.",
                    testid="came-from-sms",
                )
            self.form = WhatsAppForm(self.begin, _nothing, below=self._bar, on_count=self._counted, free=True)
        await self.form.ready()

    def _bar(self) -> None:
        with box("hb-actions hb-keep", testid="actions"):
            self.goes_to = text("Counting…", "grow strong small num", testid="goes-to")
            button("Save as campaign", self._save, testid="save-campaign")
            button("Send now", self._send, kind="primary", icon="send", testid="send-now")

    def _counted(self, count: Count | None) -> None:
        if count is not None:
            self.goes_to.set_text(
                "Goes to whoever listens now"
                if self.form.is_free
                else f"Goes to {words.people(count.reachable)}"
            )
        elif self.form.picker.missing:
            self.goes_to.set_text(self.form.picker.missing)

    async def _send(self) -> None:
        self.form.clear()
        if self.form.missing_audience():
            return
        try:
            audience = await self.form.meant()
            sent = await confirm_and_send_one_shot(self.form.values, audience, self.nonce, NAME)
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
            campaign_id = await io(_as_campaign, self.form.values, by)
        except Refusal as refusal:
            self.form.refused(refusal)
            return
        ui.navigate.to(f"/marketing/campaigns/{campaign_id}/edit")


def _nothing() -> None:
    """A one-shot is not kept while it is written."""


def _begin(by: Actor) -> Start:
    with reading() as session:
        return start(session, {"audience": Audience().as_json()}, by)


def _as_campaign(fields: dict[str, Any], by: Actor) -> int:
    content = fields["content"]
    if "text" in content:
        raise Refusal("free_words", ONLY_NOW, field="text")
    name = content["template"]["name"].replace("_", " ").capitalize() if content else "Untitled draft"
    with unit() as session:
        return campaigns.create(session, fields | {"name": name[:200]}, by=by, now=now()).id


PAGES = [
    Page("/marketing/bulk-sms", "WhatsApp campaigns", bulk_sms, right=Right.SEND),
    Page(HERE, "WhatsApp campaigns", whatsapp, right=Right.SEND, nav=Nav("Reach", "chat", "WhatsApp")),
]
