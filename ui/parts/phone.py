"""A phone with one message by WhatsApp on it. Nothing is fetched from the web: where a picture lies is said instead."""

from typing import Final

from nicegui import ui

from domain.message.whatsapp_look import Look, marked
from ui.parts.basics import box, icon, put, text

MEDIA: Final = {"image": "A picture", "video": "A film", "document": "A file"}
BUTTON_ICONS: Final = {"URL": "out", "PHONE_NUMBER": "phone", "COPY_CODE": "copy", "QUICK_REPLY": "back"}


class Phone:
    """`look` None: a phone that goes by the look of the shop; else "light" or "dark"."""

    def __init__(self, sender: str, look: str | None = "light") -> None:
        self.root = put(box("hb-phone", testid="phone-frame"), data_look=look)
        with self.root:
            with box("top"):
                icon("shop")
                put(text(sender or "Your shop", "clip"), dir="auto")
            self.chat = box("chat")

    def draw(self, seen: Look, nothing: str = "", *, when: str = "") -> None:
        """`when`: the time that stands at its foot. No ticks: those are seen by whoever sent it."""
        self.chat.clear()
        with self.chat:
            if not (seen.body or seen.heading or seen.media):
                text(nothing, "none")
                return
            self._bubble(seen, when)
            for kind, words in seen.buttons:
                with box("press"):
                    icon(BUTTON_ICONS.get(kind.upper(), "link"))
                    put(text(words, tag="span"), dir="auto")

    def _bubble(self, seen: Look, when: str) -> None:
        with put(box("bubble", testid="bubble"), dir="auto"):
            if seen.media:
                with box("media"):
                    icon("template" if seen.media == "document" else "eye")
                    text(MEDIA.get(seen.media, "A file"))
                    text(seen.link, "clip")
            if seen.heading:
                _line(seen.heading, "heading")
            styled(seen.body, testid="bubble-body")
            if seen.footer:
                _line(seen.footer, "footer")
            if when:
                text(when, "when num")


def styled(words: str, *, testid: str) -> ui.html:
    """With WhatsApp's own *bold* and _italic_; what somebody typed is escaped there."""
    made = ui.html(marked(words), sanitize=False).classes("pre")
    return put(made, testid=testid, dir="auto")


def _line(words: str, classes: str) -> ui.label:
    """Each in its own direction: a Hebrew name may stand above English words."""
    return put(text(words, classes), dir="auto")
