"""One gap of a condition: the words around it and the field in it. A field is drawn once and then only shown or hidden,
so that nothing typed into it is lost.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from nicegui import ui

from domain.audience.catalogue import Ask, Input, Line
from domain.audience.phrases import SIZE_OPS
from ui.parts import conditions
from ui.parts.basics import box, icon_button, put, text
from ui.parts.inputs import select, text_input
from ui.parts.rule_stock import Stock

SETTLE: Final = 300  # ms after the last key
SEARCHED: Final = 8  # longer lists can be searched
UNITS: Final = {"days": "days", "months": "months"}
ROUND: Final = {  # label: the words before and after
    "in the last days": ("in the last", "days"),
    "in the last months": ("in the last", "months"),
    "at least this often": ("at least", "times"),
    "with uses left, at least": ("with at least", "uses left"),
    "begun more than this long ago": ("begun more than", "ago"),
    "more than this long ago": ("more than", "ago"),
    "days from today": ("in the next", "days"),
    "per cent": ("the top", "per cent"),
    "people": ("the top", "people"),
}
OF_ENTRY: Final = {
    "new": ("added in the last", "days"),
    "known_for": ("more than", "days ago"),
    "active_lately": ("in the last", "days"),
    "quiet": ("for more than", "days"),
}
SILENT: Final = ("How", "Which", "What", "Value", "Field")  # the field says it itself
# Enter goes on to the next field or button of the editor, as Tab does.
NEXT: Final = """(e) => {
  e.preventDefault();
  const room = e.target.closest('.hb-asking');
  const all = [...room.querySelectorAll('input, button, textarea, [role=combobox]')]
    .filter((one) => !one.disabled && one.tabIndex >= 0 && one.offsetParent);
  const next = all[all.indexOf(e.target) + 1];
  if (next) next.focus(); else e.target.blur();
}"""

# As soon as it is drawn, and again while the menu that was pressed takes the keyboard along as it closes. Wherever
# somebody has gone meanwhile, they stay; of two calls the later counts.
FOCUS: Final = """(() => {
  const goal = window.handbillFocus = '%s';
  let left = 12;
  const go = () => {
    if (window.handbillFocus !== goal) return;
    const here = document.activeElement, there = document.getElementById(goal);
    const adrift = !here || here === document.body || here.closest('.q-dialog, .q-menu');
    if (there && (adrift || left === 12)) there.focus();
    if (--left > 0 && (adrift || here === there)) setTimeout(go, 50);
  };
  go();
})()"""


def focus_on(element: ui.element) -> None:
    ui.run_javascript(FOCUS % element.html_id)


class Gap:
    """`on_change()` is called after each change of the line's value."""

    def __init__(
        self,
        has: Stock,
        line: Line,
        one: Input,
        on_change: Callable[[], Any],
        *,
        on_remove: Callable[["Gap"], Any] | None = None,
        testid: str,
    ) -> None:
        self.stock, self.line, self.one, self.on_change = has, line, one, on_change
        self.testid = f"{testid}-{one.key}"
        before, after = _around(line.entry.key, one)
        self.label = " ".join(filter(None, [before, after])) or one.label
        with box("gap") as self.root:
            if before:
                text(before, tag="span")
            self.field = self._field()
            if one.ask is Ask.SPAN:
                self._unit()
            if after:
                text(after, tag="span")
            if on_remove:
                icon_button(
                    "x", f"Take out: {one.label}", lambda: on_remove(self), testid=f"{self.testid}-remove"
                )
        self.show()

    def show(self) -> None:
        self.root.visible = self.one.is_asked(self.line.values)

    @property
    def is_wrong(self) -> bool:
        return bool(conditions.gap(self.line, self.one))

    @property
    def value(self) -> Any:
        return self.line.values.get(self.one.key)

    def _set(self, value: Any) -> Any:
        self.line.values[self.one.key] = value
        return self.on_change()

    def _field(self) -> ui.element:
        match self.one.ask:
            case Ask.CHOICE | Ask.OWN_FIELD:
                return self._choice()
            case Ask.CHOICES:
                return self._choices()
            case Ask.DAYS | Ask.NUMBER:
                return self._number(self.value, lambda typed: self._set(_whole(typed)))
            case Ask.MONEY:
                return self._money()
            case Ask.SPAN:
                return self._number(
                    self._span()[1], lambda typed: self._set({self._span()[0]: _whole(typed)})
                )
        return self._text()

    def _choice(self) -> ui.element:
        known = self._known([self.value] if self.value not in (None, "", "attrs.") else [])
        made = select(
            known,
            self.value,
            on_change=lambda e: self._set(e.value),
            label=self.label,
            searchable=len(known) > SEARCHED,
            placeholder="Choose" if self.value in (None, "", "attrs.") else "",
            testid=self.testid,
        )
        return made.classes("choice")

    def _choices(self) -> ui.element:
        chosen = list(self.value or [])
        made = select(
            self._known(chosen),
            chosen,
            multiple=True,
            searchable=True,
            on_change=lambda e: self._chosen(made, list(e.value or [])),
            label=self.label,
            placeholder="" if chosen else "Choose",
            testid=self.testid,
        )
        return made.classes("choices")

    def _chosen(self, made: ui.element, chosen: list[Any]) -> Any:
        put(made, placeholder="" if chosen else "Choose")
        return self._set(chosen)

    def _known(self, chosen: list[Any]) -> Mapping[Any, str]:
        """What is chosen stays in sight, also when it was deleted."""
        if self.one.ask is Ask.OWN_FIELD:
            return {one: one.removeprefix("attrs.") for one in chosen} | dict(self.stock.own_fields)
        if self.one.of is None:
            return self.one.choices or {}
        of = self.one.of
        known = dict(self.stock.lists.get(of, {}))
        return known | {one: self.stock.called(of, one) for one in chosen if one not in known}

    def _number(self, value: Any, on_typed: Callable[[str], Any]) -> ui.element:
        made = text_input(
            "" if value is None else str(value),
            label=self.label,
            kind="text",
            on_change=lambda e: on_typed(e.value or ""),
            debounce=SETTLE,
            testid=self.testid,
        )
        return self._going_on(put(made.classes("number"), inputmode="numeric", maxlength="9"))

    def _money(self) -> ui.element:
        made = text_input(
            _shown(self.value, self.stock.unit),
            label=f"{self.label}, in {self.stock.currency}",
            on_change=lambda e: self._set(_units(e.value or "", self.stock.unit)),
            debounce=SETTLE,
            testid=self.testid,
        )
        with made.add_slot("append"):
            text(self.stock.currency, "muted small", "span")
        return self._going_on(put(made.classes("money"), inputmode="decimal", maxlength="15"))

    def _text(self) -> ui.element:
        size = self.one.ask is Ask.VALUE and self.line.values.get("op") in SIZE_OPS
        made = text_input(
            "" if self.value is None else str(self.value),
            label=self.label,
            on_change=lambda e: self._set(e.value or ""),
            debounce=SETTLE,
            testid=self.testid,
        )
        return self._going_on(
            put(made.classes("words"), maxlength="200", inputmode="decimal" if size else None)
        )

    def _going_on(self, made: ui.element) -> ui.element:
        return made.on("keydown.enter", js_handler=NEXT)

    def _span(self) -> tuple[str, Any]:
        [(unit, number)] = (self.value or {"days": None}).items()
        return unit, number

    def _unit(self) -> None:
        select(
            UNITS,
            self._span()[0],
            on_change=lambda e: self._set({e.value: self._span()[1]}),
            label="Days or months",
            testid=f"{self.testid}-unit",
        ).classes("unit-choice")


