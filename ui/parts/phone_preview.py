"""A message by WhatsApp as one customer gets it, drawn as it stands on a phone, by day and by night."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from data.database import reading
from domain.book.merging import values_of
from domain.message.whatsapp_look import Look, look
from domain.shop import shop as shops
from ui.parts.basics import box, icon, put, text
from ui.parts.feedback import io
from ui.parts.inputs import Segmented
from ui.parts.shown_to import ShownTo

MEDIA: Final = {"image": "A picture", "video": "A film", "document": "A file"}
BUTTON_ICONS: Final = {"URL": "out", "PHONE_NUMBER": "phone", "COPY_CODE": "copy", "QUICK_REPLY": "back"}
NOTHING_YET: Final = "Choose a template: the message appears here."


class PhonePreview:
    """`show(components, content)` draws the message; a late answer to an earlier call is dropped."""

    def __init__(self, sender: str) -> None:
        self.components: Sequence[Any] = []
        self.content: Mapping[str, Any] = {}
        self.asked = 0
        with put(box("hb-card hb-preview", "aside", testid="preview-card"), aria_label="Preview"):
            with box("hb-preview-bar"):
                text("Preview", "hb-card-title grow", "h2")
                looks = {"day": "Day", "night": "Night"}
                Segmented(looks, "day", self._look, "The phone by", testid="preview-as")
            self.to = ShownTo(self._again)
            with put(box("hb-preview-note", testid="preview-note"), role="status") as self.note:
                icon("alert")
                self.note_words = text("", "grow")
            with box("hb-stage hb-phone-stage"):
                self.phone = put(box("hb-phone", testid="phone-frame"), data_look="light")
                with self.phone:
                    with box("top"):
                        icon("shop")
                        put(text(sender or "Your shop", "clip"), dir="auto")
                    self.room = box("chat")
        self.note.visible = False

    async def begin(self) -> None:
        """The first look, as the first customer in the book."""
        await self.to.begin()
        await self._again()

    async def show(self, components: Sequence[Any], content: Mapping[str, Any]) -> None:
        self.components, self.content = components, content
        self.asked += 1
        mine = self.asked
        seen = await io(_seen, components, content, self.to.id)
        if mine == self.asked and not self.room.is_deleted:
            self._draw(seen)

    async def _again(self) -> None:
        await self.show(self.components, self.content)

    def _look(self, view: str) -> None:
        put(self.phone, data_look="dark" if view == "night" else "light")

    def _draw(self, seen: Look) -> None:
        self.room.clear()
        self._note(seen)
        with self.room:
            if not (seen.body or seen.heading or seen.media):
                text(NOTHING_YET, "none")
                return
            with put(box("bubble", testid="bubble"), dir="auto"):
                self._media(seen)
                if seen.heading:
                    put(text(seen.heading, "heading"), dir="auto")
                put(text(seen.body, "pre", testid="bubble-body"), dir="auto")
                if seen.footer:
                    put(text(seen.footer, "footer"), dir="auto")
            for kind, words in seen.buttons:
                with box("press"):
                    icon(BUTTON_ICONS.get(kind.upper(), "link"))
                    put(text(words, tag="span"), dir="auto")

    def _media(self, seen: Look) -> None:
        """Nothing is fetched from the web here; where it lies is said."""
        if seen.media:
            with box("media"):
                icon("eye" if seen.media != "document" else "template")
                text(MEDIA.get(seen.media, "A file"))
                if seen.link:
                    text(seen.link, "clip")

    def _note(self, seen: Look) -> None:
        gaps = " and ".join(f"{{{{{one}}}}}" for one in seen.empty)
        self.note_words.set_text(f"Nothing stands at {gaps} for this person yet." if gaps else "")
        self.note.visible = bool(gaps)


def _seen(components: Sequence[Any], content: Mapping[str, Any], customer_id: int | None) -> Look:
    with reading() as session:
        person = values_of(session, [customer_id]).get(customer_id, {}) if customer_id else {}
        return look(components, content, {**person, "shopName": shops.read(session).name})
