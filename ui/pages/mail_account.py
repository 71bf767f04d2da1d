"""The shop's account at a mail server: until one is saved here, the shop practises."""

from dataclasses import dataclass

from nicegui import ui

from data.config import config
from data.database import now, reading, unit
from data.mail_account import MailAccount, Security
from domain.refusal import invalid
from domain.shop import mail, mail_accounts
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.mail_recipes import RECIPES
from ui.parts.basics import alert, box, button, card, facts
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, select, text_input
from ui.parts.mail_test import Outcome, a_test, fixed_test
from ui.parts.settings_room import settings_room
from ui.words import when

SECURITY = {
    "starttls": "STARTTLS",
    "tls": "TLS",
    "none": "None",
}
USUAL_PORT = {"starttls": "587", "tls": "465", "none": "25"}


@dataclass(frozen=True)
class View:
    """What the page shows; a password never comes here."""

    fixed: bool
    saved: bool
    host: str
    port: int
    security: str
    username: str
    has_password: bool
    went_well: str
    last_error: str


async def build(by: Actor) -> None:
    with settings_room(by, "/settings/mail"):
        room = box("full hb-stack")
    await _draw(room)


async def _draw(room: ui.element) -> None:
    """Once more from the start, after the shop went live or back to practice mode."""
    view = await io(_view)
    room.clear()
    with room:
        _standing(view)
        if view.fixed:
            FixedCard(view)
        else:
            AccountForm(view, room)


def _standing(view: View) -> None:
    if view.fixed or (view.saved and not view.last_error):
        said = (
            f"Last message taken: {view.went_well}."
            if view.went_well
            else "No message has gone out with it yet."
        )
        alert(
            "The shop is live",
            f"Messages go out through {view.host}. {said}",
            tone="good",
            testid="mail-live",
        )
    elif view.saved:
        alert("The mail server makes trouble", view.last_error, tone="bad", testid="mail-trouble")
    else:
        alert(
            "Practice mode",
            "Nothing leaves this machine: messages land in the Practice inbox. "
            "Save a mail account below when you are ready for real customers.",
            testid="mail-practice",
        )


class FixedCard:
    def __init__(self, view: View) -> None:
        with card(
            "Mail account",
            "It was set by whoever runs this machine (HANDBILL_SMTP_URL), so it can't be changed here.",
        ):
            pairs = [
                ("Mail server", view.host),
                ("Port", str(view.port)),
                ("Protection", SECURITY[view.security]),
            ]
            facts([*pairs, ("User name", view.username or "none")], left=True, testid="mail-fixed")
            self.outcome = Outcome()
            with box("hb-row"):
                button("Send a test to myself", self.test, icon="send", testid="mail-test")

    async def test(self) -> None:
        by = await current_actor()
        await self.outcome.of(await io(fixed_test, by))


