"""May I write to them? What the page of a customer says about it, and a no to everything given or taken back."""

from collections.abc import Callable
from typing import Any

from data.database import now, unit
from domain.book import consent
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, card, pill, text
from ui.parts.customer_facts import Known
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, text_input

Changed = Callable[[], Any]  # draws the page anew


def wishes_card(person: Known, changed: Changed, *, edits: bool) -> None:
    with card("May I write to them?", testid="wishes"):
        for label, included, sentence in person.wishes:
            with box("hb-wish"):
                pill("Yes" if included else "No", "good" if included else "mute")
                with box("grow"):
                    text(label, "strong")
                    if not included:
                        text(sentence, "muted small")
        if edits and not person.opted_out:
            with box("hb-row"):
                button(
                    "They want no marketing", lambda: _opt_out(person, changed), small=True, testid="opt-out"
                )


def again_button(person: Known, changed: Changed) -> None:
    button(
        "They asked to hear from you again",
        lambda: _subscribe(person, changed),
        small=True,
        testid="resubscribe",
    )


async def _opt_out(person: Known, changed: Changed) -> None:
    yes = await confirm(
        f"No more marketing to {person.name}?",
        "It counts at once, also for messages that are waiting to go. Messages about their own orders still go.",
        confirm_label="No more marketing",
    )
    if yes:
        await io(_set_wish, person.id, True, "", await current_actor())
        toast(f"{person.name} gets no more marketing.")
        await changed()


async def _subscribe(person: Known, changed: Changed) -> None:
    with sheet(f"Write to {person.name} again?") as dialog:
        text("Only if they asked for it themselves. What you write here is kept as the proof.", "body", "p")
        field = Field(
            "How did they ask?", "For example: asked in the shop when collecting a ring.", testid="reason"
        )
        with field.body:
            entry = text_input(label="How did they ask?", testid="reason-input").props("autofocus")

        async def go() -> None:
            by = await current_actor()
            with refusals_to(lambda _, sentence: field.wrong(sentence)):
                await io(_set_wish, person.id, False, entry.value or "", by)
                dialog.submit(True)

        entry.on("keydown.enter", go, [])
        with box("actions"):
            button("Cancel", lambda: dialog.submit(False))
            button("Write to them again", go, kind="primary", testid="reason-save")
    if await ask(dialog):
        toast(f"{person.name} gets marketing again.")
        await changed()


def _set_wish(customer_id: int, opted_out: bool, reason: str, by: Actor) -> None:
    with unit() as session:
        consent.set_by_staff(session, customer_id, opted_out=opted_out, reason=reason, by=by, now=now())
