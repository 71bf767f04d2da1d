"""The inbox for returned mail on the settings page: set up, tried, read at once, given up."""

from data.database import now, unit
from domain.results.collected import Found
from domain.shop import mailbox
from domain.shop.mailbox import Wish
from domain.shop.people import Actor
from jobs.mailbox import read_now
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.mailbox_form import MailboxForm
from ui.parts.mailbox_known import Known, known
from ui.words import counted

WHY = (
    "Undelivered mail and customers’ answers come back as mail. Handbill can read them: dead addresses are not written to "
    "again, and answers stand beside the customer."
)


class MailboxCard:
    """`await MailboxCard().draw()`; drawn anew whenever the inbox changed."""

    def __init__(self) -> None:
        self.room = box("full hb-stack")
        self.is_opened = False

    async def draw(self) -> None:
        here = await io(known)
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room, card("Inbox for returned mail", WHY, testid="mailbox-card"):
            if here.is_set:
                self._standing(here)
            if here.is_set or self.is_opened:
                self._form(here)
            else:
                with box("hb-row"):
                    button("Set up an inbox", self._open, icon="mail", testid="mailbox-open")

    def _standing(self, here: Known) -> None:
        tone, title, sentence = here.state
        alert(title, sentence, tone=tone, testid=f"mailbox-{tone}")
        tone, sentence = here.way
        if tone == "good":
            alert("What comes here", sentence, tone="info", testid="mailbox-way")
        else:
            alert("Something goes elsewhere", sentence, tone=tone, testid="mailbox-way")

    def _form(self, here: Known) -> None:
        self.form = MailboxForm(here)
        with box("hb-row wrap"):
            button("Try it", self.form.test, icon="mail", testid="mailbox-test")
            if here.is_set:
                button("Read now", self._read, testid="mailbox-read")
            box("grow")
            if here.is_set:
                button("Stop reading it", self._forget, kind="ghost", testid="mailbox-forget")
            button("Save", self._save, kind="primary", testid="mailbox-save")

    async def _open(self) -> None:
        await current_actor()
        self.is_opened = True
        await self.draw()
        self.form.address.run_method("focus")

    async def _save(self) -> None:
        by = await current_actor()
        self.form.form.clear()
        with refusals_to(self.form.form.wrong):
            await io(_save, self.form.wish(), by)
            toast("Saved. The inbox is read every few minutes.")
            await self.draw()

    async def _read(self) -> None:
        by = await current_actor()
        try:
            found = await io(read_now, by)
        finally:
            await self.draw()
        toast(_told(found))

    async def _forget(self) -> None:
        by = await current_actor()
        sure = await confirm(
            "Stop reading this inbox?",
            "Its password is forgotten. What came back so far stays noted, and nothing in the inbox changes.",
            confirm_label="Stop reading it",
        )
        if sure:
            await io(_forget, by)
            self.is_opened = False
            await self.draw()


def _told(found: Found) -> str:
    parts = [
        (found.reports, "report", "reports"),
        (found.answers, "answer", "answers"),
        (found.unsubscribed, "person unsubscribed", "people unsubscribed"),
    ]
    told = [counted(many, one, more) for many, one, more in parts if many]
    return f"Read: {', '.join(told)}." if told else "Read. Nothing new came back."


def _save(wish: Wish, by: Actor) -> None:
    with unit() as session:
        mailbox.save(session, wish, by=by, now=now())


def _forget(by: Actor) -> None:
    with unit() as session:
        mailbox.forget(session, by=by, now=now())
