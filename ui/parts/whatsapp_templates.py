"""The shop's WhatsApp templates to choose one from; those that can't be sent stand there with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.channels.whatsapp import STANDING
from domain.message.whatsapp_compiling import unfillable
from domain.message.whatsapp_templates import WhatsAppTemplate
from ui.parts.basics import box, icon, put, text
from ui.parts.feedback import handled
from ui.parts.inputs import ARROWS, search_field

Key = tuple[str, str]  # name and language
Told = tuple[str, str, str]  # words, tone, icon
STATUS: Final[Mapping[str, Told]] = {
    "APPROVED": ("Approved", "good", "check"),
    "PENDING": ("Being looked at", "info", "clock"),
    "IN_APPEAL": ("Being looked at again", "info", "clock"),
    "REJECTED": ("Turned down", "bad", "x"),
    "PAUSED": ("Paused", "warn", "pause"),
    "DISABLED": ("Switched off", "bad", "stop"),
    "LIMIT_EXCEEDED": ("Too many", "warn", "alert"),
    "PENDING_DELETION": ("Being deleted", "mute", "trash"),
}
QUALITY: Final[Mapping[str, Told]] = {
    "GREEN": ("Well liked", "good", "star"),
    "YELLOW": ("Liked so-so", "warn", "star"),
    "RED": ("Disliked", "bad", "alert"),
}
CATEGORY: Final[Mapping[str, str]] = {
    "MARKETING": "Marketing",
    "UTILITY": "About an order",
    "AUTHENTICATION": "Sign-in code",
}
LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English", "en_US": "English, US", "en_GB": "English, UK", "de": "German", "fr": "French", "es": "Spanish",
    "it": "Italian", "nl": "Dutch", "pt_BR": "Portuguese, Brazil", "pt_PT": "Portuguese", "pl": "Polish",
    "tr": "Turkish", "ar": "Arabic", "he": "Hebrew", "da": "Danish", "sv": "Swedish", "nb": "Norwegian", "fi": "Finnish",
}  # fmt: skip
FOR_CODES: Final = "It is for sign-in codes only."
MOST_OPEN: Final = 4  # more than these scroll
MOST_SEEN: Final = 8  # and more than these are searched


@dataclass(frozen=True, slots=True)
class Template:
    """As it was at the last look."""

    name: str
    language: str
    category: str
    status: str
    quality: str
    reason: str  # of WhatsApp, for turning it down
    components: Sequence[Any]

    @property
    def key(self) -> Key:
        return self.name, self.language

    @property
    def searched(self) -> str:
        said = [str(one.get("text", "")) for one in self.components if isinstance(one, Mapping)]
        told = (
            self.name,
            self.name.replace("_", " "),
            language(self.language),
            CATEGORY.get(self.category, ""),
            *said,
        )
        return " ".join(told).casefold()

    @property
    def why_not(self) -> str:
        """Why it can't be sent now; empty where it can."""
        if self.status != "APPROVED":
            said = f" It says: {self.reason.replace('_', ' ').lower()}." if self.reason else ""
            return STANDING.get(self.status, "WhatsApp does not let this template be sent now.") + said
        return FOR_CODES if self.category == "AUTHENTICATION" else unfillable(self.components)


def as_shown(row: WhatsAppTemplate) -> Template:
    return Template(
        row.name, row.language, row.category, row.status, row.quality, row.rejected_reason, row.components
    )


def language(code: str) -> str:
    return LANGUAGES.get(code, code)


class TemplatePicker:
    """`on_pick(template, before)` hears the choice. The one that was kept is marked also where it can't be sent any more."""

    def __init__(
        self,
        templates: Sequence[Template],
        chosen: Key | None,
        on_pick: Callable[[Template, Key | None], Any],
    ) -> None:
        self.templates = {one.key: one for one in templates}
        self.chosen, self.on_pick = chosen, on_pick
        self.cards: dict[Key, Any] = {}
        if len(templates) > MOST_SEEN:
            find = search_field("Search the templates", self._find, testid="template-search")
            find.classes("hb-template-search")
        first = sorted(templates, key=lambda one: (one.key != chosen, bool(one.why_not)))
        with put(box("hb-templates", testid="templates"), role="radiogroup", aria_label="Template") as room:
            for one in first:
                self._card(one)
        room.classes("many") if len(first) > MOST_OPEN else None
        self.nothing = text("No template fits.", "hb-help", testid="no-template-fits")
        self.nothing.visible = False
        self._paint()

    @property
    def value(self) -> Template | None:
        return self.templates.get(self.chosen) if self.chosen else None

    async def pick(self, one: Template) -> None:
        if one.why_not or one.key == self.chosen:
            return
        before, self.chosen = self.chosen, one.key
        self._paint()
        await self.on_pick(one, before)

    def _find(self, typed: str) -> None:
        """By its name, its language, its kind, or its words. Every word that was typed must be there."""
        for key, made in self.cards.items():
            made.visible = all(word in self.templates[key].searched for word in typed.casefold().split())
        self.nothing.visible = not any(made.visible for made in self.cards.values())
        self._paint()

    def _card(self, one: Template) -> None:
        testid = f"template-{one.name}-{one.language}"
        with put(box("hb-template", "button", testid=testid), type="button", role="radio") as made:
            with box("top", "span"):
                text(one.name, "name", "b")
                text(language(one.language), "muted small", "span")
            with box("facts", "span"):
                text(CATEGORY.get(one.category, one.category.capitalize()), "hb-tag", "span")
                _mark(STATUS.get(one.status, (one.status.replace("_", " ").capitalize(), "mute", "info")))
                if one.quality in QUALITY:
                    _mark(QUALITY[one.quality])
            if one.why_not:
                text(one.why_not, "why", "span")
        if one.why_not:
            put(made, aria_disabled="true").classes("is-off")
        else:
            made.on("click", handled(lambda: self.pick(one)), [])
            made.on("keydown", js_handler=ARROWS)
        self.cards[one.key] = made

    def _paint(self) -> None:
        """One stop for the keyboard: what is chosen, else the first that can be."""
        free = [key for key, made in self.cards.items() if made.visible and not self.templates[key].why_not]
        stop = self.chosen if self.chosen in free else next(iter(free), None)
        for key, made in self.cards.items():
            on = key == self.chosen
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            put(made, aria_checked="true" if on else "false", tabindex="0" if key == stop else "-1")


def _mark(told: Told) -> None:
    words, tone, name = told
    with box(f"hb-pill {tone}", "span"):
        icon(name)
        text(words, tag="span")
