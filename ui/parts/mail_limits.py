"""The limits of a mail provider, folded away: most shops never need them."""

from dataclasses import asdict

from nicegui import ui

from domain.refusal import invalid
from domain.shop.limits import Limits
from domain.shop.mail_accounts import LIMITS_IN_WORDS
from ui.mail_recipes import Recipe, recipe_of
from ui.parts.basics import box, button, put, text
from ui.parts.inputs import Field, text_input
from ui.parts.mail_known import limits_in_words

HELP = (
    "Handbill stays below these and waits by itself until there is room again. Leave empty what has no limit."
)


class LimitFields:
    def __init__(self, limits: Limits, host: str) -> None:
        with put(box("full", "details"), testid="mail-limits") as self.fold:
            said = limits_in_words(limits)
            text(
                f"Limits of your provider: {said}" if said else "Limits of your provider",
                "hb-link",
                "summary",
            )
            with box("hb-stack"):
                text(HELP, "hb-help")
                with box("hb-row wrap") as self.advice:
                    self.takes = text("", "hb-help", testid="mail-takes")
                    self.use = button("Use these", self._use, small=True, testid="mail-use-limits")
                with box("hb-two"):
                    self.inputs = {name: self._input(name, value) for name, value in asdict(limits).items()}
        self.advise(recipe_of(host))

    @property
    def fields(self) -> dict[str, Field]:
        return {name: field for name, (field, _) in self.inputs.items()}

    def advise(self, recipe: Recipe | None) -> None:
        """What is known of this provider."""
        self.recipe = recipe
        self.takes.set_text(recipe.takes if recipe else "")
        self.advice.visible = bool(recipe and recipe.takes)
        self.use.visible = bool(recipe and recipe.limits.are_timed)

    def open(self) -> None:
        put(self.fold, open=True)
        self.fold.update()

    def typed(self) -> Limits:
        """Raises Refusal."""
        return Limits(**{name: _number(name, entry.value or "") for name, (_, entry) in self.inputs.items()})

    def _input(self, name: str, value: int | None) -> tuple[Field, ui.input]:
        words = LIMITS_IN_WORDS[name]
        label = words[0].upper() + words[1:]
        field = Field(label)
        with field.body:
            entry = text_input(
                "" if value is None else str(value),
                label=label,
                placeholder="No limit",
                testid=f"mail-{name.replace('_', '-')}",
            ).props("inputmode=numeric")
        return field, entry

    def _use(self) -> None:
        if self.recipe is not None:
            for name, value in asdict(self.recipe.limits).items():
                self.inputs[name][1].set_value("" if value is None else str(value))


def _number(name: str, typed: str) -> int | None:
    """As people write it: 2000, 2,000 or 2 000."""
    plain = "".join(typed.split()).replace(",", "")
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 12):
        raise invalid(
            name,
            f"The number of {LIMITS_IN_WORDS[name]} is a whole number, 1 or more. Leave it empty for no limit.",
        )
    return int(plain)
