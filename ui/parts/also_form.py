"""The card "Also send on WhatsApp" of a campaign by email: nothing until it is asked for; then what it says, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from nicegui import background_tasks
from sqlalchemy.orm import Session

from domain.audience.audience import Audience
from domain.book.message_types import MessageType
from domain.channels import channel
from domain.refusal import Refusal
from domain.sending.beside import MAIL_IS_PRACTICE, MAIL_IS_REAL
from domain.sending.sibling import CHANNEL, MAIN_CHANNEL, MOST_DAYS, USUAL_DAYS, Goes
from domain.shop import shop as shops
from domain.shop import whatsapp
from ui import words
from ui.parts.also_count import AlsoCount
from ui.parts.also_message import AlsoMessage
from ui.parts.basics import alert, box, button, card, link_button, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled
from ui.parts.inputs import Choices, Field, select
from ui.parts.whatsapp_content import Choice, choice

TITLE: Final = "Also send on WhatsApp"
WHAT_FOR: Final = "For people the email can’t reach. It goes only to those who said yes to WhatsApp, and is reported with the email."
GOES: Final = {
    str(Goes.INSTEAD): ("minus", "Only whoever gets no email", "Their address is missing or does not work."),
    str(Goes.AFTER): ("clock", "Also whoever does not open it", "The same at once. Days later also whoever’s email came back or lies unopened."),
    str(Goes.TOGETHER): ("mail", "Everyone who said yes", "Those who get the email get both."),
}  # fmt: skip
ABOUT_WHO: Final = {"goes", "afterDays"}
DAYS: Final = (1, 2, USUAL_DAYS, 5, 7, 10, 14, 21, MOST_DAYS)
COUNTED: Final = (
    "Then whoever’s email came back or lies unopened is asked by WhatsApp, if they said yes to it."
)
NOT_COUNTED: Final = (
    "Your shop does not count opens of such messages, so nobody knows who left the email unopened. "
    "Then whoever’s email came back is asked by WhatsApp, if they said yes to it."
)
PRACTISING: Final = "You are practising: it goes to the practice phones, and nothing leaves this computer."


@dataclass(frozen=True)
class AlsoStart:
    """What the card begins with; `given` is what was kept, None where nothing goes by WhatsApp."""

    given: dict[str, Any] | None
    choice: Choice
    connected: bool
    obstacle: str  # where one channel is in practice, and the other is not
    shop_name: str
    measured: frozenset[str]  # the types of messages whose opens are counted


def also_start(session: Session, given: dict[str, Any] | None) -> AlsoStart:
    shop = shops.read(session)
    measured = frozenset(map(str, shop.measured))
    connected, mail = whatsapp.is_connected(session), channel.named(MAIN_CHANNEL).is_connected(session)
    obstacle = "" if connected is mail else MAIL_IS_REAL if mail else MAIL_IS_PRACTICE
    return AlsoStart(given, choice(session), connected, obstacle, shop.name, measured)


class AlsoForm:
    """`on_count()` hears that `goes_to` may be another. `meant()` gives whom the email is for, None while nobody is meant; `reader()` whose copy the phone shows.

    Draw it, then `await ready()`. `value` is as a campaign keeps it: None where nothing goes by WhatsApp.
    """

    def __init__(
        self,
        begin: AlsoStart,
        on_change: Callable[[], Any],
        *,
        meant: Callable[[], tuple[Audience, MessageType] | None],
        reader: Callable[[], int | None],
        on_count: Callable[[], Any],
    ) -> None:
        self.on_count = on_count
        self.begun, self.on_change, self.meant, self.reader = begin, on_change, meant, reader
        self.message: AlsoMessage | None = None
        with card(TITLE, WHAT_FOR, testid="also"):
            self.room = box("hb-stack full")
        self._draw(begin.given)

    async def ready(self) -> None:
        """The first picture and the first count."""
        if self.message:
            await self.message.paint()
        await self.recount()

    def soon(self) -> None:
        """The audience or the type of the email is another one."""
        background_tasks.create(handled(self.recount)(), name="count for WhatsApp", context=self.room)

    @property
    def value(self) -> dict[str, Any] | None:
        if self.message is None:
            return None
        said = {"content": self.message.value, "goes": self.goes, "after_days": self.days.value}
        return {"channel": CHANNEL, **said}

    async def recount(self) -> None:
        if self.message is None:
            return
        meant = self.meant()
        is_counted = meant is None or str(meant[1]) in self.begun.measured
        self.wait.say(COUNTED if is_counted else NOT_COUNTED)
        await self.count.ask(meant, Goes(self.goes))

    @property
    def goes_to(self) -> str:
        """For the bar at the foot; empty where nobody is known to get it."""
        number = self.count.number if self.message else 0
        return f", {words.number(number)} by WhatsApp" if number else ""

    def clear(self) -> None:
        if self.message:
            self.message.clear()
            self.who.wrong()

    def refused(self, refusal: Refusal) -> bool:
        """Say it beside the field that it is about; whether it is about this card."""
        if self.message is None or refusal.details.get("field") != "also":
            return False
        about = str(refusal.details.get("also_field", ""))
        show = self.who.wrong if about in ABOUT_WHO else self.message.shown_at(about)
        show(refusal.sentence)
        return True

    async def _add(self) -> None:
        self._draw({"content": {}, "goes": str(Goes.INSTEAD), "after_days": USUAL_DAYS})
        self.on_change()
        await self.ready()

    async def _remove(self) -> None:
        sure = not (self.message and self.message.value) or await confirm(
            "Remove the WhatsApp message?",
            "The email stays as it is, and goes to the same people.",
            confirm_label="Remove",
            kind="danger",
            icon="trash",
        )
        if sure:
            self._draw(None)
            self.on_change()
            self.on_count()

    def _draw(self, given: dict[str, Any] | None) -> None:
        self.room.clear()
        self.message = None
        with self.room:
            if given is None:
                with box("hb-row wrap"):
                    button("Add a WhatsApp message", self._add, icon="chat", testid="also-add")
                return
            self._form(given)

    def _form(self, given: dict[str, Any]) -> None:
        if self.begun.obstacle:
            alert("It can’t be sent like this yet", self.begun.obstacle, tone="warn", testid="also-obstacle")
        elif not self.begun.connected:
            with box("hb-row wrap apart"):
                text(PRACTISING, "hb-help grow", testid="also-practice")
                link_button("Practice phones", "/practice/whatsapp")
        self._who(given)
        self.message = AlsoMessage(
            self.begun.choice,
            given.get("content") or {},
            self._changed,
            sender=self.begun.shop_name,
            reader=self.reader,
        )
        with box("hb-row wrap"):
            button(
                "Remove the WhatsApp message", self._remove, kind="ghost", icon="trash", testid="also-remove"
            )

    def _who(self, given: dict[str, Any]) -> None:
        self.goes = str(given.get("goes") or Goes.INSTEAD)
        self.who = Field("Who gets it by WhatsApp", testid="also-goes-field")
        with self.who.body.classes("hb-also-goes"):
            Choices(GOES, self.goes, self._choose, "Who gets it by WhatsApp", testid="also-goes")
        self.wait = Field("Days to wait for the email", COUNTED, testid="also-days-field")
        with self.wait.body:
            kept = int(given.get("after_days") or USUAL_DAYS)
            options = {day: words.counted(day, "day") for day in sorted({*DAYS, kept})}
            self.days = select(
                options, kept, on_change=self._changed, label="Days to wait for the email", testid="also-days"
            )
        self.count = AlsoCount(self.on_count)
        self._show_wait()

    def _show_wait(self) -> None:
        self.wait.root.visible = self.goes == Goes.AFTER

    async def _choose(self, goes: str) -> None:
        self.goes = goes
        self.who.wrong()
        self._show_wait()
        self.on_change()
        await self.recount()

    def _changed(self, *_: Any) -> None:
        self.on_change()
