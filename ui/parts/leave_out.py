"""Who gets nothing although they fit: people of some segments, tags or groups. A small row that opens."""

from collections.abc import Callable
from typing import Any, Final

from domain.audience.who import Except
from ui.parts.basics import box, button
from ui.parts.inputs import Field, select
from ui.parts.recipient_stock import Stock

SEGMENT, TAG, GROUP = "segment", "tag", "group"
HELP: Final = "Whoever is in any of these gets nothing, even if they fit above."


class LeaveOut:
    """`on_change()` is called after each change of `value`."""

    def __init__(self, value: Except, choice: Stock, on_change: Callable[[], Any]) -> None:
        self.on_change = on_change
        self.options = _options(choice, value)
        self.chosen = _keys(value)
        with box("hb-row") as self.row:
            button(
                "Leave somebody out", self._ask, kind="ghost", icon="minus", small=True, testid="leave-out"
            )
        self.field = Field("Leave out", HELP, testid="leave-out-field")
        with self.field.body:
            self.select = select(
                self.options,
                self.chosen,
                multiple=True,
                searchable=True,
                placeholder="A segment, tag or group",
                on_change=self._set,
                label="Leave out",
                testid="leave-out-choice",
            )
        self._open(bool(value))

    @property
    def value(self) -> Except:
        found: dict[str, list[str]] = {SEGMENT: [], TAG: [], GROUP: []}
        for key in self.chosen:
            sort, _, name = key.partition(":")
            found[sort].append(name)
        ids = {sort: tuple(int(one) for one in found[sort]) for sort in (SEGMENT, GROUP)}
        return Except(ids[SEGMENT], tuple(found[TAG]), ids[GROUP])

    def offer_group(self, group_id: int, label: str) -> None:
        self.options[f"{GROUP}:{group_id}"] = f"Group: {label}"
        self.select.set_options(self.options)

    def _ask(self) -> None:
        self._open(True)
        self.select.run_method("focus")

    def _open(self, is_open: bool) -> None:
        self.field.root.visible, self.row.visible = is_open, not is_open

    def _set(self, event: Any) -> Any:
        self.chosen = list(event.value or [])
        return self.on_change()


def _options(choice: Stock, value: Except) -> dict[str, str]:
    tags = [*choice.tags, *(name for name in value.tags if name not in choice.tags)]
    return (
        {f"{SEGMENT}:{one}": f"Segment: {name}" for one, name in choice.segments.items()}
        | {f"{GROUP}:{one}": f"Group: {name}" for one, name in choice.groups.items()}
        | {f"{TAG}:{name}": f"Tag: {name}" for name in tags}
    )


def _keys(value: Except) -> list[str]:
    return [
        *(f"{SEGMENT}:{one}" for one in value.segments),
        *(f"{GROUP}:{one}" for one in value.groups),
        *(f"{TAG}:{name}" for name in value.tags),
    ]
