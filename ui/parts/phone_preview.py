"""A message by WhatsApp as one customer gets it, drawn as it stands on a phone, by day and by night."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from data.database import now, reading
from domain.book.merging import values_of
from domain.ledger import deliveries
from domain.message import whatsapp_templates
from domain.message.whatsapp_look import Look, look
from domain.sending import dispatches
from domain.sending.dispatches import Dispatch
from domain.shop import shop as shops
from ui.parts.basics import box, icon, put, text
from ui.parts.feedback import io
from ui.parts.inputs import Segmented
from ui.parts.phone import Phone
from ui.parts.shown_to import ShownTo

NOTHING_YET: Final = "The message appears here."
OnPhone = tuple[str, str, Look]  # the shop, whose copy it is, and what stands there
LOOKED_AT: Final = 20  # of those on a send, to find one who is still in the book


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
                self.phone = Phone(sender)
        self.note.visible = False

    async def begin(self) -> None:
        """The first look, as one of the first customers in the book."""
        await self.to.begin()
        await self._again()

    async def show(self, components: Sequence[Any], content: Mapping[str, Any]) -> None:
        self.components, self.content = components, content
        self.asked += 1
        mine = self.asked
        seen, when = await io(_seen, components, content, self.to.id)
        if mine == self.asked and not self.phone.root.is_deleted:
            self.phone.draw(seen, NOTHING_YET, when=when)
            self._note(seen)

    async def _again(self) -> None:
        await self.show(self.components, self.content)

    def _look(self, view: str) -> None:
        put(self.phone.root, data_look="dark" if view == "night" else "light")

    def _note(self, seen: Look) -> None:
        gaps = " and ".join(f"{{{{{one}}}}}" for one in seen.empty)
        self.note_words.set_text(f"Nothing stands at {gaps} for this person yet." if gaps else "")
        self.note.visible = bool(gaps)


def phone_card(found: OnPhone, *, beside: bool = False) -> None:
    """A message that was sent, as its first reader got it. `beside`: one that goes beside an email."""
    shop, reader, seen = found
    read = f"as {reader} reads it" if reader else "as it reads"
    with box("hb-card", "section", testid="also-preview" if beside else "preview"):
        with box("hb-mailhead"):
            title = f"By WhatsApp, {read}" if beside else f"{read[0].upper()}{read[1:]}"
            text(title, "grow", testid="preview-reader")
        with box("hb-stage hb-phone-stage"):
            Phone(shop, None).draw(seen, "The template is no longer at WhatsApp.")


def on_the_phone(session: Session, dispatch: Dispatch) -> OnPhone:
    """The first recipient's name, and the frozen content as they read it. Raises Refusal where it is gone for good."""
    dispatches.require_content(dispatch)
    lines = deliveries.lines(session, dispatch.id, limit=LOOKED_AT)
    first = next(
        (one for one in lines if one.customer_id and one.state is not deliveries.State.SKIPPED), None
    )
    seen = written(session, dispatch.content, first.customer_id if first else None)
    return shops.read(session).name, first.name if first else "", seen


def on_a_phone(session: Session, content: Mapping[str, Any]) -> OnPhone:
    """What nobody got yet."""
    return shops.read(session).name, "", written(session, content, None)


def written(session: Session, content: Mapping[str, Any], customer_id: int | None) -> Look:
    """By the template as it is at WhatsApp today."""
    given = content.get("template")
    named = given if isinstance(given, Mapping) else {}
    row = whatsapp_templates.find(session, str(named.get("name", "")), str(named.get("language", "")))
    return _of(session, row.components if row else [], content, customer_id)


def _seen(components: Sequence[Any], content: Mapping[str, Any], customer_id: int | None) -> tuple[Look, str]:
    """And the time on that phone, were it sent now."""
    with reading() as session:
        here = now().astimezone(shops.read(session).zone)
        return _of(session, components, content, customer_id), f"{here:%H:%M}"


def _of(
    session: Session, components: Sequence[Any], content: Mapping[str, Any], customer_id: int | None
) -> Look:
    person = values_of(session, [customer_id]).get(customer_id, {}) if customer_id else {}
    return look(components, content, {**person, "shopName": shops.read(session).name})
