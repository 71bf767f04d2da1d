"""Who gets it: the one recipient picker of every page that sends. An Audience goes in, an Audience comes out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from data.database import reading
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience, Count, Who
from domain.book import merging, search, statuses
from domain.book.consent import MessageType
from domain.shop.people import Actor
from ui import words
from ui.parts.basics import alert, box, icon, put, text
from ui.parts.feedback import handled, io
from ui.parts.inputs import Chips, Choices, Field, select
from ui.parts.person_search import PersonSearch
from ui.parts.recipient_count import RecipientCount, WhyInOrOut

KINDS = {
    Who.ALL: ("users", "Everyone", "All who can be reached"),
    Who.SEGMENT: ("segment", "Segment", "A saved group"),
    Who.TAGS: ("tag", "Tags", "Anyone with any of them"),
    Who.STATUS: ("filter", "Status", "By customer status"),
    Who.MANUAL: ("hand", "By hand", "Pick people one by one"),
}
ASKED_FOR = {
    Who.SEGMENT: "Choose a segment first",
    Who.TAGS: "Choose at least one tag",
    Who.STATUS: "Choose at least one status",
    Who.MANUAL: "Choose at least one person",
}
MOST_CHIPS = 40
NO_SEGMENT = 0


@dataclass(frozen=True)
class Stock:
    """What there is to choose from, and the names of those chosen before."""

    segments: dict[int, str]
    tags: dict[str, int]
    statuses: dict[str, str]
    people: dict[int, str]
    label: str


def stock(session: Session, audience: Audience, by: Actor) -> Stock:
    """For the picker of this audience; called inside a page's own look at the database."""
    return Stock(
        segments={one.id: _sized(one.name, one.count) for one in segments.every(session, by=by)},
        tags=dict(search.tags_with_counts(session)),
        statuses={one.key: one.label for one in statuses.every(session)},
        people=_named(session, audience.customer_ids),
        label=audiences.describe(session, audience),
    )


