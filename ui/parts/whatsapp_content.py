"""What a message by WhatsApp says: which template, and what fills its gaps. To whom it goes is asked elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.config import config
from domain.book import merging
from domain.message import tracking, whatsapp_templates
from domain.message.whatsapp_look import carried, changed_since, left_open
from domain.refusal import Refusal
from domain.sending.held_again import ASKED_FOR
from domain.sending.whatsapp_forecast import Missing
from domain.shop import whatsapp
from jobs import whatsapp as jobs
from ui.frame import current_actor
from ui.parts.basics import alert, box, button
from ui.parts.feedback import io
from ui.parts.inputs import Field, checkbox
from ui.parts.whatsapp_gaps import GapsForm
from ui.parts.whatsapp_templates import Key, Template, TemplatePicker, as_shown, language

ABOUT_TEMPLATE: Final = {"template", "content"}
NO_TEMPLATES: Final = (
    "WhatsApp only carries templates that it has approved. Write one in WhatsApp Manager, under Message templates; "
    "once it is approved it stands here by itself within the hour."
)
GONE: Final = "What you wrote for it is kept. Choose another template, and it stands there again."
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
        """The gaps of what was kept, and what became of its template since."""
        self._fill(self.begun)
        self._say_what_changed()

    @property
    def chosen(self) -> Template | None:
        return self.templates.value

    @property
    def is_gone(self) -> bool:
        """What was chosen once is not at WhatsApp any more; it is kept until something else is chosen."""
        return self.chosen is None and self.templates.chosen is not None

    @property
    def components(self) -> Sequence[Any]:
        return self.chosen.components if self.chosen else []

    @property
    def value(self) -> dict[str, Any]:
        """As it is kept; empty while nothing is chosen."""
        if self.chosen is None:
            return dict(self.begun) if self.is_gone else {}
        named = {"name": self.chosen.name, "language": self.chosen.language}
        asked = {ASKED_FOR: True} if self.again.value else {}
        return {"template": named, **self.gaps.parts, **asked}

    def clear(self) -> None:
        self.template_field.wrong()
        self.gaps.clear()

    def lacking(self, found: Sequence[Missing]) -> None:
        self.gaps.lacking({one.field: one.people for one in found})

    def shown_at(self, refusal: Refusal) -> Callable[[str], Any] | None:
        """None: at none of these fields."""
        return self.place_of(str(refusal.details.get("field", "")))

    def place_of(self, name: str) -> Callable[[str], Any] | None:
        return self.template_field.wrong if name in ABOUT_TEMPLATE else self.gaps.place_of(name)

    def _templates(self, there: Choice) -> None:
        named = self.begun.get("template")
        chosen = (str(named.get("name")), str(named.get("language"))) if isinstance(named, Mapping) else None
        self.changed = box("full")
        self.template_field = Field("Template", testid="template-field")
        with self.template_field.body:
            self.templates = TemplatePicker(there.templates, chosen, self._picked)
            if not there.templates:
                title = "The templates could not be fetched" if there.trouble else "No templates yet"
                _look_again(title, there.trouble or NO_TEMPLATES, bool(there.trouble), "no-templates")
            elif there.trouble:
                _look_again("These templates may be out of date", there.trouble, True, "templates-old")

    async def _picked(self, one: Template, before: Key | None) -> None:
        self.clear()
        gone = before is not None and before not in self.templates.templates
        written = self.begun if gone else self.gaps.parts
        self._fill(carried(written, same=gone or (before is not None and before[0] == one.name)))
        self.changed.clear()
        if self.on_pick:
            await self.on_pick(one)
        await self.on_change()

    def _say_what_changed(self) -> None:
        named = self.begun.get("template")
        if not isinstance(named, Mapping):
            return
        with self.changed:
            if self.is_gone:
                called = f"“{named.get('name')}” in {language(str(named.get('language')))}"
                alert(
                    f"The template {called} is not at WhatsApp any more",
                    GONE,
                    tone="warn",
                    testid="template-gone",
                )
                return
            new, dropped = changed_since(self.gaps.gaps, self.begun)
            if dropped or (new and self.begun.keys() & {"header", "body", "buttons"}):
                alert(
                    "This template was changed at WhatsApp",
                    _told(new, dropped),
                    tone="warn",
                    testid="template-changed",
                )

    def _fill(self, content: Mapping[str, Any]) -> None:
        chosen = self.chosen
        self.again.visible = chosen is not None
        click = tracking.click_base(config().public_url)
        self.gaps.fill(left_open(chosen.components, click=click) if chosen else [], content)


def _told(new: Sequence[str], dropped: Sequence[str]) -> str:
    gaps = " and ".join(
        f"{{{{{one}}}}}" if one.isidentifier() or one.isdigit() else f"“{one}”" for one in new
    )
    return " ".join(filter(None, [
        f"Nothing stands at {gaps} yet." if new else "",
        f"There is no place any more for what stood at {' and '.join(dropped)}." if dropped else "",
        "All else is as you wrote it.",
    ]))  # fmt: skip


def _look_again(title: str, body: str, is_trouble: bool, testid: str) -> None:
    alert(
        title,
        body,
        tone="warn" if is_trouble else "info",
        actions=lambda: button("Look again", look_again, icon="refresh", testid="look-again"),
        testid=testid,
    )


async def look_again() -> None:
    await io(jobs.refresh_now, await current_actor())
    ui.navigate.reload()
