"""The message that goes by WhatsApp beside an email: its template and gaps, with the phone right below."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from data.database import reading
from domain.book.merging import values_of
from domain.message.whatsapp_look import Look, look
from domain.shop import shop as shops
from ui.parts.basics import box, put
from ui.parts.feedback import io
from ui.parts.phone import Phone
from ui.parts.whatsapp_content import Choice, TemplateContent

NOTHING_YET: Final = "The message appears here."


class AlsoMessage:
    """`reader()` is whose copy the phone shows, None for nobody's. Draw it, then `await paint()`."""

    def __init__(
        self,
        there: Choice,
        content: Mapping[str, Any],
        on_change: Callable[[], Any],
        *,
        sender: str,
        reader: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.on_change, self.reader, self.asked = on_change, reader, 0
        self.template = TemplateContent(there, content, self._changed)
        self.template.ready()
        with put(box("hb-stage hb-phone-stage hb-also-phone", testid="also-phone"), role="group") as stage:
            self.phone = Phone(sender, None)
        put(stage, aria_label="How it looks on a phone")

    @property
    def value(self) -> dict[str, Any]:
        return self.template.value

    def clear(self) -> None:
        self.template.clear()

    def shown_at(self, name: str) -> Callable[[str], Any]:
        """Beside the field of this name, or beside the template."""
        return self.template.place_of(name) or self.template.template_field.wrong

    async def paint(self) -> None:
        """Again, also where somebody else is to be the reader. A late answer to an earlier call is dropped."""
        self.asked += 1
        mine = self.asked
        seen = await io(_seen, self.template.components, self.value, self.reader())
        if mine == self.asked and not self.phone.root.is_deleted:
            self.phone.draw(seen, NOTHING_YET)

    async def _changed(self) -> None:
        told = self.on_change()
        if hasattr(told, "__await__"):
            await told
        await self.paint()


def _seen(components: Sequence[Any], content: Mapping[str, Any], customer_id: int | None) -> Look:
    with reading() as session:
        person = values_of(session, [customer_id]).get(customer_id, {}) if customer_id else {}
        return look(components, content, {**person, "shopName": shops.read(session).name})
