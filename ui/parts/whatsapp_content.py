"""What a message by WhatsApp says: which template, and what fills its gaps. To whom it goes is asked elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.config import config
from domain.book import merging
from domain.message import tracking, whatsapp_templates
from domain.message.whatsapp_look import left_open
from domain.refusal import Refusal
from domain.sending.held_again import ASKED_FOR
from domain.shop import whatsapp
from jobs import whatsapp as jobs
from ui.frame import current_actor
from ui.parts.basics import alert, box, button
from ui.parts.feedback import io
from ui.parts.inputs import Field, checkbox
from ui.parts.whatsapp_gaps import GapsForm
from ui.parts.whatsapp_templates import Template, TemplatePicker, as_shown

ABOUT_TEMPLATE: Final = {"template", "content"}
NO_TEMPLATES: Final = (
    "WhatsApp only carries templates that it has approved. Write one in WhatsApp Manager, under Message templates; "
    "once it is approved it stands here by itself within the hour."
)
RETRY: Final = (
    "Where WhatsApp holds a message back because somebody gets many just now, try again after a day"
)


@dataclass(frozen=True)
class Choice:
    """What there is to choose from."""

    templates: Sequence[Template]
    own_fields: frozenset[str]
    trouble: str  # with the last look at the templates


def choice(session: Session) -> Choice:
    number = whatsapp.number(session)
    return Choice(
        [as_shown(one) for one in whatsapp_templates.every(session)],
        merging.own_fields(session),
        number.sync_error if number else "",
    )


class TemplateContent:
    """`on_change()` hears each change, `on_pick(template)` a choice before that. Draw it, then `await ready()`."""

    def __init__(
        self,
        there: Choice,
        content: Mapping[str, Any],
        on_change: Callable[[], Awaitable[Any]],
        on_pick: Callable[[Template], Awaitable[Any]] | None = None,
    ) -> None:
        self.begun, self.on_change, self.on_pick = content, on_change, on_pick
        with box("hb-stack") as self.root:
            self._templates(there)
            self.gaps = GapsForm(there.own_fields, on_change)
            kept = content.get(ASKED_FOR) is True
            self.again = checkbox(RETRY, kept, on_change=on_change, testid="retry-held")

    def ready(self) -> None:
        """The gaps of what was kept."""
        self._fill(self.begun)

    @property
    def chosen(self) -> Template | None:
        return self.templates.value

    @property
    def components(self) -> Sequence[Any]:
        return self.chosen.components if self.chosen else []

    @property
    def value(self) -> dict[str, Any]:
        """As it is kept; empty while nothing is chosen."""
        if self.chosen is None:
            return {}
        named = {"name": self.chosen.name, "language": self.chosen.language}
        asked = {ASKED_FOR: True} if self.again.value else {}
        return {"template": named, **self.gaps.parts, **asked}

    def clear(self) -> None:
        self.template_field.wrong()
        self.gaps.clear()

    def shown_at(self, refusal: Refusal) -> Callable[[str], Any] | None:
        """None: at none of these fields."""
        name = str(refusal.details.get("field", ""))
        return self.template_field.wrong if name in ABOUT_TEMPLATE else self.gaps.place_of(name)

    def _templates(self, there: Choice) -> None:
        named = self.begun.get("template")
        chosen = (str(named.get("name")), str(named.get("language"))) if isinstance(named, Mapping) else None
        self.template_field = Field("Template", testid="template-field")
        with self.template_field.body:
            self.templates = TemplatePicker(there.templates, chosen, self._picked)
            if not there.templates:
                alert(
                    "No templates yet",
                    there.trouble or NO_TEMPLATES,
                    tone="warn" if there.trouble else "info",
                    actions=lambda: button("Look again", look_again, icon="refresh", testid="look-again"),
                    testid="no-templates",
                )

    async def _picked(self, one: Template) -> None:
        self.clear()
        self._fill({})
        if self.on_pick:
            await self.on_pick(one)
        await self.on_change()

    def _fill(self, content: Mapping[str, Any]) -> None:
        chosen = self.chosen
        click = tracking.click_base(config().public_url)
        self.gaps.fill(left_open(chosen.components, click=click) if chosen else [], content)


async def look_again() -> None:
    await io(jobs.refresh_now, await current_actor())
    ui.navigate.reload()
