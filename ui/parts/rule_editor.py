"""Who belongs to a segment, said in simple conditions: all or any of a few plain sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.audience import segments
from domain.audience.glimpse import Glimpse, glimpse
from domain.book import merging, search, statuses
from domain.refusal import Refusal
from domain.shop.people import Actor, Right
from ui.frame import current_actor
from ui.parts import conditions
from ui.parts.basics import box, button, icon, icon_button, link, put, text
from ui.parts.conditions import KINDS, Condition
from ui.parts.feedback import io, sentence_for
from ui.parts.inputs import Segmented, select, text_input
from ui.words import counted

WORDS: Final = {"all": "All of these", "any": "Any of these"}
MOST_CONDITIONS: Final = 20
LANGUAGE_HINT: Final = "A short code, such as en or de"
Tree = dict[str, Any]


@dataclass(frozen=True)
class Stock:
    """What the conditions can be about in this shop."""

    statuses: dict[str, str]
    tags: list[str]
    segments: dict[int, str]
    own_fields: list[str]


def stock(session: Session, by: Actor, *, besides: int | None = None) -> Stock:
    """`besides` is the segment that is edited: it can't be part of itself."""
    others = [one for one in segments.every(session, by=by) if one.id != besides]
    return Stock(
        {status.key: status.label for status in statuses.every(session)},
        [name for name, _ in search.tags_with_counts(session)],
        {one.id: one.name for one in others},
        sorted(merging.own_fields(session)),
    )


class RuleEditor:
    """`on_change()` is called after each change; `tree` is the rule in its final form, or None while it has gaps."""

    def __init__(self, has: Stock, begin: tuple[str, list[Condition]], on_change: Callable[[], Any]) -> None:
        self.stock, self.on_change = has, on_change
        self.word, self.conditions = begin
        self.lines: list[Line] = []
        with box("hb-row wrap apart"):
            text("A customer belongs here if they meet", "hb-label")
            Segmented(WORDS, self.word, self._joined, "How the conditions are joined", testid="join")
        self.room = box("hb-conditions", testid="conditions")
        with self.room:
            for condition in self.conditions:
                self._line(condition)
        with box("hb-row"):
            self.more = button("Add a condition", self._add, icon="plus", small=True, testid="add-condition")
        self.none = text("Without a condition everyone belongs here.", "muted small")
        self._paint()

    @property
    def tree(self) -> Tree | None:
        if any(condition.missing() for condition in self.conditions):
            return None
        return conditions.written(self.word if self.conditions else "all", self.conditions)

    def check(self) -> bool:
        """Say beside each condition what it lacks. True if nothing does."""
        for line in self.lines:
            line.wrong(line.condition.missing())
        return self.tree is not None

    def _joined(self, word: str) -> Any:
        self.word = word
        return self.on_change()

    def _add(self) -> Any:
        condition = Condition("tag", "any", [])
        self.conditions.append(condition)
        with self.room:
            self._line(condition)
        self._paint()
        return self.on_change()

    def _line(self, condition: Condition) -> None:
        self.lines.append(Line(self.stock, condition, len(self.lines), self._changed, self._remove))

    def _remove(self, line: "Line") -> Any:
        self.lines.remove(line)
        self.conditions.remove(line.condition)
        line.root.delete()
        self._paint()
        return self.on_change()

    def _changed(self) -> Any:
        return self.on_change()

    def _paint(self) -> None:
        self.none.visible = not self.conditions
        self.more.set_enabled(len(self.conditions) < MOST_CONDITIONS)


