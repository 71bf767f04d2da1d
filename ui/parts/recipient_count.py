"""How many people a message will reach, why the others are left out, and the same question about one person."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from data.database import now, reading
from domain.audience import audience as audiences
from domain.audience.audience import Audience, Count, Verdict
from domain.audience.reach import REACHES
from domain.book.message_types import MessageType
from ui import words
from ui.parts.basics import box, put, text
from ui.parts.feedback import io, sentence_for
from ui.parts.patience import patiently
from ui.parts.why_one import WhyOne

SETTLE: Final = 0.25  # seconds: tags are often pressed one after the other

STILL_TO_COME = "\u00a0"  # holds the line for the names, so that nothing below moves twice


class RecipientCount:
    """The figure under the picker. While it is asked again the old one stays, faded; late answers are dropped.

    `on_count(count)` is told each answer; None means that nobody knows just now. Some choices may be made quickly one
    after the other: only the last is counted, and never more than two at a time. Where the database could not be read
    it is asked again by itself.
    """

    def __init__(self, channel: str, on_count: Callable[[Count | None], Any] | None = None) -> None:
        self.channel, self.on_count = channel, on_count
        self.asked = 0
        self.at_work = asyncio.Semaphore(2)
        self.count: Count | None = None
        with put(box("hb-count", testid="count-box"), aria_live="polite") as self.root:
            self.figure = text("–", "big", testid="count")
            with box("grow"):
                self.title = text("Counting", "strong")
                self.why = text("", "why", testid="count-why")
                self.names = text("", "why", testid="count-names")

    async def ask(self, audience: Audience, message_type: MessageType) -> None:
        self.asked += 1
        mine = self.asked
        self.root.classes(add="is-stale")
        self._tell(None)
        if self.count:
            await asyncio.sleep(SETTLE)
        try:
            await patiently(
                lambda: self._ask(mine, audience, message_type),
                lambda why: self._failed(mine, why),
                lambda: self._is_last(mine),
            )
        except Exception as error:
            self._failed(mine, sentence_for(error))

    async def _ask(self, mine: int, audience: Audience, message_type: MessageType) -> None:
        """A few of them are named when the figure is there: it does not wait for this."""
        async with self.at_work:
            if not self._is_last(mine):
                return
            count = await io(_count, audience, self.channel, message_type)
            if not self._is_last(mine):
                return
            self._show(count)
            names = await io(_names, audience, self.channel, message_type) if count.reachable else []
            if self._is_last(mine):
                self.names.set_text(words.named(names, count.reachable) if names else "")

    def _is_last(self, mine: int) -> bool:
        return mine == self.asked and not self.root.is_deleted

    def wait_for(self, sentence: str) -> None:
        """Nothing to count yet: a tag, a segment or a person has to be chosen first."""
        self.asked += 1
        self.count = None
        self.root.classes(remove="is-stale")
        self.figure.set_text("0")
        self.title.set_text(sentence)
        self.why.set_text("")
        self.names.set_text("")
        self._tell(None)

    def _show(self, count: Count) -> None:
        self.count = count
        self.root.classes(remove="is-stale")
        self.figure.set_text(words.number(count.reachable))
        self.title.set_text("person will get this" if count.reachable == 1 else "people will get this")
        self.why.set_text(count.sentence())
        self.names.set_text(STILL_TO_COME if count.reachable else "")
        self._tell(count)

    def _failed(self, mine: int, sentence: str) -> None:
        if not self._is_last(mine):
            return
        self.root.classes(add="is-stale")
        self.title.set_text("This could not be counted")
        self.why.set_text(sentence)
        self.names.set_text("")

    def _tell(self, count: Count | None) -> None:
        if self.on_count:
            self.on_count(count)


class WhyInOrOut(WhyOne):
    """Gets it, or the first reason why not."""

    def __init__(self, channel: str, asked_about: Callable[[], tuple[Audience, MessageType]]) -> None:
        super().__init__()
        self.channel, self.asked_about = channel, asked_about

    async def _answer(self, customer_id: int) -> tuple[bool, str]:
        audience, message_type = self.asked_about()
        verdict = await io(_verdict, audience, self.channel, message_type, customer_id)
        return verdict.included, verdict.sentence


def _count(audience: Audience, channel: str, message_type: MessageType) -> Count:
    with reading() as session:
        return audiences.count(session, audience, REACHES[channel], message_type, now=now())


def _names(audience: Audience, channel: str, message_type: MessageType) -> list[str]:
    with reading() as session:
        return audiences.first_names(session, audience, REACHES[channel], message_type, now=now())


def _verdict(audience: Audience, channel: str, message_type: MessageType, customer_id: int) -> Verdict:
    with reading() as session:
        reach = REACHES[channel]
        return audiences.explain(session, audience, reach, message_type, customer_id, now=now())
