"""The form of one mail account: its server, the sign-in there, the provider's limits, and a test to oneself."""

from typing import Final

from nicegui import ui

from data.mail_account import MailAccount
from domain.shop import mail_accounts
from domain.shop.mail_accounts import Wish
from ui.frame import current_actor
from ui.mail_recipes import RECIPES
from ui.parts.feedback import io, refusals_to
from ui.parts.inputs import Field, Form, text_input
from ui.parts.mail_known import Known
from ui.parts.mail_limits import LimitFields
from ui.parts.mail_test import Outcome, a_test
from ui.parts.server_fields import Begun, Offer, ServerFields, Sort

SENDING: Final = Sort(
    testid="mail",
    server="Mail server",
    example="smtp.example.com",
    ports={"starttls": "587", "tls": "465", "none": "25"},
    ports_said="TLS goes with port 465, STARTTLS with 587.",
    usual_said="587, 465 and 25",
    offers={
        key: Offer(one.label, one.host, one.security, str(one.port), one.hint) for key, one in RECIPES.items()
    },
)


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
        begun = Begun(known.host, known.port, known.security, known.username, known.has_password)
        self.server = ServerFields(SENDING, begun, self._advise)
        fields |= self.server.fields
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

    def _advise(self, provider: str) -> None:
        self.limits.advise(RECIPES.get(provider))

    def _tried(self) -> MailAccount:
        return mail_accounts.checked(
            host=self.server.host,
            port=self.server.port,
            security=self.server.security,
            username=self.server.username,
            password=self.server.password,
        )

    def _password(self) -> str | None:
        """None: the one that is kept. Without a user name there is none."""
        typed = self.server.password
        keeps = not typed and self.known.has_password and bool(self.server.username)
        return None if keeps else typed
