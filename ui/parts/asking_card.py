"""Who of a sent campaign could be asked by WhatsApp: when that happens by itself, or the button for it, or why it did not."""

from collections.abc import Callable, Hashable
from typing import Any

from data.database import now, unit
from domain.refusal import Refusal
from domain.sending import asking
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import current_actor
from ui.parts.also_told import Also
from ui.parts.asking_dialog import confirm_and_ask, who_said, write_what_is_said
from ui.parts.basics import alert, box, button, card, facts, text
from ui.parts.campaign_story import Seen
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, toast

ONCE = "Whoever the email did not reach can be asked by WhatsApp once, if they said yes to it."
UNMEASURED = "Opens of this campaign are not counted, so nobody is known to have left it unopened."
NOBODY_NOW = "As of now nobody of them may be written to by WhatsApp."
After = Callable[[], Any]


def asking_said(by: Actor, seen: Seen) -> Hashable:
    """All that the card depends on."""
    also = seen.also
    who = also.asking
    counts = (who.missing, who.came_back, who.unopened, who.reachable) if who else ()
    return by.role, also.due_at, also.asked_at, also.error, bool(also.content), counts, also.was_sent


def asking_card(by: Actor, seen: Seen, after: After) -> None:
    also = seen.also
    if also.is_nobody and also.asked_at:
        when = words.when(also.asked_at, seen.zone, seen.at)
        alert("Nobody had to be asked by WhatsApp", f"Looked at {when}.", testid="asked-nobody")
    elif not also.may_be_asked:
        return
    elif also.due_at:
        _waits(by, seen, after)
    elif also.error:
        acts = _Acts(seen, after)
        body = f"{also.error} {_now(also)}"
        alert(
            "They were not asked by WhatsApp",
            body,
            tone="warn",
            actions=_for(by, acts.by_hand),
            testid="asking-error",
        )
    elif also.asking and (also.asking.reachable or also.content):
        _offer(by, seen, after)


def _waits(by: Actor, seen: Seen, after: After) -> None:
    also, acts = seen.also, _Acts(seen, after)
    assert also.due_at
    assert also.asking
    when = words.moment_in_full(also.due_at, seen.zone)
    alert(
        f"On {when} Handbill asks by WhatsApp whoever {_whoever(also)}",
        _now(also),
        actions=_for(by, acts.of_the_day),
        testid="asking-due",
    )


def _offer(by: Actor, seen: Seen, after: After) -> None:
    also, acts = seen.also, _Acts(seen, after)
    assert also.asking
    with card("Ask the other channel", ONCE, testid="asking"):
        facts([*who_said(also.asking), ("Can be asked by WhatsApp", words.people(also.asking.reachable))])
        if not also.asking.measured:
            text(UNMEASURED, "hb-help")
        if also.asking.reachable and by.may(Right.SEND):
            with box("hb-row wrap"):
                acts.by_hand()


class _Acts:
    """What somebody may do about it."""

    def __init__(self, seen: Seen, after: After) -> None:
        self.seen, self.after = seen, after
        self.id = seen.campaign.id

    def of_the_day(self) -> None:
        """While a day is set."""
        button("Ask now", self._ask, small=True, icon="send", testid="ask-now")
        button("Change", self._change, small=True, icon="edit", testid="asking-change")
        button("Cancel it", self._cancel, small=True, testid="asking-cancel")

    def by_hand(self) -> None:
        """While none is."""
        said = bool(self.seen.also.content.get("template"))
        label = "Ask by WhatsApp" if said else "Write what to say"
        button(label, self._ask, kind="primary", icon="chat", testid="ask-now")
        if said:
            button("Change what is said", self._change, icon="edit", testid="asking-change")

    async def _ask(self) -> None:
        try:
            if self.seen.also.content.get("template") or await write_what_is_said(self.id):
                await self._confirmed()
        finally:
            await self.after()

    async def _confirmed(self) -> None:
        """Where what is said can't be sent any more, the form that can mend it opens."""
        try:
            await confirm_and_ask(self.id)
        except Refusal as refusal:
            if refusal.details.get("field") != "also":
                raise
            toast(refusal.sentence)
            if await write_what_is_said(self.id):
                await confirm_and_ask(self.id)

    async def _change(self) -> None:
        if await write_what_is_said(self.id):
            toast("Kept")
        await self.after()

    async def _cancel(self) -> None:
        sure = await confirm(
            "Ask nobody by WhatsApp?",
            "Nothing goes by itself any more. What you wrote is kept, and you can still ask by hand.",
            confirm_label="Ask nobody",
            cancel_label="Keep it",
        )
        if sure:
            await io(_cancelled, self.id, await current_actor())
            toast("Nothing goes by itself any more")
        await self.after()


def _for(by: Actor, actions: Callable[[], Any]) -> Callable[[], Any] | None:
    return actions if by.may(Right.SEND) else None


def _whoever(also: Also) -> str:
    return "has not opened it" if also.asking and also.asking.measured else "the email did not reach"


def _now(also: Also) -> str:
    """As the book and the reports are at this moment."""
    who = also.asking
    if who is None or not who.reachable:
        return NOBODY_NOW if who else ""
    groups = [
        (who.missing, "without a working address"),
        (who.came_back, "whose email came back"),
        (who.unopened, "who have not opened it"),
    ]
    among = [f"{words.number(number)} {which}" for number, which in groups if number]
    return f"As of now {words.people(who.reachable)}: those who said yes to WhatsApp, among {_listed(among)}."


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _cancelled(campaign_id: int, by: Actor) -> None:
    with unit() as session:
        asking.cancel(session, campaign_id, by=by, now=now())
