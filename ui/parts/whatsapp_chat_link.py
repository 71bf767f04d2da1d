"""The words that stop and start messages by WhatsApp, and the link and the code with which people say yes by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import segno
from nicegui import ui

from data.database import now, reading, unit
from domain.shop import whatsapp, whatsapp_words
from domain.shop.people import Actor
from domain.shop.whatsapp_words import Words
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card, link_button, put, text
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, text_area, text_input

STOPS: Final = (
    "Whoever answers with nothing but one of these gets no more marketing by WhatsApp, at once. Capital letters, accents and signs "
    "make no difference. A line for each; empty the field for the usual ones."
)
CHAT: Final = (
    "Whoever scans the code or presses the link finds WhatsApp open with a sentence typed already. Sending it is their yes, and it is "
    "kept as proof together with the words beside the code."
)
SHOW: Final = (
    "Print the card for the counter, or put the link on your website with the words beside it. Whoever agrees is noted with the words "
    "of that day: after a change, print the card anew."
)
CARD: Final = "/settings/whatsapp/card"


@dataclass(frozen=True)
class Begun:
    words: Words
    link: str
    practice: bool


class StopWords:
    def __init__(self, words: Words) -> None:
        with card("Stop words", STOPS, testid="words-card"):
            with box("hb-two"):
                stop, self.stop = _lines("Words that stop", words.stop, "stop-words")
                start, self.start = _lines("Words that start again", words.start, "start-words")
            with box("hb-row end"):
                button("Save", self.save, kind="primary", testid="save-words")
            self.form = Form({"stop": stop, "start": start})

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        wish = {"stop": (self.stop.value or "").splitlines(), "start": (self.start.value or "").splitlines()}
        with refusals_to(self.form.wrong):
            saved = await io(_saved, wish, by)
            self.stop.set_value("\n".join(saved.stop))
            self.start.set_value("\n".join(saved.start))
            toast("Saved")


class ChatLink:
    def __init__(self, begun: Begun) -> None:
        self.begun = begun
        with card("Let people say yes", CHAT, testid="click-to-chat"):
            join = Field("The sentence that they send")
            with join.body:
                self.join = text_input(
                    begun.words.join, label="The sentence that they send", testid="join-words"
                )
            wording = Field("What stands beside the code", "Empty either field for the usual words.")
            with wording.body:
                self.wording = text_area(
                    begun.words.wording, label="What stands beside the code", height=84, testid="join-wording"
                )
            with box("hb-row end"):
                button("Save", self.save, kind="primary", testid="save-link")
            self.form = Form({"join": join, "wording": wording})
            self.room = box("full hb-stack")
            self._draw()

    def _draw(self) -> None:
        self.room.clear()
        with self.room:
            if self.begun.practice or not self.begun.link:
                alert(
                    "The code is ready once your own number is connected",
                    actions=lambda: link_button("See the card", CARD, whole=True, testid="chat-card"),
                    testid="chat-not-yet",
                )
                return
            code = segno.make(self.begun.link, error="m")
            with box("hb-chat-code"):
                source = code.svg_data_uri(scale=5, border=2, dark="#161a17", light="#ffffff")
                put(box("", "img", testid="chat-qr"), src=source, alt="The code that opens WhatsApp", width="164", height="164")  # fmt: skip
                with box("hb-stack tight grow"):
                    text(self.begun.words.wording, "strong")
                    text(self.begun.link, "hb-code", testid="chat-link")
                    text(SHOW, "hb-help")
                    with box("hb-row wrap"):
                        button("Copy the link", self._copy, icon="copy", testid="copy-link")
                        link_button("Card to print", CARD, icon="template", whole=True, testid="chat-card")

    def _copy(self) -> None:
        ui.clipboard.write(self.begun.link)
        toast("Copied")

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            saved = await io(_saved, {"join": self.join.value or "", "wording": self.wording.value or ""}, by)
            self.join.set_value(saved.join)
            self.wording.set_value(saved.wording)
            await self.fetch()
            toast("Saved")

    async def fetch(self) -> None:
        """Another number or another sentence has another link."""
        self.begun = await io(begun)
        if not self.room.is_deleted:
            self._draw()


def begun() -> Begun:
    with reading() as session:
        link, practice = whatsapp_words.own_chat_link(session), not whatsapp.is_connected(session)
        return Begun(whatsapp_words.read(session), link, practice)


def _lines(label: str, words: Sequence[str], testid: str) -> tuple[Field, ui.textarea]:
    field = Field(label)
    with field.body:
        return field, text_area("\n".join(words), label=label, height=240, testid=testid)


def _saved(wish: dict[str, Any], by: Actor) -> Words:
    with unit() as session:
        return whatsapp_words.change(session, wish, by=by, now=now())