class RecipientPicker:
    """`on_change(audience)` hears each choice, `on_count(count)` each answer; call `await recount()` once when drawn.

    Read-only it says who is meant, with the count and the question about one person.
    """

    def __init__(
        self,
        value: Audience,
        choice: Stock,
        *,
        message_type: MessageType = MessageType.MARKETING,
        channel: str = "email",
        on_change: Callable[[Audience], Any] | None = None,
        on_count: Callable[[Count | None], Any] | None = None,
        read_only: bool = False,
    ) -> None:
        self.choice, self.message_type, self.on_change = choice, message_type, on_change
        self.kind, self.given = value.kind, value
        self.segment_id = next((one for one in value.segment_ids if one in choice.segments), None)
        self.tags, self.statuses = list(value.tags), list(value.statuses)
        self.people = dict(choice.people)
        self.panels: dict[Who, Field] = {}
        if read_only:
            text(choice.label, "strong", testid="audience-label")
        else:
            self._controls()
        self.counter = RecipientCount(channel, on_count)
        self.why = WhyInOrOut(channel, lambda: (self.value, self.message_type))

    @property
    def value(self) -> Audience:
        match self.kind:
            case Who.SEGMENT:
                return Audience(Who.SEGMENT, segment_ids=(self.segment_id,) if self.segment_id else ())
            case Who.TAGS:
                return Audience(Who.TAGS, tags=tuple(self.tags))
            case Who.STATUS:
                return Audience(Who.STATUS, statuses=tuple(self.statuses))
            case Who.MANUAL:
                return Audience(Who.MANUAL, customer_ids=tuple(self.people))
            case Who.RULE:
                return self.given
        return Audience()

    @property
    def missing(self) -> str:
        """What has to be chosen before this means anybody; empty when it does."""
        chosen = {
            Who.SEGMENT: self.segment_id,
            Who.TAGS: self.tags,
            Who.STATUS: self.statuses,
            Who.MANUAL: self.people,
        }
        return "" if chosen.get(self.kind, True) else ASKED_FOR[self.kind]

    @property
    def count(self) -> Count | None:
        return self.counter.count

    def wrong(self, sentence: str = "") -> None:
        """Say under the choice what is wrong with it."""
        self.field.wrong(sentence)

    async def set_message_type(self, message_type: MessageType) -> None:
        """It decides who may be written to."""
        self.message_type = message_type
        await self.recount()

    async def recount(self) -> None:
        if self.missing:
            self.counter.wait_for(self.missing)
            return
        await self.counter.ask(self.value, self.message_type)
        await self.why.again()

    def _controls(self) -> None:
        if self.kind is Who.RULE:
            self.rule_note = alert(
                self.choice.label,
                "This was set up by rule. It stays so until you choose another way below.",
                testid="audience-rule",
            )
        self.field = Field("Who gets it", testid="audience")
        with self.field.body:
            cards = {str(kind): words_ for kind, words_ in KINDS.items()}
            Choices(cards, str(self.kind), self._choose, "Who gets it", testid="audience")
        self._panel(Who.SEGMENT, "Segment", self._segments)
        self._panel(Who.TAGS, "Tags", self._tags, "A customer with any of the chosen tags is included.")
        self._panel(Who.STATUS, "Customer status", self._statuses)
        self._panel(Who.MANUAL, "People", self._by_hand)
        self._show_panel()

    def _panel(self, kind: Who, label: str, build: Callable[[], Any], help_text: str = "") -> None:
        """All of them are there from the start: going back finds what was chosen."""
        self.panels[kind] = Field(label, help_text)
        with self.panels[kind].body:
            build()

    def _segments(self) -> None:
        if self.segment_id is None and self.kind is Who.SEGMENT:
            alert("The segment chosen here was deleted. Choose another.", tone="warn")
        none = {} if self.segment_id else {NO_SEGMENT: "Choose a segment"}
        options = none | self.choice.segments
        select(
            options,
            self.segment_id or NO_SEGMENT,
            on_change=self._set_segment,
            label="Segment",
            testid="segment",
        )

    def _tags(self) -> None:
        counts = {name: (name, number) for name, number in self.choice.tags.items()}
        gone = {name: (name, 0) for name in self.tags if name not in counts}
        if counts or gone:
            Chips(counts | gone, self.tags, self._set_tags, "Tags", testid="tag")
        else:
            text("No customer has a tag yet. Tags are given in the customer book.", "hb-help")

    def _statuses(self) -> None:
        labels = {key: (label, None) for key, label in self.choice.statuses.items()}
        gone = {key: (key, None) for key in self.statuses if key not in labels}
        Chips(labels | gone, self.statuses, self._set_statuses, "Customer status", testid="status")

    def _by_hand(self) -> None:
        with box("hb-stack tight"):
            PersonSearch("A customer's name, email or phone", self._add, testid="add-person")
            self.chips = put(box("hb-chips", testid="people"), aria_live="polite")
        self._paint_people()

    def _paint_people(self) -> None:
        self.chips.clear()
        with self.chips:
            for customer_id, name in list(self.people.items())[:MOST_CHIPS]:
                self._person(customer_id, name)
            if len(self.people) > MOST_CHIPS:
                text(f"and {words.number(len(self.people) - MOST_CHIPS)} more", "muted small")

    def _person(self, customer_id: int, name: str) -> None:
        with put(box("hb-chip", "button", testid=f"person-{customer_id}"), type="button") as chip:
            text(name, "clip", "span")
            icon("x")
        put(chip, aria_label=f"Take out {name}")
        chip.on("click", handled(lambda: self._take_out(customer_id)), [])

    async def _choose(self, kind: str) -> None:
        self.kind = Who(kind)
        self._show_panel()
        await self._changed()

    async def _set_segment(self, event: Any) -> None:
        self.segment_id = event.value or None
        await self._changed()

    async def _set_tags(self, chosen: list[str]) -> None:
        self.tags = chosen
        await self._changed()

    async def _set_statuses(self, chosen: list[str]) -> None:
        self.statuses = chosen
        await self._changed()

    async def _add(self, customer_id: int, name: str) -> None:
        self.people[customer_id] = name
        self._paint_people()
        await self._changed()

    async def _take_out(self, customer_id: int) -> None:
        self.people.pop(customer_id, None)
        self._paint_people()
        await self._changed()

    async def _changed(self) -> None:
        self.wrong()
        if self.on_change:
            self.on_change(self.value)
        await self.recount()

    def _show_panel(self) -> None:
        for kind, panel in self.panels.items():
            panel.root.visible = kind is self.kind


def _sized(name: str, count: int | None) -> str:
    return name if count is None else f"{name} · {words.people(count)}"


def _named(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Everybody chosen, in order; names only for those that are shown."""
    wanted = list(ids)
    values = merging.values_of(session, wanted[:MOST_CHIPS])
    return {one: _name(values[one]) if one in values else "Not in the book" for one in wanted}


def _name(values: dict[str, Any]) -> str:
    return str(values["fullName"] or values["companyName"] or values["email"] or "Nameless")


async def load(audience: Audience, by: Actor) -> Stock:
    """For a page that asks for nothing else."""
    return await io(_load, audience, by)


def _load(audience: Audience, by: Actor) -> Stock:
    with reading() as session:
        return stock(session, audience, by)
