"""The shop's colour: one of a few, or one's own; shown as customers see it, by day and by night."""

from typing import Final

from nicegui import events, ui

from domain.refusal import Refusal
from domain.shop import colour as colours
from domain.shop.colour import Shades
from ui.parts.basics import box, put, text
from ui.parts.feedback import handled
from ui.parts.inputs import Field, text_input

USUAL: Final = {
    "": "Handbill’s green",
    "#7a1f3d": "Garnet",
    "#a3421f": "Copper",
    "#b8860b": "Gold",
    "#2f6b3a": "Leaf",
    "#1f5f8b": "Sapphire",
    "#5b3a8c": "Amethyst",
    "#b03a6f": "Rose",
    "#3a3f44": "Slate",
}
OURS: Final = "#0b6b50"
HELP: Final = "On the pages that your customers open from a message, on the sign-up form, and over each message. Left empty, it is ours."
DARKER: Final = "It is too pale to be seen on white, so there it is shown darker."
PLACE: Final = (
    "width: 44px; height: 44px; padding: 0; border-radius: 10px; cursor: pointer; border: 3px solid "
)
SEEN: Final = (
    ("by day", colours.by_day, "#ffffff", "#161a17"),
    ("by night", colours.by_night, "#181c19", "#eceeec"),
)


class ColourField:
    """Draws itself where it is made; `value` is what was chosen or typed."""

    def __init__(self, chosen: str, shop_name: str) -> None:
        self.shop_name = shop_name
        self.field = Field("Colour", HELP, optional=True, testid="colour-field")
        with self.field.body, box("hb-stack"):
            with put(box("hb-row wrap"), role="group", aria_label="Colours to choose from"):
                self.places = {one: self._place(one, name) for one, name in USUAL.items()}
            self.typed = text_input(
                chosen,
                label="Colour, as six letters and digits",
                placeholder="#7a1f3d",
                on_change=self._show,
                debounce=300,
                testid="colour",
            )
            self.preview = put(box("hb-row wrap", testid="colour-preview"), aria_hidden="true")
            self.said = put(text("", "hb-help", testid="colour-said"), role="status")
        self._show()

    @property
    def value(self) -> str:
        return self.typed.value or ""

    def _place(self, colour: str, name: str) -> ui.element:
        made = put(box("", "button", testid=f"colour-{name.split()[0].lower()}"), type="button", title=name)
        put(made, aria_label=name).on("click", handled(lambda: self.typed.set_value(colour)))
        return made

    def _show(self, _: events.ValueChangeEventArguments[str | None] | None = None) -> None:
        try:
            chosen = colours.checked("colour", self.value)
        except Refusal:
            return  # it is being typed; the sentence comes with Save
        for one, place in self.places.items():
            is_on = one == chosen
            put(place, aria_pressed="true" if is_on else "false")
            place.style(
                f"background: {one or OURS}; {PLACE}{'var(--ink)' if is_on else 'var(--line-strong)'}"
            )
            place.update()
        self.said.set_text(DARKER if chosen and colours.is_changed_by_day(chosen) else "")
        self.preview.clear()
        with self.preview:
            for when, shades, ground, ink in SEEN:
                self._look(when, shades(chosen or OURS), ground, ink)

    def _look(self, when: str, shades: Shades, ground: str, ink: str) -> None:
        frame = (
            f"background: {ground}; color: {ink}; border-top: 6px solid {shades.base}; border-radius: 10px;"
        )
        with box().style(f"{frame} padding: 14px 16px; flex: 1 1 200px; outline: 1px solid var(--line)"):
            text(self.shop_name or "Your shop").style("font-weight: 600; margin-bottom: 10px")
            button = (
                f"background: {shades.base}; color: {shades.on_base}; border-radius: 10px; padding: 10px 14px"
            )
            text(f"Sign up ({when})").style(f"{button}; font-weight: 560; text-align: center")
