"""What is known of a send by WhatsApp before anybody presses Send: how many today, who would miss it, what it costs."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import background_tasks
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.audience.audience import Audience
from domain.message.whatsapp_templates import WhatsAppTemplate, find
from domain.refusal import Refusal
from domain.sending import preview
from domain.sending.whatsapp_forecast import Forecast, Missing, forecast, without
from domain.shop.whatsapp_prices import Cost
from ui import words
from ui.parts.basics import box, card, facts, icon, link, text
from ui.parts.feedback import handled, io, sentence_for

SETTLE: Final = 0.4  # seconds: letters are typed one after the other
Asked = tuple[dict[str, Any], Audience] | None
CALM: Final = "Nothing stands in the way."
NOBODY: Final = "Nobody would get it as it stands."


@dataclass(frozen=True, slots=True)
class Seen:
    pairs: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...]
    missing: tuple[Missing, ...] = ()


class Outlook:
    """`soon(asked)` looks again in a moment; of several calls only the last is answered.

    `on_missing` hears which fields are empty, and for how many, so that the form can ask for a word there.
    """

    def __init__(self, on_missing: Callable[[Sequence[Missing]], Any] | None = None) -> None:
        self.asked, self.on_missing = 0, on_missing
        with card("Before it goes", testid="outlook"):
            self.room = box("hb-stack tight full")

    def soon(self, asked: Callable[[], Asked]) -> None:
        self.asked += 1
        mine = self.asked
        background_tasks.create(
            handled(lambda: self._look(mine, asked))(), name="look ahead", context=self.room
        )

    async def _look(self, mine: int, asked: Callable[[], Asked]) -> None:
        await asyncio.sleep(SETTLE)
        about = asked() if self._is_last(mine) else None
        if about is None:
            return
        try:
            seen = await io(_seen, *about)
        except Refusal as refusal:
            seen = Seen((), (refusal.sentence,))
        except Exception as error:
            seen = Seen((), (sentence_for(error),))
        if self._is_last(mine):
            self._draw(seen)
            if self.on_missing:
                self.on_missing(seen.missing)

    def _is_last(self, mine: int) -> bool:
        return mine == self.asked and not self.room.is_deleted

    def _draw(self, seen: Seen) -> None:
        self.room.clear()
        with self.room:
            if seen.pairs:
                facts(seen.pairs)
            for one in seen.missing:
                _who_misses_it(one)
            for sentence in seen.doubts:
                _line("alert", sentence, "outlook-doubt")
            if seen.pairs and not seen.doubts and not seen.missing:
                _line("check", CALM, "outlook-calm")


def _line(name: str, sentence: str, testid: str) -> None:
    with box("hb-row hb-outlook-line", testid=testid):
        icon(name, "warn" if name == "alert" else "good")
        text(sentence, "grow")


def _who_misses_it(one: Missing) -> None:
    """With a way to each of those who are named."""
    with box("hb-row hb-outlook-line", testid="outlook-missing"):
        icon("alert", "warn")
        with box("grow"):
            text(f"{without(one)}: ", tag="span")
            for place, (name, number) in enumerate(zip(one.names, one.who, strict=True)):
                text(", ", tag="span") if place else None
                link(name, f"/customers/{number}")
            text(" and others." if one.people > len(one.names) else ".", tag="span")


def _seen(fields: dict[str, Any], audience: Audience) -> Seen:
    moment = now()
    with reading() as session:
        draft = preview.drafted(session, fields)
        told = forecast(session, draft, audience, now=moment)
        if draft.content.get("text") is not None:
            there = told.people - told.closed
            return Seen((("Goes now to", f"{there:,} of {told.people:,}"),), told.doubts)
        named = draft.content.get("template")
        row = _found(session, named) if isinstance(named, dict) else None
        if not told.people:
            return Seen((), (NOBODY,))
        return Seen(tuple(_facts(told, row is not None)), _without_the_cost(told), told.missing)


def _found(session: Session, named: dict[str, Any]) -> WhatsAppTemplate | None:
    return find(session, str(named.get("name", "")), str(named.get("language", "")))


def _facts(told: Forecast, is_template: bool) -> Iterator[tuple[str, str]]:
    today = told.people - told.later
    yield (
        "Goes today to",
        f"{today:,} of {told.people:,}, over {told.days} days" if told.later else words.people(today),
    )
    if told.reach is not None:
        yield "Room today", f"{told.reach - told.used:,} of {told.reach:,} different people"
    if is_template:
        yield "Costs", cost_said(told.cost)


def cost_said(cost: Cost) -> str:
    if not cost.amount:
        return "nothing"
    return f"{cost.words}, by WhatsApp’s prices of {cost.as_of.day} {cost.as_of:%B %Y}"


def _without_the_cost(told: Forecast) -> tuple[str, ...]:
    """It stands among the facts, and who misses the message has lines of its own."""
    mine = {without(one) for one in told.missing}
    return tuple(
        one
        for one in told.doubts
        if told.cost.words not in one and not any(one.startswith(begun) for begun in mine)
    )
