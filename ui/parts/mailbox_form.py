"""The form of the inbox for returned mail, with a try that says in plain words what is wrong."""

from typing import Final

from data import mailbox as boxes
from data.database import reading
from data.mail_account import AccountTrouble
from domain.shop import mailbox
from domain.shop.mailbox import Wish
from domain.shop.people import Actor, Right
from ui.frame import current_actor
from ui.mail_recipes import READ_BY_IMAP
from ui.parts.basics import alert, box, put, text
from ui.parts.feedback import io, refusals_to
from ui.parts.inputs import Field, Form, checkbox, text_input
from ui.parts.mailbox_known import Known
from ui.parts.server_fields import Begun, Offer, ServerFields, Sort
from ui.words import counted

READING: Final = Sort(
    testid="mailbox",
    server="Server",
    example="imap.example.com",
    ports={"tls": "993", "starttls": "143", "none": "143"},
    ports_said="TLS goes with port 993, STARTTLS with 143.",
    usual_said="993 and 143",
    offers={
        key: Offer(one.label, one.inbox, "tls", "993", one.inbox_hint) for key, one in READ_BY_IMAP.items()
    },
)


MOVES_HELP: Final = (
    "Undelivered mail, automatic answers and mail that unsubscribes, once read. What people wrote stays. Left empty, all "
    "stays where it is."
)


class MailboxForm:
    """Draws itself where it is made."""

    def __init__(self, known: Known) -> None:
        self.known = known
        address = Field("Address of this inbox", "Customers can also unsubscribe by a mail to it.")
        with address.body:
            self.address = text_input(
                known.address, label="Address of this inbox", kind="email", testid="mailbox-address"
            )
        begun = Begun(known.host, known.port, known.security, known.username, known.is_set)
        self.server = ServerFields(READING, begun)
        fields = {"address": address} | self.server.fields | self._folder()
        self.form = Form(fields)
        self.said = put(box("full", testid="mailbox-outcome"), aria_live="polite")

    def wish(self) -> Wish:
        """Raises Refusal."""
        server = self.server
        typed = server.password
        return Wish(
            address=self.address.value or "",
            host=server.host,
            port=server.port,
            security=server.security,
            username=server.username,
            password=None if self.known.is_set and not typed else typed,
            folder=self.folder.value or "",
            marks_read=bool(self.marks.value),
            moves_to=self.moves_to.value or "",
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
            text(f"Asking {self.server.host} …", "hb-help")

    def _folder(self) -> dict[str, Field]:
        folder = Field("Folder", "Usually INBOX. Of what lies there already, the newest 500 are read.")
        with folder.body:
            self.folder = text_input(self.known.folder, label="Folder", testid="mailbox-folder")
        self.marks = checkbox(
            "Mark what was read as read there too", self.known.marks_read, testid="mailbox-marks"
        )
        away = Field("Afterwards into the folder", MOVES_HELP, optional=True)
        with away.body:
            self.moves_to = text_input(
                self.known.moves_to,
                label="Afterwards into the folder",
                placeholder="Returned mail",
                testid="mailbox-moves-to",
            )
        return {"folder": folder, "moves_to": away}


def _tried(wish: Wish, by: Actor) -> tuple[str, str, str]:
    """Tone, title, sentence."""
    by.require(Right.MANAGE_SHOP)
    with reading() as session:
        box_ = mailbox.checked(session, wish)
    try:
        found = boxes.look(box_, wish.moves_to.strip())
    except AccountTrouble as trouble:
        return "bad", "The inbox can't be read", trouble.sentence
    lie = counted(found.messages, "message lies", "messages lie")
    return "good", "The inbox can be read", f"{lie} in {box_.folder}. Nothing was changed there."
