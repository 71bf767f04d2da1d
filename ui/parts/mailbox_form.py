"""The form of the inbox for returned mail, with a try that says in plain words what is wrong."""

from nicegui import ui

from data import mailbox as boxes
from data.database import reading
from data.mail_account import AccountTrouble
from domain.refusal import invalid
from domain.shop import mailbox
from domain.shop.mailbox import Wish
from domain.shop.people import Actor, Right
from ui.frame import current_actor
from ui.mail_recipes import READ_BY_IMAP
from ui.parts.basics import alert, box, put, text
from ui.parts.feedback import io, refusals_to
from ui.parts.inputs import Field, Form, checkbox, select, text_input
from ui.parts.mail_form import SECURITY
from ui.parts.mailbox_known import Known
from ui.words import counted

USUAL_PORT = {"tls": "993", "starttls": "143", "none": "143"}
FILLS = "Fills in the three fields below."


class MailboxForm:
    """Draws itself where it is made."""

    def __init__(self, known: Known) -> None:
        self.known = known
        address = Field("Address of this inbox", "Customers can also unsubscribe by a mail to it.")
        with address.body:
            self.address = text_input(
                known.address, label="Address of this inbox", kind="email", testid="mailbox-address"
            )
        self._provider()
        fields = {"address": address} | self._server() | self._sign_in() | self._folder()
        self.form = Form(fields)
        self.said = put(box("full", testid="mailbox-outcome"), aria_live="polite")

    def wish(self) -> Wish:
        """Raises Refusal."""
        typed = self.password.value or ""
        return Wish(
            address=self.address.value or "",
            host=self.host.value or "",
            port=_port(self.port.value or ""),
            security=self.security.value or "",
            username=self.username.value or "",
            password=None if self.known.is_set and not typed else typed,
            folder=self.folder.value or "",
            marks_read=bool(self.marks.value),
        )

    async def test(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            wish = self.wish()
            self._say_asking()
            tone, title, sentence = await io(_tried, wish, by)
            if not self.said.is_deleted:
                self.said.clear()
                with self.said:
                    alert(title, sentence, tone=tone, testid=f"mailbox-outcome-{tone}")

    def _say_asking(self) -> None:
        self.said.clear()
        with self.said:
            text(f"Asking {self.host.value} …", "hb-help")

    def _provider(self) -> None:
        self.recipe = Field("Your provider", FILLS, optional=True)
        with self.recipe.body:
            select(
                {key: one.label for key, one in READ_BY_IMAP.items()},
                on_change=self._fill,
                label="Your provider",
                placeholder="Another one",
                searchable=True,
                testid="mailbox-recipe",
            )

    def _server(self) -> dict[str, Field]:
        known = self.known
        with box("hb-three"):
            host = Field("Server")
            with host.body:
                self.host = text_input(
                    known.host, label="Server", placeholder="imap.example.com", testid="mailbox-host"
                )
            port = Field("Port")
            with port.body:
                self.port = text_input(str(known.port), label="Port", testid="mailbox-port")
                self.port.props("inputmode=numeric")
            security = Field("Protection", "TLS goes with port 993, STARTTLS with 143.")
            with security.body:
                self.security = select(
                    SECURITY,
                    known.security,
                    on_change=self._usual_port,
                    label="Protection",
                    testid="mailbox-security",
                )
        return {"host": host, "port": port, "security": security}

    def _sign_in(self) -> dict[str, Field]:
        with box("hb-two"):
            username = Field("User name", "Often the email address.")
            with username.body:
                self.username = text_input(self.known.username, label="User name", testid="mailbox-username")
            kept = (
                "One is kept, sealed. Leave this empty to go on with it."
                if self.known.is_set
                else "It is kept sealed and never shown again."
            )
            password = Field("Password", kept)
            with password.body:
                self.password = text_input(
                    label="Password", kind="password", autocomplete="new-password", testid="mailbox-password"
                )
        return {"username": username, "password": password}

    def _folder(self) -> dict[str, Field]:
        folder = Field("Folder", "Usually INBOX. Of what lies there already, the newest 500 are read.")
        with folder.body:
            self.folder = text_input(self.known.folder, label="Folder", testid="mailbox-folder")
        self.marks = checkbox(
            "Mark what was read as read there too", self.known.marks_read, testid="mailbox-marks"
        )
        return {"folder": folder}

    def _fill(self, event: ui.select) -> None:
        recipe = READ_BY_IMAP.get(event.value or "")
        if recipe:
            self.host.set_value(recipe.inbox)
            self.security.set_value("tls")
            self.port.set_value(USUAL_PORT["tls"])
        self.recipe.say(recipe.inbox_hint if recipe else FILLS)

    def _usual_port(self, event: ui.select) -> None:
        """Follows the protection, unless somebody chose a port of their own."""
        if self.port.value in (*USUAL_PORT.values(), ""):
            self.port.set_value(USUAL_PORT[event.value])


def _tried(wish: Wish, by: Actor) -> tuple[str, str, str]:
    """Tone, title, sentence."""
    by.require(Right.MANAGE_SHOP)
    with reading() as session:
        box_ = mailbox.checked(session, wish)
    try:
        found = boxes.look(box_)
    except AccountTrouble as trouble:
        return "bad", "The inbox can't be read", trouble.sentence
    lie = counted(found.messages, "message lies", "messages lie")
    return "good", "The inbox can be read", f"{lie} in {box_.folder}. Nothing was changed there."


def _port(typed: str) -> int:
    if not (typed.strip().isdecimal() and len(typed.strip()) <= 5):
        raise invalid("port", "A port is a number from 1 to 65535; usual ones are 993 and 143.")
    return int(typed)
