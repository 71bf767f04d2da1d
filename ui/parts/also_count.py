"""How many get the message by WhatsApp beside the email, as the book is now."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from data.database import now, reading
from domain.audience.audience import Audience, Count
from domain.book.consent import LeftOut
from domain.book.message_types import MessageType
from domain.sending import siblings
from domain.sending.sibling import Goes
from domain.sending.siblings import Prospects
from ui import words
from ui.parts.basics import box, put, text
from ui.parts.feedback import io, sentence_for
from ui.parts.patience import patiently

Meant = tuple[Audience, MessageType] | None
SETTLE: Final = 0.3  # seconds: tags are often pressed one after the other
NOBODY_MEANT: Final = "Choose first who gets the email"
NO_YES: Final = "of those who could get it there have not said yes to WhatsApp"


class AlsoCount:
    """While it is asked again the old figure stays, faded; late answers are dropped. `on_count()` hears each answer."""

    def __init__(self, on_count: Callable[[], Any]) -> None:
        self.on_count = on_count
        self.asked = self.number = 0
        with put(box("hb-count", testid="also-count-box"), aria_live="polite") as self.root:
            self.figure = text("–", "big", testid="also-count")
            with box("grow"):
                self.title = text("Counting", "strong", testid="also-count-said")
                self.why = text("", "why", testid="also-count-why")

    async def ask(self, meant: Meant, goes: Goes) -> None:
        self.asked += 1
        mine = self.asked
        if meant is None:
            self.number = 0
            self._say("0", NOBODY_MEANT, "")
            return
        self.root.classes(add="is-stale")
        if mine > 1:
            await asyncio.sleep(SETTLE)
        if not self._is_last(mine):
            return
        try:
            found = await patiently(
                lambda: io(_prospects, *meant), self._wait_for, lambda: self._is_last(mine)
            )
        except Exception as error:
            if self._is_last(mine):
                self.title.set_text(sentence_for(error))
            return
        if found and self._is_last(mine):
            self._show(found, goes)

    def _is_last(self, mine: int) -> bool:
        return mine == self.asked and not self.root.is_deleted

    def _show(self, found: Prospects, goes: Goes) -> None:
        count = found.by(goes)
        self.number = count.reachable
        self._say(words.number(count.reachable), said(goes, count.reachable), why(count))

    def _wait_for(self, why: str) -> None:
        self.title.set_text(why)

    def _say(self, figure: str, title: str, reason: str) -> None:
        self.root.classes(remove="is-stale")
        self.figure.set_text(figure)
        self.title.set_text(title)
        self.why.set_text(reason)
        self.why.visible = bool(reason)
        self.on_count()


def said(goes: Goes, number: int) -> str:
    """After the figure."""
    one = number == 1
    if goes is Goes.TOGETHER:
        return "person gets it by WhatsApp too" if one else "people get it by WhatsApp too"
    at_once = " at once" if goes is Goes.AFTER else ""
    person = "person without a working address gets" if one else "people without a working address get"
    return f"{person} it by WhatsApp{at_once}"


def why(count: Count) -> str:
    silent = count.left_out.get(LeftOut.NO_YES, 0)
    return f"{words.number(silent)} {NO_YES}." if silent else ""


def _prospects(audience: Audience, message_type: MessageType) -> Prospects:
    with reading() as session:
        return siblings.prospects(session, audience, message_type, now=now())
