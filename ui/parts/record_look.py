"""How a kind of record looks: its drawing and its colour, shown and chosen."""

from collections.abc import Mapping
from typing import Final

from nicegui import ui

from ui.parts.basics import box, icon, put
from ui.parts.feedback import handled
from ui.parts.inputs import ARROWS

# The names that kinds of records carry, as drawings of our own, and what each is called.
ICONS: Final[dict[str, tuple[str, str]]] = {
    "shopping_bag": ("shop", "Shop"),
    "event": ("calendar", "Calendar"),
    "build": ("gear", "Sliders"),
    "groups": ("users", "People"),
    "card_giftcard": ("gift", "Present"),
    "autorenew": ("refresh", "Round arrows"),
    "request_quote": ("list", "List"),
    "label": ("tag", "Tag"),
    "star": ("star", "Star"),
    "cake": ("cake", "Cake"),
    "schedule": ("clock", "Clock"),
    "phone": ("phone", "Phone"),
    "chat": ("chat", "Speech bubble"),
    "mail": ("mail", "Letter"),
    "key": ("key", "Key"),
    "home": ("home", "House"),
    "shield": ("shield", "Shield"),
    "edit": ("edit", "Pencil"),
}
COLOURS: Final = {
    "slate": "Grey",
    "green": "Green",
    "teal": "Teal",
    "blue": "Blue",
    "violet": "Violet",
    "rose": "Rose",
    "amber": "Amber",
}
USUAL_ICON, USUAL_COLOUR = "label", "slate"


def glyph_of(word: str) -> str:
    return ICONS.get(word, ICONS[USUAL_ICON])[0]


def look(word: str, colour: str) -> ui.element:
    """The small coloured drawing before a record or its kind."""
    with put(box(f"glyph {colour or USUAL_COLOUR}"), aria_hidden="true") as made:
        icon(glyph_of(word))
    return made


def icon_choice(value: object) -> "Swatches":
    return Swatches(ICONS, str(value or USUAL_ICON), "Drawing", testid="kind-icon")


def colour_choice(value: object) -> "Swatches":
    options = {key: ("", label) for key, label in COLOURS.items()}
    return Swatches(options, str(value or USUAL_COLOUR), "Colour", testid="kind-colour")


class Swatches:
    """One of a few small squares, as radio buttons: {key: (drawing, what it is called)}; without a drawing, the colour
    of that name. A value that is not among them stays until another one is chosen.
    """

    def __init__(
        self, options: Mapping[str, tuple[str, str]], value: str, label: str, *, testid: str
    ) -> None:
        self.value = value
        self.buttons: dict[str, ui.element] = {}
        with put(box("hb-swatches", testid=testid), role="radiogroup", aria_label=label):
            for key, (drawing, name) in options.items():
                self.buttons[key] = self._button(key, drawing, name, f"{testid}-{key}")
        self._paint()

    def _button(self, key: str, drawing: str, name: str, testid: str) -> ui.element:
        with put(
            box("hb-swatch", "button", testid=testid), type="button", role="radio", aria_label=name
        ) as made:
            ui.tooltip(name)
            with put(box("glyph" if drawing else f"glyph {key}"), aria_hidden="true"):
                icon(drawing or "tag")
        made.on("click", handled(lambda: self._set(key)), [])
        made.on("keydown", js_handler=ARROWS)
        return made

    def _set(self, key: str) -> None:
        self.value = key
        self._paint()

    def _paint(self) -> None:
        nothing = self.value not in self.buttons
        for key, made in self.buttons.items():
            on = key == self.value
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            put(made, aria_checked="true" if on else "false", tabindex="0" if on or nothing else "-1")
