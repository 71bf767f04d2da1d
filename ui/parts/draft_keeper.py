"""Keeps a campaign's draft: by itself a moment after the last change, and at once when asked."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from nicegui import background_tasks, ui
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.refusal import Refusal
from domain.sending import campaigns, siblings
from domain.sending.campaigns import Campaign
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui.frame import current_actor
from ui.parts.basics import text
from ui.parts.feedback import io, sentence_for

QUIET: Final = 1.2  # seconds without a change
GONE_ON: Final = ("changed_meanwhile", "locked", "is_scheduled", "not_found")
UNNAMED: Final = "Untitled draft"
ALSO: Final = "also"  # what goes by WhatsApp beside an email
BEGUN_WITH: Final = ("subject", "html_body", "text_body", "content", ALSO)
NAMES: Final = {
    "name": "name", "message_type": "message type", "from_name": "sender", "from_email": "sender",
    "reply_to": "reply address", "subject": "subject", "preheader": "preheader", "html_body": "body",
    "text_body": "body", "template_id": "template", "audience": "recipients",
    "content": "WhatsApp message", ALSO: "WhatsApp message",
}  # fmt: skip


class DraftKeeper:
    """`values()` gives the form's fields; `on_conflict(refusal, changed)` hears that somebody else was quicker.

    After a conflict nothing is kept any more: the form goes on showing what was typed.
    """

    def __init__(
        self,
        campaign_id: int | None,
        version: int | None,
        values: Callable[[], dict[str, Any]],
        *,
        on_conflict: Callable[[Refusal, list[str]], Any],
    ) -> None:
        self.campaign_id, self.version, self.values = campaign_id, version, values
        self.on_conflict = on_conflict
        self.client = ui.context.client
        self.changes = 0
        self.stopped = False
        self.kept: dict[str, Any] = {}
        self.lock = asyncio.Lock()
        self.status = text("Saved" if campaign_id else "Not saved yet", "hb-saved", testid="saved")

    def begin(self) -> None:
        """What the form shows now is what is kept."""
        self.kept = self.values() if self.campaign_id else {}

    def touched(self) -> None:
        self.changes += 1
        if not self.stopped:
            background_tasks.create(self._later(self.changes), name="keep a draft")

    async def keep(self) -> None:
        """Everything as it stands, or a Refusal."""
        self.changes += 1
        async with self.lock:
            await self._save(self.values())

    async def let_go(self) -> bool:
        """Keep what can be kept, and keep nothing more. Whether there is a draft now."""
        self.changes += 1
        if not self.stopped:
            async with self.lock:
                await self._save_what_can_be()
        self.stopped = True
        return self.campaign_id is not None

    async def _later(self, change: int) -> None:
        await asyncio.sleep(QUIET)
        if change != self.changes or self.stopped:
            return
        with self.client:
            try:
                async with self.lock:
                    await self._save_what_can_be()
            except Exception as error:
                if not self.stopped:
                    self._say(f"Not saved. {sentence_for(error)}")

    async def _save_what_can_be(self) -> None:
        """A field that is wrong waits for its correction; the others do not wait for it."""
        fields, waiting = self.values(), ""
        if not str(fields.get("name") or "").strip():
            fields = self._unnamed(fields)
        while fields:
            try:
                await self._save(fields, but=waiting)
                return
            except Refusal as refusal:
                wrong = str(refusal.details.get("field", ""))
                if wrong not in fields:
                    raise
                fields.pop(wrong)
                waiting = f", all but the {NAMES.get(wrong, wrong)}"

    def _unnamed(self, fields: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in fields.items() if name != "name"}
        if self.campaign_id is not None:
            return rest
        begun = any(_says_something(rest.get(name)) for name in BEGUN_WITH)
        return rest | {"name": _called(rest)} if begun else {}

    async def _save(self, fields: dict[str, Any], but: str = "") -> None:
        if self.stopped or (self.campaign_id and fields == self.kept):
            return
        by = await current_actor()
        try:
            found = await io(_keep, self.campaign_id, self.version, fields, by)
        except Refusal as refusal:
            if refusal.code in GONE_ON:
                await self._conflict(refusal)
            raise
        is_new = self.campaign_id is None
        self.campaign_id, self.version, clock = found
        self.kept = fields
        self._say(f"Saved {clock}{but}")
        if is_new:
            ui.navigate.history.replace(f"/marketing/campaigns/{self.campaign_id}/edit")

    async def _conflict(self, refusal: Refusal) -> None:
        self.stopped = True
        changed = await io(_changed_fields, self.campaign_id, self.kept)
        self._say("Not saved")
        self.on_conflict(refusal, changed)

    def _say(self, words: str) -> None:
        if not self.status.is_deleted:
            self.status.set_text(words)


def _says_something(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _called(fields: dict[str, Any]) -> str:
    """What nobody has given a name is found by its subject, or by its template."""
    named = (fields.get("content") or {}).get("template") or {}
    template = str(named.get("name") or "").replace("_", " ")
    return (str(fields.get("subject") or "") or template or UNNAMED)[:200]


async def keep_as_copy(fields: dict[str, Any]) -> int:
    """What was typed, as a draft of its own. Gives its id."""
    by = await current_actor()
    name = str(fields.get("name") or fields.get("subject") or UNNAMED)[:180]
    return (await io(_keep, None, None, fields | {"name": f"{name} (my version)"}, by))[0]


def _keep(
    campaign_id: int | None, version: int | None, fields: dict[str, Any], by: Actor
) -> tuple[int, int, str]:
    """The id, the version, and the time on the shop's clock."""
    moment = now()
    own = {name: value for name, value in fields.items() if name != ALSO}
    with unit() as session:
        if campaign_id is None:
            kept = campaigns.create(session, own, by=by, now=moment)
        else:
            kept = campaigns.change(session, campaign_id, own, by=by, now=moment, version=version)
        if ALSO in fields:
            _keep_also(session, kept.id, fields[ALSO], by, moment)
        clock = moment.astimezone(read_shop(session).zone)
        return kept.id, kept.version, f"{clock:%H:%M}"


def _keep_also(session: Session, campaign_id: int, given: Any, by: Actor, moment: datetime) -> None:
    """What is wrong in it is wrong in that part, whichever of its own fields it is."""
    try:
        siblings.keep(session, campaign_id, given, by=by, now=moment)
    except Refusal as refusal:
        details = {**refusal.details, "field": ALSO, "also_field": refusal.details.get("field", "")}
        raise Refusal(refusal.code, refusal.sentence, refusal.kind, **details) from refusal


def _changed_fields(campaign_id: int | None, kept: dict[str, Any]) -> list[str]:
    """In words, what somebody else wrote differently since this form kept it last."""
    try:
        with reading() as session:
            there = campaigns.get(session, campaign_id or 0)
            changed = [name for name, value in kept.items() if _there(session, there, name) != value]
    except Refusal:
        return []
    return list(dict.fromkeys(NAMES.get(name, name) for name in changed))


def _there(session: Session, campaign: Campaign, name: str) -> Any:
    return siblings.as_json(siblings.of(session, campaign.id)) if name == ALSO else getattr(campaign, name)
