"""The form of a message by WhatsApp: which template, what fills its gaps, and to whom, with the phone beside it.

It answers to the same calls as the form of an email, so that a campaign of either kind is written on one page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data.database import now, reading
from domain.audience.audience import Audience, Count, Who
from domain.book.consent import LeftOut
from domain.book.message_types import MessageType
from domain.channels.whatsapp import CHANNEL
from domain.refusal import Refusal
from domain.sending.listening import listening
from domain.shop import whatsapp
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import Quiet
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts.basics import alert, box, card, link_button, put
from ui.parts.content_form import ContentForm
from ui.parts.feedback import io
from ui.parts.inputs import Field, Segmented, text_area
from ui.parts.phone_preview import PhonePreview
from ui.parts.recipient_picker import RecipientPicker, Stock, stock
from ui.parts.whatsapp_content import ABOUT_TEMPLATE, Choice, TemplateContent, choice
from ui.parts.whatsapp_outlook import Outlook
from ui.parts.whatsapp_templates import Template

NAME: Final = CHANNEL.name
SETTINGS: Final = "/settings/whatsapp"
TYPE_HELP: Final = {
    "marketing": "Offers and news. Goes only to people who said yes to offers by WhatsApp.",
    "newsletter": "Regular news. Goes only to people who said yes to news by WhatsApp.",
    "operational": "About somebody’s own order, repair or visit. Goes to whoever said yes to anything by WhatsApp.",
}
WAYS: Final = {"template": "A template", "free": "Free words"}
LONGEST_FREE: Final = 4_096
FREE_HELP: Final = "WhatsApp lets you write freely only to people who wrote to you within 24 hours."
ONLY_NOW: Final = (
    "Free words can only be sent now: by the time of a campaign nobody may be listening any more. "
    "Choose a template to save it."
)
NOBODY_LISTENS: Final = "Nobody of them wrote to you within 24 hours. Choose a template instead."
LISTENERS: Final = "people said yes; of them only those get it who wrote to you within 24 hours"
NOBODY_AGREED: Final = (
    "WhatsApp is only for people who said yes to it. They can tick it on your sign-up form, send you the first message by "
    "a link to chat, or say it at the counter: then write it down on their page. A list can carry who agreed, and how."
)


@dataclass(frozen=True)
class Start:
    """What the form begins with; `values` are the fields of a campaign as far as they are known."""

    values: dict[str, Any]
    audience: Audience
    stock: Stock
    choice: Choice
    shop_name: str
    zone: ZoneInfo
    quiet: Quiet
    connected: bool
    may_connect: bool

    @property
    def content(self) -> Mapping[str, Any]:
        found = self.values.get("content")
        return found if isinstance(found, Mapping) else {}


def start(session: Session, values: dict[str, Any], by: Actor) -> Start:
    shop = read_shop(session)
    audience = Audience.parse(values.get("audience") or {"type": "all"})
    return Start(
        values=values,
        audience=audience,
        stock=stock(session, audience, by),
        choice=choice(session),
        shop_name=shop.name,
        zone=shop.zone,
        quiet=shop.quiet,
        connected=whatsapp.is_connected(session),
        may_connect=by.may(Right.MANAGE_SHOP),
    )


class WhatsAppForm(ContentForm):
    """`on_change()` hears each change. `first` and `below` build the page's own fields and cards inside the form.

    `free`: free words may be written too, to whoever may get them at this moment.
    """

    def __init__(
        self,
        begin: Start,
        on_change: Callable[[], Any],
        *,
        first: Callable[[], Any] | None = None,
        below: Callable[[], Any],
        on_count: Callable[[Count | None], Any] | None = None,
        free: bool = False,
    ) -> None:
        super().__init__()
        self.begun, self.on_change, self.on_count = begin, on_change, on_count
        self.message_type = MessageType(begin.values.get("message_type") or "marketing")
        self.is_free, self.may_be_free = begin.content.get("text") is not None, free
        with put(box("hb-builder"), data_show="write") as self.root:
            with box("hb-form"):
                self.phone_switch()
                self._practice()
                self._message(first)
                with card("Recipients", "Counted now, and counted again at the moment of sending."):
                    self.picker = self._picker()
                    self.agree = box("full")
                self.outlook = Outlook(lambda found: self.template.lacking(found))
                self.fault_box()
                below()
            self.preview = PhonePreview(begin.shop_name)
        self._show_way()

    async def ready(self) -> None:
        """The first picture and the first count."""
        self.template.ready()
        await self._paint()
        await self.preview.begin()
        await self.picker.recount()

    @property
    def content(self) -> dict[str, Any]:
        if self.is_free:
            return {"text": (self.words.value or "").strip()}
        return self.template.value

    @property
    def values(self) -> dict[str, Any]:
        """As a campaign keeps them. An audience that means nobody yet is left out."""
        audience = {} if self.picker.missing else {"audience": self.picker.value.as_json()}
        said = {"message_type": str(self.message_type), "channel": NAME, "content": self.content}
        return {**said, **audience}

    @property
    def usual_name(self) -> str:
        """What a campaign with this template is called at first. Raises Refusal for free words."""
        if self.is_free:
            raise Refusal("free_words", ONLY_NOW, field="text")
        named = self.values["content"].get("template")
        return str(named["name"]).replace("_", " ").capitalize() if named else "Untitled draft"

    def goes_to(self, count: Count) -> str:
        return "Goes to whoever listens now" if self.is_free else super().goes_to(count)

    async def meant(self) -> Audience:
        """Whom a press of Send is about: free words reach only who listens just now. Raises Refusal."""
        if not self.is_free:
            return self.picker.value
        there = await io(_listening, self.picker.value, self.message_type)
        if not there:
            raise Refusal("nobody_listens", NOBODY_LISTENS, field="text")
        return Audience(Who.MANUAL, customer_ids=there)

    def clear(self) -> None:
        super().clear()
        self.template.clear()
        self.words_field.wrong()
        self.type_field.wrong()

    def shown_at(self, refusal: Refusal) -> Callable[[str], Any] | None:
        name = str(refusal.details.get("field", ""))
        if name == "text" or (refusal.code == "bad_template" and name not in ABOUT_TEMPLATE):
            return self.words_field.wrong
        if refusal.code == "wrong_category" and name not in ABOUT_TEMPLATE:
            return self.type_field.wrong
        return self.template.shown_at(refusal)

    def _practice(self) -> None:
        if not self.begun.connected:
            alert(
                "You are practising: nothing leaves this computer",
                "Messages go to practice phones, and you can answer from them. No account is needed for that."
                + (" To reach customers, connect your number." if self.begun.may_connect else ""),
                actions=self._practice_ways,
                testid="whatsapp-practice",
            )

    def _practice_ways(self) -> None:
        link_button("Look at the practice phones", "/practice/whatsapp")
        if self.begun.may_connect:
            link_button("Connect a number", SETTINGS)

    def _ways_to_agree(self) -> None:
        if self.begun.may_connect:
            link_button("Link to chat", SETTINGS)
            link_button("Sign-up form", "/settings/sign-up")
        link_button("Bring in a list", "/customers/import")

    def _message(self, first: Callable[[], Any] | None) -> None:
        with card("Message"):
            if first:
                first()
            if self.may_be_free:
                way = "free" if self.is_free else "template"
                Segmented(WAYS, way, self._set_way, "What to send", testid="way")
            self.template = TemplateContent(self.begun.choice, self.begun.content, self._changed, self._fits)
            self._free_words()
            self._types()

    def _free_words(self) -> None:
        self.words_field = Field("Words", FREE_HELP, testid="words-field")
        with self.words_field.body:
            self.words = put(
                text_area(
                    str(self.begun.content.get("text") or ""),
                    label="Words",
                    placeholder='Thank you, {{ firstName | default: "dear customer" }}.',
                    on_change=self._changed,
                    testid="words",
                ),
                maxlength=str(LONGEST_FREE),
                dir="auto",
            )

    def _types(self) -> None:
        self.type_field = Field("Message type", TYPE_HELP[self.message_type], testid="type-field")
        with self.type_field.body:
            self.types = Segmented(
                words.MESSAGE_TYPE, str(self.message_type), self._set_type, "Message type", testid="type"
            )

    def _picker(self) -> RecipientPicker:
        return RecipientPicker(
            self.begun.audience,
            self.begun.stock,
            message_type=self.message_type,
            channel=NAME,
            on_change=lambda _: self.on_change(),
            on_count=self._counted,
        )

    def _show_way(self) -> None:
        self.template.root.visible, self.words_field.root.visible = not self.is_free, self.is_free

    async def _set_way(self, way: str) -> None:
        self.is_free = way == "free"
        self.clear()
        self._show_way()
        await self._changed()
        await self.picker.recount()

    async def _set_type(self, kind: str) -> None:
        self.message_type = MessageType(kind)
        self.type_field.wrong()
        self.type_field.say(TYPE_HELP[kind])
        await self._changed()
        await self.picker.set_message_type(self.message_type)

    async def _fits(self, one: Template) -> None:
        """What WhatsApp counts as marketing can't go out as anything else, and what is about an order seldom is an offer."""
        kind = "operational" if one.category == "UTILITY" else "marketing"
        if (kind == "operational") is self.message_type.needs_consent:
            await self.types.set(kind)

    async def _changed(self) -> None:
        self.on_change()
        await self._paint()
        self.outlook.soon(self._asked)

    async def _paint(self) -> None:
        await self.preview.show(self.template.components, self.content)

    def _asked(self) -> tuple[dict[str, Any], Audience] | None:
        """What the outlook is about; None while nobody is meant."""
        return None if self.picker.missing else (self.values, self.picker.value)

    def _counted(self, count: Count | None) -> None:
        if self.on_count:
            self.on_count(count)
        if count is None:
            return
        if self.is_free:
            self.picker.counter.title.set_text(LISTENERS)
        self.agree.clear()
        if not count.reachable and LeftOut.NO_YES in count.left_out:
            with self.agree:
                alert(
                    "Nobody here has said yes to WhatsApp yet",
                    NOBODY_AGREED,
                    actions=self._ways_to_agree,
                    testid="nobody-agreed",
                )
        self.outlook.soon(self._asked)


def _listening(audience: Audience, kind: MessageType) -> tuple[int, ...]:
    with reading() as session:
        return listening(session, audience, kind, now=now())
