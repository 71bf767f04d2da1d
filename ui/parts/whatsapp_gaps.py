"""What fills the gaps of a WhatsApp template, each said as a sentence: {{1}} is the first name, or a word where there is none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from domain.message.whatsapp import OWN
from domain.message.whatsapp_look import Gap
from ui import words
from ui.parts.basics import box, icon, put, text
from ui.parts.inputs import Field, select, text_input

SAME: Final = ""
USUAL: Final = {
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "company": "Company",
    "shop_name": "The shop’s name",
}
GUESSES: Final = ("first_name", "last_name", "full_name", "company", "shop_name")
LABELS: Final = {
    "file": "Where the picture or file lies",
    "link": "Where the button “{name}” leads",
    "ending": "How the address behind “{name}” ends",
    "code": "The code that “{name}” copies",
}
WORDS: Final = {
    "words": "Such as Saturday",
    "file": "https://my-shop.com/ring.jpg",
    "link": "https://my-shop.com/rings",
    "ending": "Such as rings",
    "code": "Such as SPRING10",
}
ONLY_ADDRESS: Final = ("file", "link")  # the same for everybody
LONGEST: Final = 1_000


class GapsForm:
    """`fill(gaps, content)` draws the fields of another template; `parts` is what stands in them, as it is kept."""

    def __init__(self, own_fields: Iterable[str], on_change: Callable[[], Any]) -> None:
        self.on_change = on_change
        own = {f"{OWN}{name}": name.replace("_", " ").capitalize() for name in sorted(own_fields)}
        self.options = {SAME: "The same words for everybody"} | USUAL | own
        self.gaps: Sequence[Gap] = ()
        self.lines: dict[str, Line] = {}
        self.room = box("hb-stack", testid="gaps")
        self.room.visible = False

    @property
    def parts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for gap in self.gaps:
            given = self.lines[gap.key].given
            if gap.where == "header":
                found["header"] = given if gap.wants == "file" else {"name": gap.name, **given}
            elif gap.where == "body":
                found.setdefault("body", []).append({"name": gap.name, **given})
            else:
                found.setdefault("buttons", []).append({"index": gap.index, **given})
        return found

    def fill(self, gaps: Sequence[Gap], content: Mapping[str, Any]) -> None:
        self.gaps, self.lines = gaps, {}
        self.room.clear()
        self.room.visible = bool(gaps)
        with self.room:
            for gap in gaps:
                self.lines[gap.key] = Line(gap, _given(gap, content), self.options, self.on_change)

    def clear(self) -> None:
        for line in self.lines.values():
            line.field.wrong()

    def lacking(self, people: Mapping[str, int]) -> None:
        """By field: for how many it is empty, and no word stands in for it."""
        for line in self.lines.values():
            line.lacks(people.get(line.field_name, 0) if line.field_name else 0)

    def place_of(self, where: str) -> Callable[[str], Any] | None:
        """Beside the first gap of that part that is empty, or beside its first. None: it has none."""
        there = [self.lines[gap.key] for gap in self.gaps if gap.where == where]
        found = next((one for one in there if one.is_empty), there[0] if there else None)
        return found.field.wrong if found else None


class Line:
    """One gap."""

    def __init__(
        self, gap: Gap, given: Mapping[str, str], options: Mapping[str, str], on_change: Callable[[], Any]
    ) -> None:
        self.gap, self.on_change = gap, on_change
        self.field = Field(_label(gap), _help(gap), testid=f"gap-{gap.key}")
        self.choice: ui.select | None = None
        with self.field.body, box("full" if gap.wants in ONLY_ADDRESS else "hb-two"):
            if gap.wants not in ONLY_ADDRESS:
                self.choice = select(
                    options,
                    given.get("field", SAME),
                    on_change=self._chosen,
                    label=_label(gap),
                    testid=f"gap-{gap.key}-field",
                )
            self.words = put(self._input(given), maxlength=str(LONGEST), dir="auto")
        with self.field.body, put(box("hb-row hb-outlook-line hb-lacks"), role="status") as self.asks:
            icon("alert", "warn")
            self.asks_words = text("", "grow", testid=f"gap-{gap.key}-lacks")
        self.asks.visible = False
        self._paint()

    @property
    def field_name(self) -> str:
        return str(self.choice.value or SAME) if self.choice is not None else SAME

    @property
    def is_empty(self) -> bool:
        return not self.field_name and not (self.words.value or "").strip()

    @property
    def given(self) -> dict[str, str]:
        """As it stands in what is kept."""
        typed = (self.words.value or "").strip()
        if self.field_name:
            return {"field": self.field_name, "fallback": typed}
        return {"link" if self.gap.wants in ONLY_ADDRESS else "text": typed}

    def lacks(self, people: int) -> None:
        have = "has" if people == 1 else "have"
        self.asks_words.set_text(
            f"{words.people(people)} {have} nothing there. Write a word that fits everybody, or they get no message."
        )
        self.asks.visible = people > 0

    def _input(self, given: Mapping[str, str]) -> ui.input:
        return text_input(
            given.get("fallback") or given.get("link") or given.get("text") or "",
            label=f"{_label(self.gap)}: words",
            kind="url" if self.gap.wants in ONLY_ADDRESS else "text",
            debounce=250,
            on_change=self._typed,
            testid=f"gap-{self.gap.key}-words",
        )

    async def _chosen(self) -> None:
        self.words.set_value("")
        self._paint()
        await self._typed()

    async def _typed(self) -> None:
        self.field.wrong()
        self.lacks(0)
        await self.on_change()

    def _paint(self) -> None:
        put(self.words, placeholder="or, where it is empty, …" if self.field_name else WORDS[self.gap.wants])


def _label(gap: Gap) -> str:
    usual = "In the heading {{{{{name}}}}} is" if gap.where == "header" else "{{{{{name}}}}} is"
    return LABELS.get(gap.wants, usual).format(name=gap.name)


def _help(gap: Gap) -> str:
    if gap.wants == "file":
        return "An address on the web that WhatsApp can fetch it from."
    if gap.wants == "ending":
        return f"After {gap.starts}"
    return gap.around


def _given(gap: Gap, content: Mapping[str, Any]) -> Mapping[str, str]:
    """What was kept of this gap, or a guess from what it is called."""
    found = _kept(gap, content)
    if found is not None:
        return {name: str(value) for name, value in found.items() if isinstance(value, str)}
    if gap.wants == "words" and gap.name in GUESSES:
        return {"field": gap.name}
    return {}


def _kept(gap: Gap, content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    there = content.get(gap.where)
    if gap.where == "header":
        return there if isinstance(there, Mapping) else None
    named = [one for one in there if isinstance(one, Mapping)] if isinstance(there, list) else []
    if gap.where == "buttons":
        return next((one for one in named if one.get("index") == gap.index), None)
    return next(
        (one for place, one in enumerate(named, 1) if str(one.get("name") or place) == gap.name), None
    )