def _around(entry: str, one: Input) -> tuple[str, str]:
    if one.label == "days" and entry in OF_ENTRY:
        return OF_ENTRY[entry]
    if entry == "preference" and one.label == "to":  # "has said yes to" stands before it
        return "", ""
    if one.label in ROUND:
        return ROUND[one.label]
    return ("", "") if one.label in SILENT or one.ask in (Ask.TEXT, Ask.VALUE) else (one.label, "")


def _whole(typed: str) -> int | str:
    """What is no number stays as typed, to be told."""
    bare = typed.strip().replace(",", "").replace(" ", "")
    return int(bare) if bare.isascii() and bare.isdigit() else typed.strip()


def _units(typed: str, unit: int) -> int | str:
    try:
        amount = Decimal(_point(typed)) * unit
        return int(amount.to_integral_value(ROUND_HALF_UP)) if amount.is_finite() else typed.strip()
    except InvalidOperation:
        return typed.strip()


def _point(typed: str) -> str:
    """1,200 and 1.200 are thousands; 12,50 and 12.50 have cents."""
    bare = typed.replace(" ", "").replace("\u2019", "")
    head, mark, tail = bare.rpartition(max(",", ".", key=bare.rfind))
    if not mark or len(tail) == 3:
        return bare.replace(",", "").replace(".", "")
    return f"{head.replace(',', '').replace('.', '')}.{tail}"


def _shown(value: Any, unit: int) -> str:
    if not isinstance(value, int):
        return "" if value is None else str(value)
    whole, rest = divmod(value, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}}" if rest else str(whole)
