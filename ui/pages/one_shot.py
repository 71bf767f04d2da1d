"""One email to many, sent once without a saved campaign."""

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
from ui.parts.basics import box, button, head, page, text
from ui.parts.feedback import io
from ui.parts.letter_form import LetterForm, Start, start
from ui.parts.send_dialog import confirm_and_send_one_shot


async def bulk_email(by: Actor) -> None:
    by.require(Right.SEND)
    await OneShot(await io(_begin, by)).draw()


class OneShot:
    """The nonce belongs to this form: however often Send is pressed, it goes out once."""

    def __init__(self, begin: Start) -> None:
        self.begin = begin
        self.nonce = secrets.token_hex(16)

    async def draw(self) -> None:
        with page("wide"):
            with head(
                "Bulk email",
                "One message, sent once. It has no name and no schedule; you find it later under Sends.",
                back=("Marketing", "/marketing"),
            ):
                pass
            self.form = LetterForm(self.begin, _nothing, below=self._bar, on_count=self._counted)
        await self.form.ready()

    def _bar(self) -> None:
        with box("hb-actions hb-keep", testid="actions"):
            self.goes_to = text("Counting…", "grow strong small num", testid="goes-to")
            button("Save as campaign", self._save, testid="save-campaign")
            button("Send now", self._send, kind="primary", icon="send", testid="send-now")

    def _counted(self, count: Count | None) -> None:
        if count is not None:
            self.goes_to.set_text(f"Goes to {words.people(count.reachable)}")
        elif self.form.picker.missing:
            self.goes_to.set_text(self.form.picker.missing)

    async def _send(self) -> None:
        self.form.clear()
        if self.form.missing_audience():
            return
        try:
            sent = await confirm_and_send_one_shot(self.form.values, self.form.picker.value, self.nonce)
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
    name = str(fields.get("subject") or "Untitled draft")[:200]
    with unit() as session:
        return campaigns.create(session, fields | {"name": name}, by=by, now=now()).id


PAGES = [
    Page(
        "/marketing/bulk-email",
        "Bulk email",
        bulk_email,
        right=Right.SEND,
        nav=Nav("Reach", "bolt", "Bulk email"),
    ),
]
