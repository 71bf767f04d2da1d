"""The shop's own fields on the form of a customer, each asked for as what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.book.own_fields import OwnField, fits
from ui.parts.basics import box
from ui.parts.inputs import Field, date_input, select, text_input

YES_NO: Final = {"": "Not said", "yes": "Yes", "no": "No"}
HELP: Final = {"number": "A number, such as 17 or 16.5."}


class OwnInputs:
    """`fields` by the names that a refusal gives them; `values` as `attrs` of a customer."""

    def __init__(self, known: Sequence[OwnField], before: Mapping[str, Any]) -> None:
        self.before = before
        self.fields: dict[str, Field] = {}
        self.inputs: dict[str, Any] = {}
        keys = {field.key for field in known}
        stray = [key for key in sorted(before) if key not in keys]
        if not known and not stray:
            return
        with box("hb-two"):
            for field in known:
                self._asked(field)
            for key in stray:
                self._brought_along(key)

    @property
    def values(self) -> dict[str, Any]:
        """What nobody touched stays as it lies in the book, a number a number; what was emptied goes."""
        typed = {key: str(entry.value or "").strip() for key, entry in self.inputs.items()}
        return {
            key: self.before[key] if value == str(self.before.get(key)) else value
            for key, value in typed.items()
            if value
        }

    def _asked(self, field: OwnField) -> None:
        now = str(self.before.get(field.key, ""))
        made = Field(field.label, HELP.get(field.sort, ""), optional=True, testid=f"own-{field.key}-field")
        self.fields[f"attrs.{field.key}"] = made
        with made.body:
            self.inputs[field.key] = _input(field, now)

    def _brought_along(self, key: str) -> None:
        """An import or another program left it here; it is no field of the shop's list."""
        made = Field(key.replace("_", " ").capitalize(), optional=True)
        self.fields.setdefault("attrs", made)
        with made.body:
            self.inputs[key] = text_input(str(self.before[key]), label=key, testid=f"own-{key}")


def _input(field: OwnField, now: str) -> Any:
    """A value from before that does not fit is shown as it is, until somebody corrects it."""
    testid, label = f"own-{field.key}", field.label
    if now and not fits(field, now):
        return text_input(now, label=label, testid=testid)
    if field.sort == "date":
        return date_input(now, label=label, testid=testid)
    if field.sort == "yes_no":
        return select(YES_NO, now, label=label, testid=testid)
    if field.sort == "choice":
        return select(
            {"": "Not said", **{one: one for one in field.choices}}, now, label=label, testid=testid
        )
    return text_input(now, label=label, testid=testid)
