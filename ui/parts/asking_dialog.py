"""Asking the other channel: the form of what is said there, and the last question before it leaves."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from data.database import now, reading, unit
from domain.book.message_types import MessageType
from domain.refusal import Refusal
from domain.sending import asking, campaigns, sibling, siblings
from domain.sending.asking import Asking
from domain.sending.launches import Press
from domain.sending.sibling import USUAL_DAYS, Goes
from domain.sending.whatsapp_forecast import Forecast
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from jobs import sending
from ui import words
from ui.frame import current_actor
from ui.parts.also_form import DAYS
from ui.parts.also_message import AlsoMessage
from ui.parts.basics import box, button, put
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io
from ui.parts.inputs import Field, select
from ui.parts.schedule_picker import quiet_sentence
from ui.parts.send_controls import something_moved
from ui.parts.send_dialog import undo_sentence
from ui.parts.whatsapp_content import Choice, choice
from ui.parts.whatsapp_outlook import cost_said
from ui.parts.whatsapp_templates import language

NOBODY: Final = "Nobody of them may be written to by WhatsApp."


@dataclass(frozen=True)
class Written:
    """What stands there, and what the form needs to change it."""

    given: dict[str, Any]
    choice: Choice
    shop_name: str
    waits: bool  # for a day that is set


async def write_what_is_said(campaign_id: int) -> bool:
    """A sheet with the message; whether it was kept."""
    found = await io(_written, campaign_id)
    return await _Form(campaign_id, found).ask()


async def confirm_and_ask(campaign_id: int) -> bool:
    """Ask once more, then send. Whether it was sent. Raises Refusal where it can't be."""
    by = await current_actor()
    who, told, waits = await io(_foretold, campaign_id, by)
    if not who.reachable:
        raise Refusal("no_recipients", NOBODY)
    people = words.people(who.reachable)
    sure = await confirm(
        f"Ask {people} by WhatsApp?",
        undo_sentence(waits),
        pairs=_pairs(who, told, await io(_template, campaign_id)),
        confirm_label=f"Send to {people}",
        icon="send",
    )
    if not sure:
        return False
    by = await current_actor()
    press = Press(sending.undo_window(), expected=who.reachable, nonce=secrets.token_hex(16))
    await io(sending.ask_now, campaign_id, press, by)
    something_moved.emit()
    return True


def who_said(who: Asking) -> Sequence[tuple[str, str]]:
    """Whom the email did not reach, by why; what is nought is left out."""
    told = [
        ("Without a working address", who.missing),
        ("Came back or was refused", who.came_back),
        ("Not opened", who.unopened),
    ]
    return [(name, words.people(number)) for name, number in told if number]


class _Form:
    """The sheet."""

    def __init__(self, campaign_id: int, found: Written) -> None:
        self.campaign_id, self.found = campaign_id, found
        with sheet("What to say on WhatsApp", wide=True) as self.dialog:
            if found.waits:
                self._days()
            self.message = AlsoMessage(
                found.choice, found.given["content"], lambda: None, sender=found.shop_name
            )
            with box("actions"):
                button("Cancel", lambda: self.dialog.submit(False), kind="ghost", testid="cancel")
                label = "Save" if found.waits else "Go on"
                put(button(label, self._keep, kind="primary", testid="asking-keep"), autofocus=True)

    async def ask(self) -> bool:
        await self.message.paint()
        return bool(await ask(self.dialog))

    def _days(self) -> None:
        field = Field("Days to wait for the email", testid="asking-days-field")
        kept = int(self.found.given["after_days"])
        options = {day: words.counted(day, "day") for day in sorted({*DAYS, kept})}
        with field.body:
            self.days = select(options, kept, label="Days to wait for the email", testid="asking-days")

    async def _keep(self) -> None:
        self.message.clear()
        days = self.days.value if self.found.waits else self.found.given["after_days"]
        given = {**self.found.given, "content": self.message.value, "after_days": days}
        try:
            await io(_keep, self.campaign_id, given, await current_actor())
        except Refusal as refusal:
            about = refusal.details.get("also_field") or refusal.details.get("field") or ""
            self.message.shown_at(str(about))(refusal.sentence)
            return
        self.dialog.submit(True)


def _pairs(who: Asking, told: Forecast, template: tuple[str, str]) -> Sequence[tuple[str, str]]:
    doubts = " ".join(one for one in told.doubts if told.cost.words not in one)
    pairs = [
        *who_said(who),
        ("Template", f"{template[0]}, {language(template[1])}"),
        ("Costs", cost_said(told.cost)),
        ("Left out", who.count.why),
        ("Worth a look", doubts),
    ]
    return [(name, value) for name, value in pairs if value]


def _written(campaign_id: int) -> Written:
    with reading() as session:
        there = sibling.of(session, campaign_id)
        usual = {"content": {}, "goes": str(Goes.INSTEAD), "after_days": USUAL_DAYS}
        given = sibling.as_json(there) or usual
        waits = there is not None and there.due_at is not None
        return Written(given, choice(session), shops.read(session).name, waits)


def _keep(campaign_id: int, given: dict[str, Any], by: Actor) -> None:
    """What can't be sent is refused here already, while the form is still open."""
    with unit() as session:
        siblings.write(session, campaign_id, given, by=by, now=now())
        asking.require_askable(session, campaign_id)


def _foretold(campaign_id: int, by: Actor) -> tuple[Asking, Forecast, str]:
    by.require(Right.SEND)
    moment = now()
    with reading() as session:
        told = asking.forecast(session, campaign_id, now=moment)
        who = asking.would_ask(session, campaign_id, now=moment)
        shop, kind = shops.read(session), MessageType(campaigns.get(session, campaign_id).message_type)
        quiet = shop.quiet if kind.needs_consent else None
        return who, told, quiet_sentence(quiet, shop.zone, moment, now=True)


def _template(campaign_id: int) -> tuple[str, str]:
    with reading() as session:
        there = sibling.of(session, campaign_id)
        named = there.content.get("template") if there else None
        return (str(named.get("name")), str(named.get("language"))) if isinstance(named, dict) else ("", "")
