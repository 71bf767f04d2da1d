"""One customer's practice phone: what the shop wrote to them, what they answered, and what they may do with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers, preferences
from domain.book.message_types import MessageType
from domain.ledger import whatsapp_errors
from domain.message import practice_messages, whatsapp_templates
from domain.message.practice_messages import PracticeMessage
from domain.shop import shop as shops
from jobs import practice_whatsapp
from ui import words
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, icon, icon_button, link, menu, put, text
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import text_input
from ui.parts.phone import BUTTON_ICONS, MEDIA, styled

FAILURES: Final = {  # by the platform's own numbers
    131026: "not on WhatsApp",
    131049: "held: much marketing just now",
    131050: "they stopped the shop’s marketing",
    130472: "kept out by a trial of WhatsApp",
    130497: "their country is not allowed",
    131047: "no free words after 24 hours",
    131000: "something went wrong there",
    131042: "WhatsApp was not paid",
    131048: "too many new people in a day",
}
WINDOW: Final = 131047
OF_FREE_WORDS: Final = (WINDOW, 131026, 131000)
PAUSE, APPROVE = "WhatsApp pauses this template", "WhatsApp approves this template again"
DONE: Final = {"read": "Read", "failed": "Failed"}
NO: Final = (
    "The shop has written down that they want no marketing by WhatsApp. The next campaign leaves them out."
)
LONGEST: Final = 1_000  # characters of an answer
AT_ONCE: Final = 60  # messages of one phone
TO_THE_END: Final = """requestAnimationFrame(() => {
  const chat = document.querySelector(".hb-phone .chat");
  if (chat) chat.scrollTop = chat.scrollHeight;
})"""
# What was pressed is drawn anew: the keyboard stays in the phone.
STAY: Final = """requestAnimationFrame(() => {
  if (document.activeElement === document.body) document.querySelector(".hb-phone .chat")?.focus({preventScroll: true});
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
    template: tuple[str, str] = ("", "")  # its name and language
    is_paused: bool = False


@dataclass(frozen=True)
class Chat:
    number: str
    name: str
    customer_id: int | None
    wants: bool | None
    shop: str
    said: list[Said]
    has_earlier: bool = False


class PracticeChat:
    """Draws itself where it is made. `changed` hears that something was done on the phone, `earlier` that more should be shown."""

    def __init__(
        self,
        chat: Chat,
        changed: Callable[[], Awaitable[None]],
        earlier: Callable[[], Awaitable[None]],
        close: Callable[[], Any],
    ) -> None:
        self.chat, self.changed, self.earlier = chat, changed, earlier
        with box("hb-mail-top"):
            self._whose(close)
            self.no = alert("They said no", NO, tone="warn", testid="phone-no")
        with box("hb-stage hb-phone-stage"), box("hb-phone", testid="phone"):
            with box("top"):
                icon("shop")
                put(text(chat.shop, "clip"), dir="auto")
            self.log = put(box("chat", testid="chat"), tabindex="0", role="log", aria_label="The messages")
            self._write()
        self.show(chat)

    def show(self, chat: Chat) -> None:
        """The same phone, with what has come or changed since; what is being typed stays."""
        self.chat = chat
        self.no.visible = self.start.visible = chat.wants is False
        self.log.clear()
        with self.log:
            if chat.has_earlier:
                button("Show earlier messages", self.earlier, kind="ghost", small=True, testid="earlier")
            for one in chat.said:
                self._message(one)

    def _whose(self, close: Callable[[], Any]) -> None:
        chat = self.chat
        with box("hb-row apart"):
            text(f"The phone of {chat.name or chat.number}", "hb-card-title grow", "h2", testid="phone-of")
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

    def _message(self, one: Said) -> None:
        side = "" if one.from_shop else " mine"
        with put(box(f"bubble{side}", testid="bubble"), dir="auto"):
            _media(one)
            if one.heading:
                put(text(one.heading, "heading"), dir="auto")
            styled(one.body, testid="bubble-body")
            if one.footer:
                put(text(one.footer, "footer"), dir="auto")
            text(" · ".join(filter(None, [one.when, one.status])), "when num", testid="bubble-when")
        for kind, label, leads in one.buttons:
            self._button(one, kind, label, leads)
        if one.why:
            text(one.why, "fate bad", testid="bubble-why")
        if one.from_shop:
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
        is_open = one.status not in DONE.values()
        fails = self._failures(one) if is_open else []
        news: list[tuple[str, str, Callable[[], Any]]] = []
        if one.template[0]:
            word, label = ("APPROVED", APPROVE) if one.is_paused else ("PAUSED", PAUSE)
            news = [("pause" if word == "PAUSED" else "check", label, lambda: self._turn(one, word))]
        with box("fates"):
            if is_open:
                button(
                    "They read it",
                    lambda: self._do(practice_whatsapp.read, one.id),
                    icon="eye",
                    kind="ghost",
                    small=True,
                    testid="read-it",
                )
            if is_open or news:
                menu([*fails, *news], label="What else may happen to it", testid="fail-it")

    def _failures(self, one: Said) -> list[tuple[str, str, Callable[[], Any]]]:
        """Those that the platform tells of such a message: free words are told other things than templates."""

        def failing(code: int) -> Callable[[], Any]:
            return lambda: self._do(practice_whatsapp.fail, one.id, code)

        meant = [code for code in FAILURES if (code != WINDOW if one.template[0] else code in OF_FREE_WORDS)]
        return [("x", f"It fails: {FAILURES[code]}", failing(code)) for code in meant]

    async def _turn(self, one: Said, status: str) -> None:
        await self._do(practice_whatsapp.turn_template, *one.template, status)
        toast("Told the shop, as WhatsApp does")

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
            self.start = button(
                "Answer START",
                lambda: self._answered("START"),
                icon="check",
                small=True,
                testid="answer-start",
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


def taken_up(number: str, most: int = AT_ONCE) -> Chat:
    """What lies on this phone counts as seen from now on."""
    with unit() as session:
        practice_messages.mark_seen(session, number, now=now())
    return looked_at(number, most)


def looked_at(number: str, most: int = AT_ONCE) -> Chat:
    moment = now()
    with reading() as session:
        shop = shops.read(session)
        person = customers.with_numbers(session, [number]).get(number)
        wants = preferences.allows(session, person.id, "whatsapp", MessageType.MARKETING) if person else None
        found = practice_messages.chat(session, number, limit=most + 1)
        shown, paused = found[-most:], _paused(session)
        said = [_said(one, words.when(one.at, shop.zone, moment), paused) for one in shown]
        name, who = (person.shown_name, person.id) if person else ("", None)
        return Chat(number, name, who, wants, shop.name or "Your shop", said, len(found) > most)


def _paused(session: Session) -> set[tuple[str, str]]:
    return {(one.name, one.language) for one in whatsapp_templates.every(session) if one.status == "PAUSED"}


def _said(one: PracticeMessage, when: str, paused: set[tuple[str, str]]) -> Said:
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
        (one.template, one.language),
        (one.template, one.language) in paused,
    )


def _media(one: Said) -> None:
    """Nothing is fetched from the web here; where it lies is said."""
    if one.media:
        with box("media"):
            icon("template" if one.media == "document" else "eye")
            text(MEDIA.get(one.media, "A file"))
            if one.link:
                text(one.link, "clip")
