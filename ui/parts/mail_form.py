"""The form of one mail account: its server, the sign-in there, the provider's limits, and a test to oneself."""

from nicegui import ui

from data.mail_account import MailAccount
from domain.refusal import invalid
from domain.shop import mail_accounts
from domain.shop.mail_accounts import Wish
from ui.frame import current_actor
from ui.mail_recipes import RECIPES
from ui.parts.basics import box
from ui.parts.feedback import io, refusals_to
from ui.parts.inputs import Field, Form, select, text_input
from ui.parts.mail_known import Known
from ui.parts.mail_limits import LimitFields
from ui.parts.mail_test import Outcome, a_test

SECURITY = {
    "starttls": "STARTTLS",
    "tls": "TLS",
    "none": "None",
}
USUAL_PORT = {"starttls": "587", "tls": "465", "none": "25"}
FILLS = "Fills in the three fields below."


class MailForm:
    """Draws itself where it is made. `named`: with a name, which only matters beside another account."""

    def __init__(self, known: Known, *, named: bool) -> None:
        self.known = known
        fields: dict[str, Field] = {}
        if named:
            fields["name"] = Field(
                "Name", "What you call it; the mail server's name if empty.", optional=True
            )
            with fields["name"].body:
                self.name: ui.input | None = text_input(known.name, label="Name", testid="mail-name")
        else:
            self.name = None
        self._provider()
        fields |= self._server() | self._sign_in()
        self.limits = LimitFields(known.limits, known.host)
        self.form = Form(fields | self.limits.fields)
        self.outcome = Outcome()

    def wrong(self, name: str, sentence: str) -> None:
        """The shape that `feedback.refusals_to` wants; nothing wrong stays folded away."""
        if name in self.limits.fields:
            self.limits.open()
        self.form.wrong(name, sentence)

    def wish(self) -> Wish:
        """Raises Refusal."""
        tried = self._tried()
        limits = mail_accounts.checked_limits(self.limits.typed())
        name = self.known.name if self.name is None else self.name.value or ""
        return Wish(
            tried.host,
            tried.port,
            tried.security,
            tried.username,
            self._password(),
            name,
            limits,
            self.known.id,
        )

    async def test(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.wrong):
            await self.outcome.of(await io(a_test, self._tried(), self._password(), by, self.known.id))

    def _provider(self) -> None:
        self.recipe = Field("Your provider", FILLS, optional=True)
        with self.recipe.body:
            select(
                {key: one.label for key, one in RECIPES.items()},
                on_change=self._fill,
                label="Your provider",
                placeholder="Another one",
                searchable=True,
                testid="mail-recipe",
            )

    def _server(self) -> dict[str, Field]:
        known = self.known
        with box("hb-three"):
            host = Field("Mail server")
            with host.body:
                self.host = text_input(
                    known.host, label="Mail server", placeholder="smtp.example.com", testid="mail-host"
                )
            port = Field("Port")
            with port.body:
                self.port = text_input(str(known.port), label="Port", testid="mail-port")
                self.port.props("inputmode=numeric")
            security = Field("Protection", "TLS goes with port 465, STARTTLS with 587.")
            with security.body:
                self.security = select(
                    SECURITY,
                    known.security,
                    on_change=self._usual_port,
                    label="Protection",
                    testid="mail-security",
                )
        return {"host": host, "port": port, "security": security}

    def _sign_in(self) -> dict[str, Field]:
        with box("hb-two"):
            username = Field("User name", "Often your email address.")
            with username.body:
                self.username = text_input(self.known.username, label="User name", testid="mail-username")
            kept = (
                "One is kept, sealed. Leave this empty to go on with it."
                if self.known.has_password
                else "It is kept sealed and never shown again."
            )
            password = Field("Password", kept)
            with password.body:
                self.password = text_input(
                    label="Password", kind="password", autocomplete="new-password", testid="mail-password"
                )
        return {"username": username, "password": password}

    def _fill(self, event: ui.select) -> None:
        recipe = RECIPES.get(event.value or "")
        if recipe:
            self.host.set_value(recipe.host)
            self.security.set_value(recipe.security)
            self.port.set_value(str(recipe.port))
        self.recipe.say(recipe.hint if recipe else FILLS)
        self.limits.advise(recipe)

    def _usual_port(self, event: ui.select) -> None:
        """Follows the protection, unless somebody chose a port of their own."""
        if self.port.value in (*USUAL_PORT.values(), ""):
            self.port.set_value(USUAL_PORT[event.value])

    def _tried(self) -> MailAccount:
        return mail_accounts.checked(
            host=self.host.value or "",
            port=_port(self.port.value or ""),
            security=self.security.value or "",
            username=self.username.value or "",
            password=self.password.value or "",
        )

    def _password(self) -> str | None:
        """None: the one that is kept. Without a user name there is none."""
        typed: str = self.password.value or ""
        keeps = not typed and self.known.has_password and bool(self.username.value)
        return None if keeps else typed


def _port(typed: str) -> int:
    if not (typed.strip().isdecimal() and len(typed.strip()) <= 5):
        raise invalid("port", "A port is a number from 1 to 65535; usual ones are 587, 465 and 25.")
    return int(typed)