class AccountForm:
    def __init__(self, view: View, room: ui.element) -> None:
        self.view, self.room = view, room
        with card("Mail account", "Your mail provider's help pages call these the SMTP settings."):
            recipe = Field("Your provider", "Fills in the three fields below.", optional=True)
            with recipe.body:
                names = {key: one.label for key, one in RECIPES.items()}
                select(
                    names,
                    on_change=self.fill,
                    label="Your provider",
                    placeholder="Another one",
                    searchable=True,
                    testid="mail-recipe",
                )
            self.recipe = recipe
            with box("hb-three"):
                host = Field("Mail server")
                with host.body:
                    self.host = text_input(
                        view.host, label="Mail server", placeholder="smtp.example.com", testid="mail-host"
                    )
                port = Field("Port")
                with port.body:
                    self.port = text_input(str(view.port), label="Port", testid="mail-port").props(
                        "inputmode=numeric"
                    )
                security = Field("Protection", "TLS goes with port 465, STARTTLS with 587.")
                with security.body:
                    self.security = select(
                        SECURITY,
                        view.security,
                        on_change=self.usual_port,
                        label="Protection",
                        testid="mail-security",
                    )
            with box("hb-two"):
                username = Field("User name", "Often your email address.")
                with username.body:
                    self.username = text_input(view.username, label="User name", testid="mail-username")
                kept = (
                    "One is kept, sealed. Leave this empty to go on with it."
                    if view.has_password
                    else "It is kept sealed and never shown again."
                )
                password = Field("Password", kept)
                with password.body:
                    self.password = text_input(
                        label="Password", kind="password", autocomplete="new-password", testid="mail-password"
                    )
            self.form = Form(
                {"host": host, "port": port, "security": security, "username": username, "password": password}
            )
            self.outcome = Outcome()
            with box("hb-row wrap"):
                button("Send a test to myself", self.test, icon="send", testid="mail-test")
                box("grow")
                if view.saved:
                    button("Back to practice mode", self.practise, kind="ghost", testid="mail-forget")
                button("Save", self.save, kind="primary", testid="mail-save")

    def fill(self, event: ui.select) -> None:
        recipe = RECIPES.get(event.value or "")
        if recipe:
            self.host.set_value(recipe.host)
            self.security.set_value(recipe.security)
            self.port.set_value(str(recipe.port))
        self.recipe.say(recipe.hint if recipe else "Fills in the three fields below.")

    def usual_port(self, event: ui.select) -> None:
        """Follows the protection, unless somebody chose a port of their own."""
        if self.port.value in (*USUAL_PORT.values(), ""):
            self.port.set_value(USUAL_PORT[event.value])

    async def test(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            await self.outcome.of(await io(a_test, self.typed(), self.typed_password(), by))

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            tried = self.typed()
            if not self.view.saved and not await _wants_to_go_live():
                return
            await io(_save, tried, self.typed_password(), by)
            toast("Saved. The shop is live.")
            await _draw(self.room)

    async def practise(self) -> None:
        by = await current_actor()
        sure = await confirm(
            "Back to practice mode?",
            "The mail account and its password are forgotten. From then on messages land in the Practice inbox again.",
            confirm_label="Back to practice mode",
        )
        if sure:
            await io(_forget, by)
            await _draw(self.room)

    def typed(self) -> MailAccount:
        """Raises Refusal."""
        return mail_accounts.checked(
            host=self.host.value or "",
            port=_number(self.port.value or ""),
            security=self.security.value or "",
            username=self.username.value or "",
            password=self.password.value or "",
        )

    def typed_password(self) -> str | None:
        """None: the one that is kept. Without a user name there is none."""
        typed: str = self.password.value or ""
        keeps = not typed and self.view.has_password and bool(self.username.value)
        return None if keeps else typed


async def _wants_to_go_live() -> bool:
    return await confirm(
        "Leave practice mode?",
        "From now on messages go to your customers' own addresses.",
        confirm_label="Go live",
        cancel_label="Not yet",
    )


def _number(typed: str) -> int:
    if not (typed.strip().isdecimal() and len(typed.strip()) <= 5):
        raise invalid("port", "A port is a number from 1 to 65535; usual ones are 587, 465 and 25.")
    return int(typed)


def _view() -> View:
    moment = now()
    fixed = config().fixed_mail_account
    with reading() as session:
        kept = mail.settings(session)
        if fixed is not None:
            return View(
                True,
                True,
                fixed.host,
                fixed.port,
                fixed.security,
                fixed.username,
                bool(fixed.password),
                "",
                "",
            )
        if kept is None:
            return View(False, False, "", 587, Security.STARTTLS, "", False, "", "")
        zone = shops.read(session).zone
        well = when(kept.last_success_at, zone, moment) if kept.last_success_at else ""
        return View(
            False,
            True,
            kept.host,
            kept.port,
            kept.security,
            kept.username,
            bool(kept.sealed_password),
            well,
            kept.last_error,
        )


def _save(tried: MailAccount, password: str | None, by: Actor) -> None:
    with unit() as session:
        mail_accounts.save(
            session,
            host=tried.host,
            port=tried.port,
            security=tried.security,
            username=tried.username,
            password=password,
            by=by,
            now=now(),
        )


def _forget(by: Actor) -> None:
    with unit() as session:
        mail_accounts.forget(session, by=by, now=now())


PAGES = [Page("/settings/mail", "Mail account", build, right=Right.MANAGE_SHOP)]
