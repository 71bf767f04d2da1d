"""The shop's rules for marketing: when it keeps quiet, and how much is enough. The owner sets them, the others read."""

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from domain.shop.sending_rules import Cap, Quiet, on_the_wall
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, facts, text
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, checkbox, text_input, time_input
from ui.parts.settings_room import settings_room

HERE = "/settings/sending"
QUIET_HELP = (
    "Marketing and newsletters wait until these hours are over, and then go on by themselves. "
    "A message about somebody's own order or repair does not wait."
)
CAP_HELP = (
    "Newsletters count too, and people who share an address count as one. Whoever has had enough is left out of a send, "
    "and is listed there with the reason."
)
STOP_HELP = (
    "Whoever presses Unsubscribe, in the message or in their mail program, gets no more of that kind: offers, or newsletters. "
    "The page behind the link lets them choose the rest."
)
USUAL_CAP = Cap(messages=2, days=7)


@dataclass(frozen=True)
class Rules:
    quiet: Quiet
    cap: Cap | None
    zone: str
    one_click_stops_all: bool


async def build(by: Actor) -> None:
    rules = await io(_rules)
    with settings_room(by, HERE):
        if by.may(Right.MANAGE_SHOP):
            RulesForm(rules)
        else:
            _to_read(rules)


class RulesForm:
    def __init__(self, rules: Rules) -> None:
        with card("Quiet hours", QUIET_HELP, testid="quiet-card"):
            self._hours(rules)
            self.sundays = checkbox(
                "Not on Sundays", rules.quiet.sundays, on_change=self._say, testid="quiet-sundays"
            )
            self.said = text("", "hb-help", testid="quiet-said")
        with card("Enough is enough", CAP_HELP, testid="cap-card"):
            self._cap(rules.cap)
        with card("Unsubscribing", STOP_HELP, testid="stop-card"):
            self.stops_all = checkbox(
                "One press stops offers and newsletters alike", rules.one_click_stops_all, testid="stops-all"
            )
        self.form = Form({"quiet_from": self.begins, "quiet_until": self.ends,
                          "cap_messages": self.limit, "cap_days": self.limit})  # fmt: skip
        with box("hb-row end"):
            button("Save", self.save, kind="primary", testid="save-rules")
        self._say()
        self._show_cap()

    @property
    def typed(self) -> dict[str, Any]:
        capped = bool(self.capped.value)
        return {
            "quiet_from": self.from_wall.value or "",
            "quiet_until": self.until_wall.value or "",
            "quiet_sundays": bool(self.sundays.value),
            "cap_messages": (self.messages.value or "0") if capped else None,
            "cap_days": (self.days.value or "0") if capped else None,
            "one_click_stops_all": bool(self.stops_all.value),
        }

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            await io(_save, self.typed, by)
            toast("Saved")

    def _hours(self, rules: Rules) -> None:
        with box("hb-two"):
            self.begins = Field(
                "From", f"Shop time, {rules.zone.replace('_', ' ')}", testid="quiet-from-field"
            )
            with self.begins.body:
                self.from_wall = self._wall("Quiet from", rules.quiet.from_minute, "quiet-from")
            self.ends = Field("Until", "Leave both empty for none.", testid="quiet-until-field")
            with self.ends.body:
                self.until_wall = self._wall("Quiet until", rules.quiet.until_minute, "quiet-until")

    def _wall(self, label: str, minute: int | None, testid: str) -> ui.input:
        return time_input(on_the_wall(minute), label=label, on_change=self._say, testid=testid)

    def _cap(self, cap: Cap | None) -> None:
        self.capped = checkbox(
            "Limit what one person gets", cap is not None, on_change=self._show_cap, testid="capped"
        )
        shown = cap or USUAL_CAP
        self.limit = Field("", testid="cap-field")
        with self.limit.body, box("hb-row wrap"):
            text("No more than", tag="span")
            self.messages = _figure(shown.messages, "Number of messages", "cap-messages")
            text("marketing messages to one person in", tag="span")
            self.days = _figure(shown.days, "Number of days", "cap-days")
            text("days", tag="span")

    def _show_cap(self) -> None:
        self.limit.root.visible = bool(self.capped.value)

    def _say(self) -> None:
        """What the hours mean, in the words of the others' page."""
        begins, ends = self.from_wall.value, self.until_wall.value
        self.said.set_text(_in_words(begins or "", ends or "", bool(self.sundays.value)))


def _figure(value: int, label: str, testid: str) -> ui.input:
    made = text_input(str(value), label=label, testid=testid).props("inputmode=numeric")
    return made.style("width: 5rem; flex: none")


def _in_words(begins: str, ends: str, sundays: bool) -> str:
    hours = f"From {begins} to {ends}" if begins and ends and begins != ends else ""
    if hours and ends < begins:
        hours += " the next morning" if ends <= "12:00" else " the next day"
    if not sundays:
        return f"{hours}." if hours else "None: everything goes out at once."
    return f"{hours}, and all Sunday." if hours else "All Sunday."


def _to_read(rules: Rules) -> None:
    quiet = _in_words(
        on_the_wall(rules.quiet.from_minute), on_the_wall(rules.quiet.until_minute), rules.quiet.sundays
    )
    with card("Sending rules", "Only the owner can change these.", testid="rules-to-read"):
        stops = "Everything." if rules.one_click_stops_all else "The kind of message it came with."
        known = [("Quiet hours", quiet), ("To one person", _cap_in_words(rules.cap)), ("One press on Unsubscribe stops", stops)]  # fmt: skip
        facts(known, left=True)


def _cap_in_words(cap: Cap | None) -> str:
    if cap is None:
        return "No limit."
    messages = words.counted(cap.messages, "marketing message")
    return f"No more than {messages} in {words.counted(cap.days, 'day')}."


def _rules() -> Rules:
    with reading() as session:
        shop = shops.read(session)
        return Rules(shop.quiet, shop.cap, shop.timezone, shop.one_click_stops_all)


def _save(typed: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        shops.change(session, typed, by=by, now=now())


PAGES = [Page(HERE, "Sending rules", build)]
