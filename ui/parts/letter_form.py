"""The form of an email: who writes, what, and to whom, with the letter beside it. Campaigns and bulk email share it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from domain.audience.audience import Audience, Count
from domain.book import merging
from domain.book.message_types import MessageType
from domain.message import templates
from domain.refusal import Refusal
from domain.shop import mailbox
from domain.shop.people import Actor
from domain.shop.sending_rules import Quiet
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts.basics import box, button, card, put, text
from ui.parts.content_form import ContentForm
from ui.parts.dialogs import confirm
from ui.parts.inputs import Field, Segmented, select, text_input
from ui.parts.message_editor import CONTENT, PARTS, MessageEditor
from ui.parts.no_reply import NoReply
from ui.parts.preview_frame import PreviewFrame
from ui.parts.recipient_picker import RecipientPicker, Stock, stock

TYPE_HELP = {
    "marketing": "Offers and news. Goes only to people who have not said no, with a way to unsubscribe.",
    "newsletter": "Regular news. Goes only to people who have not said no to it, with a way to unsubscribe.",
    "operational": "About somebody's own order, repair or visit. Also goes to people who opted out of offers.",
}
SENDER = ("from_name", "from_email")
ABOUT_SENDER = {*SENDER, "fromEmail", "reply_to"}
NO_TEMPLATE = 0


@dataclass(frozen=True)
class TemplateText:
    name: str
    content: dict[str, str]


@dataclass(frozen=True)
class Start:
    """What a form begins with; `values` are the fields of a campaign as far as they are known."""

    values: dict[str, Any]
    audience: Audience
    stock: Stock
    templates: dict[int, TemplateText]
    own_fields: frozenset[str]
    sender_name: str
    sender_email: str
    reply_to: str
    inbox: str  # which Handbill reads by itself
    zone: ZoneInfo
    quiet: Quiet


def start(session: Session, values: dict[str, Any], by: Actor) -> Start:
    shop = read_shop(session)
    audience = Audience.parse(values.get("audience") or {"type": "all"})
    return Start(
        values=values,
        audience=audience,
        stock=stock(session, audience, by),
        templates={one.id: _template(one) for one in templates.every(session, by=by, channel="email")},
        own_fields=merging.own_fields(session),
        sender_name=shop.sender_name or shop.name,
        sender_email=shop.sender_email,
        reply_to=shop.reply_to,
        inbox=mailbox.address(session),
        zone=shop.zone,
        quiet=shop.quiet,
    )


class LetterForm(ContentForm):
    """`on_change()` hears each change. `first` and `below` build the page's own fields and cards inside the form."""

    def __init__(
        self,
        begin: Start,
        on_change: Callable[[], Any],
        *,
        first: Callable[[], Any] | None = None,
        below: Callable[[], Any],
        on_count: Callable[[Count | None], Any] | None = None,
    ) -> None:
        self.begun, self.on_change = begin, on_change
        self.message_type = MessageType(begin.values.get("message_type") or "marketing")
        self.template_id: int | None = begin.values.get("template_id")
        super().__init__()
        with put(box("hb-builder"), data_show="write") as self.root:
            with box("hb-form"):
                self.phone_switch()
                self._message(first)
                with card("Recipients", "Counted now, and counted again at the moment of sending."):
                    self.picker = self._picker(on_count)
                self.fault_box()
                below()
            self.preview = PreviewFrame(on_problem=self.editor.unreadable)

    async def ready(self) -> None:
        """The first picture and the first count."""
        await self.preview.begin(self.values)
        await self.picker.recount()

    @property
    def values(self) -> dict[str, Any]:
        """As a campaign keeps them. An audience that means nobody yet is left out."""
        sender = {name: (self.sender[name].value or "").strip() for name in SENDER}
        audience = {} if self.picker.missing else {"audience": self.picker.value.as_json()}
        plain = {"message_type": str(self.message_type), "template_id": self.template_id}
        return {**self.editor.values, **sender, **plain, **audience}

    @property
    def has_words(self) -> bool:
        return any(value.strip() for value in self.editor.values.values())

    @property
    def usual_name(self) -> str:
        """What a campaign with these words is called at first."""
        return str(self.editor.values.get("subject") or "Untitled draft")

    def clear(self) -> None:
        super().clear()
        self.sender_field.wrong()
        self.editor.clear()

    def shown_at(self, refusal: Refusal) -> Callable[[str], Any] | None:
        name = str(refusal.details.get("field", ""))
        name = PARTS.get(str(refusal.details.get("part", "")), name)
        if name in ABOUT_SENDER:
            self.sender_fields.visible = True
            return self.sender_field.wrong
        if name in CONTENT or name == "body":
            return lambda sentence: self.editor.wrong(name, sentence)
        return None

    def _message(self, first: Callable[[], Any] | None) -> None:
        with card("Message"):
            with box("hb-two" if first else "full"):
                if first:
                    first()
                self._templates()
            self._types()
            self._sender()
            self.editor = MessageEditor(
                {name: str(self.begun.values.get(name) or "") for name in CONTENT},
                self._changed,
                own_fields=self.begun.own_fields,
            )

    def _templates(self) -> None:
        options = {NO_TEMPLATE: "None"} | {key: one.name for key, one in self.begun.templates.items()}
        field = Field("Template", optional=True)
        chosen = self.template_id if self.template_id in options else NO_TEMPLATE
        with field.body:
            self.template = select(
                options, chosen, on_change=self._use_template, label="Template", testid="template"
            )
        if not self.begun.templates:
            field.say("You have no templates yet.")

    def _types(self) -> None:
        field = Field("Message type", TYPE_HELP[self.message_type], testid="type-field")
        with field.body:
            Segmented(
                words.MESSAGE_TYPE, str(self.message_type), self._set_type, "Message type", testid="type"
            )
        self.type_field = field

    def _sender(self) -> None:
        self.sender_field = Field("Sender", testid="sender-field")
        values = self.begun.values
        with self.sender_field.body:
            with box("hb-row apart full"):
                self.sender_words = text("", "clip", testid="sender")
                button("Change", self._show_sender, kind="ghost", small=True, testid="change-sender")
            with box("hb-two") as self.sender_fields:
                self.sender = {
                    "from_name": self._sender_input(values, "from_name", "Name", self.begun.sender_name),
                    "from_email": self._sender_input(
                        values, "from_email", "Address", self.begun.sender_email
                    ),
                }
            self.no_reply = NoReply("", self.begun.inbox)
        self.sender_fields.visible = any(values.get(name) for name in SENDER)
        self._paint_sender()

    def _sender_input(self, values: Mapping[str, Any], name: str, label: str, usual: str) -> ui.input:
        return text_input(
            str(values.get(name) or ""),
            label=f"Sender's {label.lower()}",
            placeholder=usual or label,
            kind="email" if name == "from_email" else "text",
            debounce=300,
            on_change=self._sender_changed,
            testid=name.replace("_", "-"),
        )

    def _picker(self, on_count: Callable[[Count | None], Any] | None) -> RecipientPicker:
        return RecipientPicker(
            self.begun.audience,
            self.begun.stock,
            message_type=self.message_type,
            on_change=lambda _: self.on_change(),
            on_count=on_count,
        )

    def _show_sender(self) -> None:
        self.sender_fields.visible = not self.sender_fields.visible

    def _paint_sender(self) -> None:
        name = self.sender["from_name"].value or self.begun.sender_name
        address = self.sender["from_email"].value or self.begun.sender_email
        self.sender_words.set_text(f"{name} <{address}>" if address else f"{name}, no address yet")
        answers = self.begun.values.get("reply_to") or self.begun.reply_to or address
        self.no_reply.look(str(answers), self.begun.inbox)

    async def _sender_changed(self) -> None:
        self._paint_sender()
        self.sender_field.wrong()
        await self._changed()

    async def _set_type(self, kind: str) -> None:
        self.message_type = MessageType(kind)
        self.type_field.say(TYPE_HELP[kind])
        await self._changed()
        await self.picker.set_message_type(self.message_type)

    async def _use_template(self, event: Any) -> None:
        chosen = self.begun.templates.get(event.value)
        if (event.value or None) == self.template_id:
            return
        if chosen and self._typed() and not await _replaces(chosen.name):
            self.template.set_value(self.template_id or NO_TEMPLATE)
            return
        self.template_id = event.value or None
        if chosen:
            self.editor.fill(chosen.content)
        await self._changed()

    def _typed(self) -> bool:
        """Whether there are words that no template put here."""
        before = self.begun.templates.get(self.template_id or NO_TEMPLATE)
        return self.has_words and not (before and self.editor.values == before.content)

    async def _changed(self) -> None:
        self.on_change()
        await self.preview.show(self.values)


async def _replaces(name: str) -> bool:
    return await confirm(
        "Replace what you wrote?",
        f"The subject and the body will be those of the template “{name}”.",
        confirm_label="Replace",
        cancel_label="Keep mine",
    )


def _template(one: templates.Template) -> TemplateText:
    return TemplateText(one.name, {name: getattr(one, name) or "" for name in CONTENT})
