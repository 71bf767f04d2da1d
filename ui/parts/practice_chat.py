"""One customer's practice phone: what the shop wrote to them, what they answered, and what they may do with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from data.database import now, reading, unit
from domain.book import customers, preferences
from domain.book.message_types import MessageType
from domain.ledger import whatsapp_errors
from domain.message import practice_messages
from domain.message.practice_messages import PracticeMessage
from domain.shop import shop as shops
from jobs import practice_whatsapp
from ui import words
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, icon, icon_button, link, menu, put, text
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import text_input

MEDIA: Final = {"image": "A picture", "video": "A film", "document": "A file"}
BUTTON_ICONS: Final = {"URL": "out", "PHONE_NUMBER": "phone", "COPY_CODE": "copy", "QUICK_REPLY": "back"}
FAILURES: Final = {
    131026: "It fails: not on WhatsApp",
    131049: "It fails: held by WhatsApp",
    131050: "It fails: they stopped marketing there",
}
DONE: Final = {"read": "Read", "failed": "Failed"}
NO: Final = (
    "The shop has written down that they want no marketing by WhatsApp. The next campaign leaves them out."
)
LONGEST: Final = 1_000  # characters of an answer
TO_THE_END: Final = """requestAnimationFrame(() => {
  const chat = document.querySelector(".hb-phone .chat");
  if (chat) chat.scrollTop = chat.scrollHeight;
})"""


@dataclass(frozen=True)
class Said:
    id: int
    from_shop: bool
    heading: str
    media: str
    link: str
    body: str
    footer: str
    buttons: tuple[tuple[str, str, str], ...]
    when: str
    status: str
    why: str


@dataclass(frozen=True)
class Chat:
    number: str
    name: str
    customer_id: int | None
    wants: bool | None
    shop: str
    said: list[Said]


class PracticeChat:
    """Draws itself where it is made. `changed` hears that something was done on the phone."""

    def __init__(self, chat: Chat, changed: Callable[[], Awaitable[None]], close: Callable[[], Any]) -> None:
        self.chat, self.changed = chat, changed
        self._top(close)
        with box("hb-stage hb-phone-stage"), box("hb-phone", testid="phone"):
            with box("top"):
                icon("shop")
                put(text(chat.shop, "clip"), dir="auto")
            with put(box("chat", testid="chat"), tabindex="0", role="log", aria_label="The messages"):
                for one in chat.said:
                    self._message(one)
            self._write()

    def _top(self, close: Callable[[], Any]) -> None:
        chat = self.chat
        with box("hb-mail-top"):
            with box("hb-row apart"):
                text(
                    f"The phone of {chat.name or chat.number}", "hb-card-title grow", "h2", testid="phone-of"
                )
                entries: list[tuple[str, str, Callable[[], Any]]] = [
                    ("stop", "They stop marketing in the app", lambda: self._prefer("stop")),
                    ("check", "They allow it again", lambda: self._prefer("resume")),
                ]
                menu(entries, label="In their WhatsApp settings", testid="phone-more")
                icon_button("x", "Close this phone", close, testid="phone-close")
            with box("hb-row wrap small"):
                text(chat.number, "muted num", "span")
                if chat.customer_id:
                    link(chat.name, f"/customers/{chat.customer_id}", testid="phone-customer")
            if chat.wants is False:
                alert("They said no", NO, tone="warn", testid="phone-no")

    def _message(self, one: Said) -> None:
        side = "" if one.from_shop else " mine"
        with put(box(f"bubble{side}", testid="bubble"), dir="auto"):
            _media(one)
            if one.heading:
                put(text(one.heading, "heading"), dir="auto")
            put(text(one.body, "pre", testid="bubble-body"), dir="auto")
            if one.footer:
                put(text(one.footer, "footer"), dir="auto")
            text(" · ".join(filter(None, [one.when, one.status])), "when num", testid="bubble-when")
        for kind, label, leads in one.buttons:
            self._button(one, kind, label, leads)
        if one.why:
            text(one.why, "fate bad", testid="bubble-why")
        if one.from_shop and one.status not in (DONE["read"], DONE["failed"]):
            self._fates(one)

    def _button(self, one: Said, kind: str, label: str, leads: str) -> None:
        """Only one that answers by itself can be pressed: nothing here leads out of practice."""
        if kind != "QUICK_REPLY":
            with box("press"):
                icon(BUTTON_ICONS.get(kind, "link"))
                put(text(label, tag="span"), dir="auto")
            if leads and leads != label:
                text(leads, "fate clip")
            return
        with put(box("press can", "button", testid="press"), type="button") as made:
            icon(BUTTON_ICONS[kind])
            put(text(label, tag="span"), dir="auto")
        made.on("click", handled(lambda: self._do(practice_whatsapp.press, one.id, label)), [])

    def _fates(self, one: Said) -> None:
        with box("fates"):
            button(
                "They read it",
                lambda: self._do(practice_whatsapp.read, one.id),
                icon="eye",
                kind="ghost",
                small=True,
                testid="read-it",
            )
            entries = [
                ("x", label, lambda code=code: self._do(practice_whatsapp.fail, one.id, code))
                for code, label in FAILURES.items()
            ]
            menu(entries, label="Let it fail", testid="fail-it")

    def _write(self) -> None:
        with box("write"):
            self.entry = text_input(label="Answer as this customer", placeholder="Answer", testid="answer")
            put(self.entry, maxlength=str(LONGEST))
            self.entry.on("keydown.enter", handled(self._say), [])
            icon_button("send", "Send the answer", self._say, testid="answer-send")
        with box("write"):
            button(
                "Answer STOP", lambda: self._answered("STOP"), icon="stop", small=True, testid="answer-stop"
            )

    async def _say(self) -> None:
        words_ = (self.entry.value or "").strip()
        if words_:
            self.entry.set_value("")
            await self._answered(words_)

    async def _answered(self, words_: str) -> None:
        await self._do(practice_whatsapp.write, self.chat.number, words_[:LONGEST])

    async def _prefer(self, wish: str) -> None:
        await self._do(practice_whatsapp.prefer, self.chat.number, wish)
        toast("Told the shop, as WhatsApp does")

    async def _do(self, deed: Callable[..., None], *given: Any) -> None:
        by = await current_actor()
        await io(lambda: deed(*given, by=by))
        await self.changed()


def taken_up(number: str) -> Chat:
    """What lies on this phone counts as seen from now on."""
    with unit() as session:
        practice_messages.mark_seen(session, number, now=now())
    return looked_at(number)


def looked_at(number: str) -> Chat:
    moment = now()
    with reading() as session:
        shop = shops.read(session)
        person = customers.with_numbers(session, [number]).get(number)
        wants = preferences.allows(session, person.id, "whatsapp", MessageType.MARKETING) if person else None
        said = [
            _said(one, words.when(one.at, shop.zone, moment))
            for one in practice_messages.chat(session, number)
        ]
        name = person.shown_name if person else ""
        return Chat(number, name, person.id if person else None, wants, shop.name or "Your shop", said)


def _said(one: PracticeMessage, when: str) -> Said:
    shown = one.shown
    status = DONE.get(one.status, "Arrived") if one.from_shop else ""
    why = whatsapp_errors.error(one.code).sentence if one.code else ""
    return Said(
        one.id,
        one.from_shop,
        str(shown.get("header") or ""),
        str(shown.get("media") or ""),
        str(shown.get("link") or ""),
        str(shown.get("body") or ""),
        str(shown.get("footer") or ""),
        tuple((str(kind), str(label), str(leads)) for kind, label, leads in shown.get("buttons") or ()),
        when,
        status,
        why,
    )


def _media(one: Said) -> None:
    """Nothing is fetched from the web here; where it lies is said."""
    if one.media:
        with box("media"):
            icon("template" if one.media == "document" else "eye")
            text(MEDIA.get(one.media, "A file"))
            if one.link:
                text(one.link, "clip")
