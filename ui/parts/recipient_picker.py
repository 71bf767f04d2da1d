"""Who gets it: the one recipient picker of every page that sends. An Audience goes in, an Audience comes out."""

from collections.abc import Callable
from typing import Any, Final

from domain.audience.audience import Audience, Count, Who
from domain.book.message_types import MessageType
from ui import words
from ui.parts.basics import alert, box, button, text
from ui.parts.by_hand import ByHand
from ui.parts.freeze_dialog import Frozen, freeze
from ui.parts.inputs import Chips, Choices, Field, select
from ui.parts.leave_out import LeaveOut
from ui.parts.many_chips import ManyChips
from ui.parts.recipient_count import RecipientCount, WhyInOrOut
from ui.parts.recipient_stock import Stock, load, stock
from ui.parts.rule_here import RuleHere

__all__ = ["RecipientPicker", "Stock", "load", "stock"]

KINDS: Final = {
    Who.ALL: ("users", "Everyone", "All who can be reached"),
    Who.SEGMENT: ("segment", "Segment", "Whoever fits a saved rule"),
    Who.TAGS: ("tag", "Tags", "Anyone with any of them"),
    Who.GROUP: ("list", "Group", "The same people each time"),
    Who.STATUS: ("star", "Status", "By customer status"),
    Who.RULE: ("filter", "Rule", "Conditions for this once"),
    Who.MANUAL: ("hand", "By hand", "Pick people one by one"),
}
ASKED_FOR: Final = {
    Who.SEGMENT: "Choose a segment first",
    Who.TAGS: "Choose at least one tag",
    Who.GROUP: "Choose a group first",
    Who.STATUS: "Choose at least one status",
    Who.MANUAL: "Choose at least one person",
}


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
        self.kind, self.given, self.read_only = value.kind, value, read_only
        self.segment_ids, self.group_ids = list(value.segment_ids), list(value.group_ids)
        self.tags, self.statuses = list(value.tags), list(value.statuses)
        self.panels: dict[Who, Field] = {}
        if read_only:
            text(choice.label, "strong", testid="audience-label")
        else:
            self._controls()
        self.counter = RecipientCount(channel, on_count)
        self.why = WhyInOrOut(channel, lambda: (self.value, self.message_type))
        if not read_only and choice.may_freeze:
            self._freezer()

    @property
    def value(self) -> Audience:
        if self.read_only:
            return self.given
        out = self.out.value
        match self.kind:
            case Who.SEGMENT:
                return Audience(Who.SEGMENT, segment_ids=tuple(self.segment_ids), exclude=out)
            case Who.TAGS:
                return Audience(Who.TAGS, tags=tuple(self.tags), exclude=out)
            case Who.GROUP:
                return Audience(Who.GROUP, group_ids=tuple(self.group_ids), exclude=out)
            case Who.STATUS:
                return Audience(Who.STATUS, statuses=tuple(self.statuses), exclude=out)
            case Who.MANUAL:
                return Audience(Who.MANUAL, customer_ids=tuple(self.by_hand.people), exclude=out)
            case Who.RULE:
                return Audience(Who.RULE, rule=self.rule.rule, exclude=out)
        return Audience(exclude=out)

    @property
    def missing(self) -> str:
        """What has to be chosen before this means anybody; empty when it does."""
        if self.read_only:
            return ""
        if self.kind is Who.RULE:
            return self.rule.missing
        chosen = {
            Who.SEGMENT: self.segment_ids,
            Who.TAGS: self.tags,
            Who.GROUP: self.group_ids,
            Who.STATUS: self.statuses,
            Who.MANUAL: self.by_hand.people,
        }
        return "" if chosen.get(self.kind, True) else ASKED_FOR[self.kind]

    @property
    def count(self) -> Count | None:
        return self.counter.count

    def wrong(self, sentence: str = "") -> None:
        """Say under the choice what is wrong with it."""
        self.field.wrong(sentence)
        if sentence and self.kind is Who.RULE:
            self.rule.check()

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
        self.field = Field("Who gets it", testid="audience")
        with self.field.body:
            cards = {str(kind): words_ for kind, words_ in KINDS.items()}
            self.kinds = Choices(cards, str(self.kind), self._choose, "Who gets it", testid="audience")
        self._panel(Who.SEGMENT, "Segments", self._segments, "A customer in any of them is included.")
        self._panel(Who.TAGS, "Tags", self._tags, "A customer with any of the chosen tags is included.")
        self._panel(Who.GROUP, "Groups", self._groups, "A customer in any of them is included.")
        self._panel(Who.STATUS, "Customer status", self._statuses)
        self._panel(Who.RULE, "Rule", self._rule)
        self._panel(Who.MANUAL, "People", self._by_hand)
        self.out = LeaveOut(self.given.exclude, self.choice, self._changed)
        self._show_panel()

    def _panel(self, kind: Who, label: str, build: Callable[[], Any], help_text: str = "") -> None:
        """All of them are there from the start: going back finds what was chosen."""
        self.panels[kind] = Field(label, help_text)
        with self.panels[kind].body:
            build()

    def _segments(self) -> None:
        if not self.choice.segments:
            text("There is no segment yet. Write one under Segments, or choose Rule here.", "hb-help")
            return
        select(
            self.choice.segments,
            self.segment_ids,
            multiple=True,
            searchable=True,
            on_change=self._set_segments,
            label="Segments",
            placeholder="Choose a segment",
            testid="segment",
        )

    def _groups(self) -> None:
        self.group_choice = select(
            self.choice.groups,
            self.group_ids,
            multiple=True,
            searchable=True,
            on_change=self._set_groups,
            label="Groups",
            placeholder="Choose a group",
            testid="group",
        )
        none = "There is no group yet. Choose people another way, then press Freeze as a group."
        self.no_group = text(none, "hb-help", testid="no-group")
        self.group_choice.visible, self.no_group.visible = bool(self.choice.groups), not self.choice.groups

    def _tags(self) -> None:
        counts: dict[str, tuple[str, int | None]] = {
            name: (name, number) for name, number in self.choice.tags.items()
        }
        gone = {name: (name, 0) for name in self.tags if name not in counts}
        if counts or gone:
            ManyChips(counts | gone, self.tags, self._set_tags, "Tags", noun="tag", testid="tag")
        else:
            text("No customer has a tag yet. Tags are given in the customer book.", "hb-help")

    def _statuses(self) -> None:
        labels: dict[str, tuple[str, int | None]] = {
            key: (label, None) for key, label in self.choice.statuses.items()
        }
        gone = {key: (key, None) for key in self.statuses if key not in labels}
        Chips(labels | gone, self.statuses, self._set_statuses, "Customer status", testid="status")

    def _rule(self) -> None:
        self.rule = RuleHere(self.given.rule, self.choice.rules, self.choice.label, self._changed)

    def _by_hand(self) -> None:
        self.by_hand = ByHand(self.choice.people, self._changed)

    def _freezer(self) -> None:
        with self.why.row:
            button("Freeze as a group", self._freeze, kind="ghost", icon="lock", small=True, testid="freeze")
        self.frozen = box("full", testid="frozen")

    async def _choose(self, kind: str) -> None:
        self.kind = Who(kind)
        self._show_panel()
        await self._changed()

    async def _set_segments(self, event: Any) -> None:
        self.segment_ids = list(event.value or [])
        await self._changed()

    async def _set_groups(self, event: Any) -> None:
        self.group_ids = list(event.value or [])
        await self._changed()

    async def _set_tags(self, chosen: list[str]) -> None:
        self.tags = chosen
        await self._changed()

    async def _set_statuses(self, chosen: list[str]) -> None:
        self.statuses = chosen
        await self._changed()

    async def _changed(self) -> None:
        self.wrong()
        if self.on_change:
            self.on_change(self.value)
        await self.recount()

    async def _freeze(self) -> None:
        self.wrong(f"{self.missing}." if self.missing else "")
        if self.missing:
            return
        made = await freeze(self.value)
        if made and not self.frozen.is_deleted:
            self._offer(made)

    def _offer(self, made: Frozen) -> None:
        """The new group stands among the others; whether this message goes to it is asked."""
        label = f"{made.name} · {words.people(made.count)}"
        self.choice.groups[made.id] = label
        self.group_choice.set_options(self.choice.groups)
        self.group_choice.visible, self.no_group.visible = True, False
        self.out.offer_group(made.id, label)
        self.frozen.clear()
        with self.frozen:
            alert(
                f"Kept as the group {made.name}",
                f"{words.people(made.count)} in it. This message still goes to whoever fits at the moment of sending.",
                tone="good",
                actions=lambda: button(
                    "Use the group instead", lambda: self._use(made), small=True, testid="use-group"
                ),
            )

    async def _use(self, made: Frozen) -> None:
        self.frozen.clear()
        self.group_choice.set_value([made.id])
        await self.kinds.set(str(Who.GROUP))

    def _show_panel(self) -> None:
        if self.kind is Who.RULE:
            self.rule.open()
        for kind, panel in self.panels.items():
            panel.root.visible = kind is self.kind
