"""Delivery reports: which mail provider may tell what became of a message, and the address it tells it to."""

from collections.abc import Callable, Coroutine
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.results import connections
from domain.results.connections import Connection
from domain.results.post import Field as Key
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.pages import events
from ui.parts.basics import alert, box, button, card, link, pill, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, select, text_area, text_input
from ui.parts.settings_room import settings_room

HERE = "/settings/reports"
WHAT_FOR = (
    "Your mail provider knows what arrived, what came back and who complained. Let it tell Handbill: addresses that are gone "
    "are then not written to again, and whoever complains gets no more marketing."
)
WHERE = "Enter this address at {label}, as its webhook for events. Whoever knows it can report there, so keep it to yourself."
NOT_YET = "Nothing that {label} reports is taken yet. It is from the first Save on."
IS_ON = "Reports of {label} are taken."

NO_HTTPS = "Whoever looks after this installation sets its public address: HANDBILL_BASE_URL."


async def build(by: Actor) -> None:
    every = await io(_every, by)
    with settings_room(by, HERE):
        ReportsRoom(every)


class ReportsRoom:
    def __init__(self, every: list[Connection]) -> None:
        self.every = {one.name: one for one in every}
        first = next((one for one in every if one.is_on), every[0])
        with card("Delivery reports", WHAT_FOR, testid="reports-card"):
            which = Field("Mail provider")
            with which.body:
                self.chosen = select(
                    {one.name: one.label for one in every},
                    first.name,
                    label="Mail provider",
                    on_change=self._draw,
                    testid="provider",
                )
            with box("hb-row end"):
                link("What was reported", events.PATH, testid="to-events")
        self.room = box("hb-stack full")
        self._draw()

    def _draw(self) -> None:
        self.room.clear()
        with self.room:
            ProviderForm(self.every[str(self.chosen.value)], self._keep)

    def _keep(self, changed: Connection) -> None:
        self.every[changed.name] = changed
        self._draw()


class ProviderForm:
    """A secret that is stored shows as dots and stays when its field is left empty."""

    def __init__(self, one: Connection, keep: Callable[[Connection], None]) -> None:
        self.one, self.keep = one, keep
        self.inputs: dict[str, Any] = {}
        fields: dict[str, Field] = {}
        with card(one.label, testid="provider-card"):
            with box("hb-row wrap"):
                pill("On" if one.is_on else "Off", "good" if one.is_on else "mute", testid="provider-state")
                text((IS_ON if one.is_on else NOT_YET).format(label=one.label), "hb-help", tag="span")
            for key in one.fields:
                fields[key.name] = Field(
                    key.label, self._help(key), optional=not key.required, testid=f"{key.name}-field"
                )
                with fields[key.name].body:
                    self.inputs[key.name] = self._input(key)
            with box("hb-row end wrap"):
                if one.is_on:
                    button("Stop listening", self.stop, testid="forget-provider")
                button("Save", self.save, kind="primary", testid="save-provider")
        self.form = Form(fields)
        if one.is_on:
            _address(one)

    def _help(self, key: Key) -> str:
        return (
            "One is stored. Leave this empty to keep it."
            if key.secret and key.name in self.one.entered
            else ""
        )

    def _input(self, key: Key) -> ui.input | ui.textarea:
        value, testid = self.one.shown.get(key.name, ""), key.name.replace("_", "-")
        if key.name == "topic_arns":
            return text_area(value, label=key.label, height=84, testid=testid)
        return text_input(value, label=key.label, kind="password" if key.secret else "text", testid=testid)

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        typed = {name: made.value or "" for name, made in self.inputs.items()}
        with refusals_to(self.form.wrong):
            changed = await io(_save, self.one, typed, by)
            toast("Saved")
            self.keep(changed)

    async def stop(self) -> None:
        by = await current_actor()
        sure = await confirm(
            f"Stop listening to {self.one.label}?",
            "Its keys are forgotten, and what it reports is refused. What came in before stays.",
            confirm_label="Stop listening",
            kind="danger",
        )
        if sure:
            self.keep(await io(_forget, self.one.name, by))


def _address(one: Connection) -> None:
    with card("Where it reports to", WHERE.format(label=one.label), testid="address-card"):
        text(one.address, "hb-code", testid="webhook-address")
        with box("hb-row end"):
            button("Copy the address", _copying(one.address), icon="copy", testid="copy-address")
        if not one.address.startswith("https://"):
            alert("Providers report to https addresses only.", NO_HTTPS, tone="warn", testid="no-https")


def _copying(address: str) -> Callable[[], Coroutine[Any, Any, None]]:
    async def copy() -> None:
        ui.clipboard.write(address)
        toast("Copied")

    return copy


def _every(by: Actor) -> list[Connection]:
    with reading() as session:
        return connections.every(session, by=by)


def _save(one: Connection, typed: dict[str, str], by: Actor) -> Connection:
    """An empty field of a secret keeps the one that is stored."""
    secrets = {key.name for key in one.fields if key.secret}
    wish = {name: value if value or name not in secrets else None for name, value in typed.items()}
    with unit() as session:
        return connections.change(session, one.name, wish, by=by, now=now())


def _forget(name: str, by: Actor) -> Connection:
    with unit() as session:
        connections.forget(session, name, by=by, now=now())
        return connections.read(session, name, by=by)


PAGES = [Page(HERE, "Delivery reports", build, right=Right.MANAGE_SHOP), *events.PAGES]