class Line:
    """One condition: what it is about, how it is compared, with what. The parts that no longer fit are drawn anew."""

    def __init__(
        self,
        has: Stock,
        condition: Condition,
        place: int,
        on_change: Callable[[], Any],
        on_remove: Callable[["Line"], Any],
    ) -> None:
        self.stock, self.condition, self.on_change = has, condition, on_change
        self.testid = f"condition-{place}"
        with put(box("hb-condition", testid=self.testid), role="group", aria_label="Condition") as self.root:
            kinds = {key: kind.label for key, kind in KINDS.items() if self._offered(key)}
            about = select(
                kinds, condition.kind, on_change=self._kind, label="About", testid=f"{self.testid}-kind"
            )
            self.op_room = box("full")
            self.value_room = box("full")
            self._hide_what_follows(about)
            icon_button(
                "x", "Take this condition out", lambda: on_remove(self), testid=f"{self.testid}-remove"
            )
            with put(box("hb-wrong"), role="alert") as self.wrong_box:
                icon("alert")
                self.wrong_words = text("", testid=f"{self.testid}-wrong")
        self.wrong_box.visible = False
        self._draw()

    def wrong(self, sentence: str) -> None:
        self.wrong_words.set_text(sentence)
        self.wrong_box.visible = bool(sentence)
        self.root.classes(add="is-wrong") if sentence else self.root.classes(remove="is-wrong")

    def _offered(self, kind: str) -> bool:
        """Nothing to choose from, nothing to ask; a condition that is there already stays."""
        needs: dict[str, Sequence[Any] | dict[Any, Any]] = {
            "segment": self.stock.segments,
            "own": self.stock.own_fields,
        }
        return kind == self.condition.kind or kind not in needs or bool(needs[kind])

    def _kind(self, event: Any) -> Any:
        kind = KINDS[event.value]
        self.condition.kind, self.condition.op = event.value, next(iter(kind.ops))
        self.condition.name, self.condition.value = "", kind.usual
        self._draw()
        return self._changed()

    def _op(self, event: Any) -> Any:
        before = self.condition.asks_for
        self.condition.op = event.value
        if self.condition.asks_for != before:
            self.condition.value = KINDS[self.condition.kind].usual
        self._draw_value()
        return self._changed()

    def _value(self, value: Any) -> Any:
        self.condition.value = value
        return self._changed()

    def _name(self, event: Any) -> Any:
        self.condition.name = event.value or ""
        return self._changed()

    def _changed(self) -> Any:
        self.wrong("")
        return self.on_change()

    def _draw(self) -> None:
        self.op_room.clear()
        with self.op_room, box("hb-stack tight"):
            if self.condition.kind == "own":
                own = list(dict.fromkeys([*self.stock.own_fields, *filter(None, [self.condition.name])]))
                select(
                    own,
                    self.condition.name,
                    on_change=self._name,
                    label="Field",
                    testid=f"{self.testid}-name",
                )
            ops = {key: op.label for key, op in KINDS[self.condition.kind].ops.items()}
            how = select(ops, self.condition.op, on_change=self._op, label="How", testid=f"{self.testid}-op")
            self._hide_what_follows(how)
        self._draw_value()

    def _hide_what_follows(self, choice: ui.select) -> None:
        """The browser hides the old value until the new one is drawn: what is typed into it would be lost."""
        room = f"document.getElementById('{self.value_room.html_id}')"
        hide = f"() => [...{room}.children].forEach((old) => (old.style.visibility = 'hidden'))"
        choice.on("update:model-value", js_handler=hide)

    def _draw_value(self) -> None:
        self.value_room.clear()
        with self.value_room:
            match self.condition.asks_for:
                case "days":
                    self._days()
                case "words":
                    self._words()
                case "choice":
                    self._choice()
                case "text" | "number":
                    self._text()

    def _days(self) -> None:
        with box("unit"):
            put(
                text_input(
                    "" if self.condition.value is None else str(self.condition.value),
                    label="Days",
                    kind="number",
                    on_change=lambda e: self._value(e.value),
                    debounce=300,
                    testid=f"{self.testid}-value",
                ).style("max-width: 96px"),
                min="0",
                max="366",
                inputmode="numeric",
            )
            text("days ago" if self.condition.op == "older_than_days" else "days", tag="span")

    def _words(self) -> None:
        chosen = list(self.condition.value or [])
        known: dict[str, str] = (
            self.stock.statuses
            if self.condition.kind == "status"
            else {name: name for name in self.stock.tags}
        )
        select(
            known | {name: name for name in chosen if name not in known},
            chosen,
            multiple=True,
            searchable=True,
            on_change=lambda e: self._value(list(e.value or [])),
            label="Which",
            testid=f"{self.testid}-value",
        )

    def _choice(self) -> None:
        select(
            self.stock.segments,
            self.condition.value,
            on_change=lambda e: self._value(e.value),
            label="Which",
            placeholder="Choose a segment",
            testid=f"{self.testid}-value",
        )

    def _text(self) -> None:
        put(
            text_input(
                "" if self.condition.value is None else str(self.condition.value),
                label="What",
                placeholder=LANGUAGE_HINT if self.condition.kind == "language" else "",
                on_change=lambda e: self._value(e.value),
                debounce=300,
                testid=f"{self.testid}-value",
            ),
            maxlength="200",
        )


class LiveCount:
    """How many a rule means just now and a few of them. The old figure stays, faded, while it is asked again."""

    def __init__(self) -> None:
        self.asked = 0
        with put(box("hb-count", testid="live-count"), aria_live="polite") as self.root:
            self.figure = text("–", "big", testid="live-figure")
            with box("grow"):
                self.title = text("Counting", "strong")
                self.names = box("hb-names")

    async def ask(self, tree: Tree | None) -> None:
        self.asked += 1
        mine = self.asked
        self.root.classes(add="is-stale")
        if tree is None:
            self.title.set_text("Fill in the conditions to see who matches.")
            return
        (await current_actor()).require(Right.VIEW)
        try:
            seen = await io(_glimpse, tree)
        except Refusal as refusal:
            self._failed(mine, refusal.sentence)
        except Exception as error:
            self._failed(mine, sentence_for(error))
        else:
            self._show(mine, seen)

    def _show(self, mine: int, seen: Glimpse) -> None:
        if mine != self.asked or self.root.is_deleted:
            return
        self.root.classes(remove="is-stale")
        self.figure.set_text(f"{seen.matched:,}")
        self.title.set_text(f"{'person matches' if seen.matched == 1 else 'people match'} just now")
        self.names.clear()
        with self.names:
            for key, name in seen.some:
                link(name, f"/customers/{key}", classes="hb-link quiet")
            if rest := seen.matched - len(seen.some):
                text(f"and {counted(rest, 'other')}", "muted", "span")

    def _failed(self, mine: int, sentence: str) -> None:
        """The old figure stays, with the reason why it may be wrong."""
        if mine == self.asked and not self.root.is_deleted:
            self.title.set_text(sentence)


def _glimpse(tree: Tree) -> Glimpse:
    with reading() as session:
        return glimpse(session, tree, now=now())
