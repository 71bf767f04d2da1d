"""Connecting the shop's own number: what is needed from Meta, where each thing is found, and what each key found."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from data.database import reading
from domain.results import connections
from domain.results.connections import Connection
from domain.shop import whatsapp
from domain.shop.people import Actor
from jobs import whatsapp as jobs
from jobs.whatsapp_check import LAST_STEP, Finding
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card, icon, pill, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, select, text_input
from ui.shell import something_new

NEEDED: Final = (
    "A number that is not used in a WhatsApp app on a telephone, or one that you share with the WhatsApp Business app.",
    "A business account at Meta, with WhatsApp added to an app of yours at developers.facebook.com. Meta asks for the shop’s "
    "papers and for a card, because it charges for messages itself.",
    "Half an hour at a computer. Whoever built your website can do it with you.",
)
WHERE: Final[Mapping[str, str]] = {
    "phone_number_id": "At developers.facebook.com: your app, WhatsApp, API setup. It stands under the number; it is not the number itself.",
    "business_account_id": "On the same page, beside the phone number ID.",
    "access_token": "In Meta’s business settings: users, system users, generate token. Choose “never expires” and both WhatsApp rights. "
    "The token of the API setup page ends after a day.",
    "app_secret": "In your app: app settings, basic. Press Show beside App secret.",
    "verify_token": "Any word that you make up. You type it here and once more at Meta, beside the address below.",
}
MISFIT: Final = "This does not fit. What was found stands below."
STEPS: Final = {"sending": "Sending", LAST_STEP: "What Meta reports"}
KEPT: Final = "One is kept, sealed. Leave this empty to go on with it."
SPEED: Final = {
    80: "80 a second, as usual",
    20: "20 a second, for a number shared with the app on a telephone",
}
ANSWERS: Final = (
    "In your app at Meta: WhatsApp, configuration, webhook. Enter this address and the verify token from above, press Verify and "
    "save, and subscribe to these fields:"
)
FIELDS: Final = (
    "messages, user_preferences, message_template_status_update, message_template_quality_update, template_category_update, "
    "phone_number_quality_update, business_capability_update, account_update"
)
NO_HTTPS: Final = "Whoever looks after this installation sets its public address: HANDBILL_BASE_URL."


@dataclass(frozen=True)
class Begun:
    connection: Connection
    per_second: int


class WhatsAppConnect:
    """`changed` is called after the keys were changed or forgotten, so that the rest of the page looks again."""

    def __init__(self, begun: Begun, changed: Callable[[], Awaitable[None]]) -> None:
        self.begun, self.changed = begun, changed
        self.inputs: dict[str, Any] = {}
        self.room = box("hb-stack full")
        self._draw()

    def _draw(self) -> None:
        self.room.clear()
        with self.room:
            self._first()
            self._keys()
            _third(self.begun.connection)

    def _first(self) -> None:
        if self.begun.connection.is_on:
            return
        with card("1. What you need", testid="connect-needs"), box("hb-points", "ul"):
            for one in NEEDED:
                text(one, tag="li")

    def _keys(self) -> None:
        one = self.begun.connection
        title = "The keys" if one.is_on else "2. Five things to copy from Meta"
        fields: dict[str, Field] = {}
        with card(
            title, "They are kept sealed. The secret ones are never shown again.", testid="connect-keys"
        ):
            for key in one.fields:
                kept = f" {KEPT}" if key.secret and key.name in one.entered else ""
                fields[key.name] = Field(key.label, WHERE[key.name] + kept, testid=f"{key.name}-field")
                with fields[key.name].body:
                    self.inputs[key.name] = text_input(
                        one.shown.get(key.name, ""),
                        label=key.label,
                        kind="password" if key.secret else "text",
                        autocomplete="off",
                        testid=key.name.replace("_", "-"),
                    )
            fields["per_second"] = Field("Speed", "How many messages WhatsApp takes from this number.")
            with fields["per_second"].body:
                speeds = SPEED | {self.begun.per_second: SPEED.get(self.begun.per_second, f"{self.begun.per_second} a second")}  # fmt: skip
                self.speed = select(speeds, self.begun.per_second, label="Speed", testid="per-second")
            with box("hb-row end wrap"):
                if one.is_on:
                    button("Disconnect", self.forget, testid="forget-whatsapp")
                    button("Check again", self.check, icon="refresh", testid="check-whatsapp")
                button("Save and check", self.save, kind="primary", testid="save-whatsapp")
            self.fields, self.form = fields, Form(fields)
            self.found = box("full", testid="findings")

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        typed = {name: (made.value or "").strip() for name, made in self.inputs.items()}
        with refusals_to(self.form.wrong):
            findings = await io(_saved, self.begun.connection, typed, int(self.speed.value), by)
            await self._again(by, findings)

    async def check(self) -> None:
        by = await current_actor()
        with refusals_to(self.form.wrong):
            await self._again(by, await io(jobs.check, by))

    async def forget(self) -> None:
        sure = await confirm(
            "Disconnect your number?",
            "Its keys are forgotten, and messages go to the practice phones again. What was sent and what people said stays.",
            confirm_label="Disconnect",
            kind="danger",
        )
        if sure:
            by = await current_actor()
            await io(jobs.forget, by)
            await self._again(by, [])
            toast("Disconnected")

    async def _again(self, by: Actor, findings: list[Finding]) -> None:
        self.begun = await io(begun, by)
        if self.room.is_deleted:
            return
        self._draw()
        with self.found:
            _findings(findings, self.begun.connection)
        for found in findings:
            if found.is_good is False and found.name in self.fields:
                self.fields[found.name].wrong(MISFIT)
        something_new.emit()
        await self.changed()


def begun(by: Actor) -> Begun:
    with reading() as session:
        row = whatsapp.number(session)
        per_second = row.per_second if row else whatsapp.PER_SECOND
        return Begun(connections.read(session, whatsapp.NAME, by=by), per_second)


def _findings(findings: list[Finding], one: Connection) -> None:
    if not findings:
        return
    labels = {key.name: key.label for key in one.fields} | STEPS
    _verdict({found.name for found in findings if found.is_good is False})
    with box("hb-findings", "ul"):
        for found in findings:
            tone, name, said = _mark(found)
            with box("hb-finding", "li", testid=f"finding-{found.name.replace('_', '-')}"):
                icon(name, tone)
                with box("grow"):
                    text(f"{labels.get(found.name, found.name)}: {said}", "strong")
                    text(found.sentence, "muted small")


def _verdict(bad: set[str]) -> None:
    if bad - {LAST_STEP}:
        alert("Not everything fits yet", "Correct what is marked below and save again. What you entered is kept.", tone="warn", testid="findings-bad")  # fmt: skip
    elif bad:
        alert("WhatsApp lets the shop in", "Now the last step: where Meta reports to.", tone="good", testid="findings-good")  # fmt: skip
    else:
        alert("Your number is ready", "WhatsApp lets the shop in and tells it what becomes of its messages.", tone="good", testid="findings-good")  # fmt: skip


def _mark(found: Finding) -> tuple[str, str, str]:
    if found.name == LAST_STEP and not found.is_good:
        return "muted", "info", "still to do"
    if found.name in STEPS and found.is_good is not None:
        return ("good", "check", "works") if found.is_good else ("bad", "alert", "does not work yet")
    if found.is_good is None:
        return "muted", "info", "can’t be tried from here"
    return ("good", "check", "fits") if found.is_good else ("bad", "alert", "does not fit")


def _third(one: Connection) -> None:
    title = "Where Meta reports to" if one.is_on else "3. Where Meta reports to"
    with card(title, ANSWERS, testid="connect-webhook"):
        text(FIELDS, "hb-code")
        text(one.address, "hb-code", testid="webhook-address")
        with box("hb-row apart wrap"):
            if one.is_on:
                pill("Listening", "good", testid="webhook-state")
            else:
                text("Meta can verify this address once the keys above are saved.", "hb-help grow")
            button("Copy the address", lambda: _copy(one.address), icon="copy", testid="copy-address")
        if not one.address.startswith("https://"):
            alert("Meta reports to https addresses only.", NO_HTTPS, tone="warn", testid="no-https")


def _copy(words: str) -> None:
    ui.clipboard.write(words)
    toast("Copied")


def _saved(one: Connection, typed: Mapping[str, str], per_second: int, by: Actor) -> list[Finding]:
    """An empty field of a secret keeps the one that is stored."""
    secrets = {key.name for key in one.fields if key.secret}
    wish = {name: value if value or name not in secrets else None for name, value in typed.items()}
    return jobs.save(wish, by=by, per_second=per_second)
