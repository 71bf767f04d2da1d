"""A list of which several may be chosen, where no choice is lost however quickly they follow one another."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments


class Several(ui.select):
    """The browser tells what was added or taken out, one at a time; what is chosen is kept here.

    The whole list that it tells besides is not believed: the second press of two within one round trip is told with a
    list that knows nothing of the first.
    """

    def __init__(
        self,
        options: Mapping[Any, str] | Sequence[str],
        value: Sequence[Any],
        *,
        searchable: bool,
        **more: Any,
    ) -> None:
        given: Any = dict(options) if isinstance(options, Mapping) else list(options)
        super().__init__(given, value=list(value), with_input=searchable, multiple=True, **more)
        self.on("add", self._added, ["value"])
        self.on("remove", self._removed, ["value"])

    def _added(self, event: GenericEventArguments) -> None:
        for one in self._meant(event):
            if one not in self.value:
                self.set_value([*self.value, one])

    def _removed(self, event: GenericEventArguments) -> None:
        gone = self._meant(event)
        if any(one in gone for one in self.value):
            self.set_value([one for one in self.value if one not in gone])

    def _meant(self, event: GenericEventArguments) -> list[Any]:
        """Told by its place in the list and its label; the label counts where the list has changed since."""
        told = event.args["value"]
        if isinstance(told, str):  # typed, where new words may be added
            return [told if told in self._values else self._handle_new_value(told)]
        place, label = told["value"], told["label"]
        if place < len(self._labels) and self._labels[place] == label:
            return [self._values[place]]
        return [value for value, shown in zip(self._values, self._labels, strict=True) if shown == label][:1]

    def _event_args_to_value(self, e: GenericEventArguments) -> Any:
        """Emptied at once, or as it is: its parts were told before."""
        return [] if e.args is None else self.value
