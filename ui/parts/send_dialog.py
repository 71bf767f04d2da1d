"""The last question before a message leaves, and the press itself; also for a time to come.

Each of these raises Refusal where it can't be sent, so that the page can say so beside the thing.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from data.database import now, reading, unit
from domain.audience.audience import Audience
from domain.sending import calendar, preview, schedules
from domain.sending.calendar import Appointment
from domain.sending.launches import Press
from domain.sending.preview import Prospect
from domain.sending.whatsapp_forecast import over_days, room_said
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from jobs import sending
from ui import words
from ui.frame import current_actor
from ui.parts.also_pairs import (
    also_pairs,
    beside,
    messages,
    reached,
    scheduled_said,
    sends_said,
    was_launched,
    whom,
)
from ui.parts.basics import alert, box, button, facts, put, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io
from ui.parts.schedule_picker import quiet_sentence
from ui.parts.sent_message import readable
from ui.parts.whatsapp_outlook import cost_said
from ui.parts.whatsapp_templates import language

To = Literal["remaining", "everyone"]
AGAIN = "again"
COUNTED_AGAIN = "The number is counted again at that moment."
NOBODY_TODAY = "Nobody would get it today."


async def confirm_and_send(campaign_id: int, *, version: int | None = None) -> int | None:
    """Ask, then launch the campaign. Gives the dispatch's id, or None when the person thought better of it.

    `version` is that of the campaign the person looked at. After a launch that reached only some, the main
    choice is the rest of them; everybody once more must be written out.
    """
    by = await current_actor()
    found = await io(_of_campaign, campaign_id, by)
    chosen = await _asked(found)
    if chosen is None:
        return None
    by = await current_actor()
    to_all = chosen == "everyone"
    press = Press(
        sending.undo_window(),
        chosen,
        expected=(found.everyone if to_all else found.usual).reachable,
        version=version,
        nonce=secrets.token_hex(16),
        also_expected=beside(found, to_all=to_all) if found.also else None,
    )
    return (await io(sending.send_now, campaign_id, press, by)).id


async def confirm_and_send_one_shot(
    fields: dict[str, Any], audience: Audience, nonce: str, channel: str = "email"
) -> int | None:
    """Ask, then send without a campaign. `nonce` belongs to the form: a second press finds the first send."""
    by = await current_actor()
    found = await io(_of_form, fields, audience, channel, by)
    if await _asked(found) is None:
        return None
    by = await current_actor()
    press = Press(sending.undo_window(), expected=found.everyone.reachable, nonce=nonce)
    return await io(_send_form, fields, audience, channel, press, by)


async def confirm_and_schedule(campaign_id: int, wall: str, *, version: int | None = None) -> bool:
    """Ask, then schedule for this time on the shop's clock. `wall` is such as "2026-12-01T09:00"."""
    by = await current_actor()
    found, when, sentence = await io(_of_schedule, campaign_id, wall, by)
    waits = await io(_waits, found, when.instant)
    count = found.usual.reachable + beside(found)
    late = _on_those_days(found)
    yes = await confirm(
        f"Schedule for {sentence}?",
        " ".join(filter(None, [when.note, waits, late, "" if count else NOBODY_TODAY, COUNTED_AGAIN])),
        pairs=_pairs(found),
        confirm_label=scheduled_said(found) if count else "Schedule anyway",
        icon="clock",
    )
    if yes:
        await io(_schedule, campaign_id, wall, version, await current_actor())
    return yes


async def _asked(found: Prospect) -> To | None:
    """Whom to send to, as the person chose."""
    waits = await io(_waits, found)
    if not was_launched(found):
        return "remaining" if await _sure(found, waits) else None
    answer = await _remaining_or_all(found, waits)
    if answer == "everyone":
        return "everyone" if await _sure_again(found) else None
    return "remaining" if answer == "remaining" else None


async def _sure(found: Prospect, waits: str) -> bool:
    people = whom(found)
    spread = over_days(found.forecast) if found.forecast else ""
    return await confirm(
        f"Send {spread}?" if spread else f"Send to {people}?",
        " ".join(filter(None, [_over_days(found), undo_sentence(waits)])),
        pairs=_pairs(found),
        confirm_label=f"Send {spread}" if spread else sends_said(found),
        icon="send",
    )


async def _remaining_or_all(found: Prospect, waits: str) -> Any:
    rest, everybody = found.usual.reachable + beside(found), messages(found)
    title = f"Send to the remaining {rest:,}?" if rest else "Everybody has been reached"
    with sheet(title, wide=True) as dialog:
        facts(_pairs(found))
        alert(
            f"{words.people(reached(found))} got this campaign already.",
            "Nobody gets it twice unless you say so." if rest else "",
            testid="reached-before",
        )
        text(" ".join(filter(None, [_over_days(found), undo_sentence(waits)])), "body", "p")
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None), kind="ghost", testid="cancel")
            button(
                f"Send to all {everybody:,} again",
                lambda: dialog.submit("everyone"),
                testid="send-all-again",
            )
            if rest:
                put(
                    button(
                        f"Send to the remaining {rest:,}",
                        lambda: dialog.submit("remaining"),
                        kind="primary",
                        icon="send",
                        testid="confirm",
                    ),
                    autofocus=True,
                )
    return await ask(dialog)


async def _sure_again(found: Prospect) -> bool:
    return await confirm(
        f"Send to all {messages(found):,} again?",
        f"{words.people(reached(found))} will get the same message a second time.",
        confirm_label=sends_said(found, to_all=True),
        kind="danger",
        icon="send",
        typed=AGAIN,
    )


def _pairs(found: Prospect) -> Sequence[tuple[str, str]]:
    count = found.usual
    pairs = [
        ("By email to" if found.also else "Goes to", words.named(found.first_names, count.reachable)),
        ("Audience", found.audience),
        ("Subject", readable(found.subject)),
        *_of_the_template(found),
        ("Left out", count.why),
        ("Worth a look", " ".join(_doubts(found))),
        *also_pairs(found),
    ]
    return [(name, value) for name, value in pairs if value]


def _of_the_template(found: Prospect) -> Iterator[tuple[str, str]]:
    if found.template is not None:
        name, code = found.template
        yield "Template", f"{name}, {language(code)}"
    if found.forecast is not None and found.template is not None:
        yield "Costs", cost_said(found.forecast.cost)


def _doubts(found: Prospect) -> Iterator[str]:
    """Without what stands in lines of its own."""
    told = found.forecast
    mine = () if told is None else (told.cost.words, room_said(told))
    return (one for one in found.doubts if not any(said in one for said in mine))


def _over_days(found: Prospect) -> str:
    """Where a number reaches only so many in a day: nothing has to be done for those who wait."""
    told = found.forecast
    if told is None or not told.later:
        return ""
    return f"{room_said(told)} The rest goes out by itself; until then you can stop it."


def _on_those_days(found: Prospect) -> str:
    told = found.forecast
    if told is None or not told.later:
        return ""
    return f"{room_said(told)} It goes to {over_days(told, 'on that day', 'the day after')}."


def undo_sentence(waits: str) -> str:
    if waits:
        return f"{waits} Until then you can stop it."
    seconds = int(sending.undo_window().total_seconds())
    if not seconds:
        return "It leaves at once, and what has left can't be called back."
    return f"You have {words.counted(seconds, 'second')} to undo. After that, what has left can't be called back."


def _waits(found: Prospect, at: datetime | None = None) -> str:
    """What the shop's quiet hours do to it at that moment, or where it is pressed now: when the undo time is over."""
    if not found.message_type.needs_consent:
        return ""
    with reading() as session:
        shop = read_shop(session)
        return quiet_sentence(shop.quiet, shop.zone, at or now() + sending.undo_window(), now=at is None)


def _of_campaign(campaign_id: int, by: Actor) -> Prospect:
    by.require(Right.SEND)
    with reading() as session:
        return preview.of_campaign(session, campaign_id, now=now())


def _of_form(fields: dict[str, Any], audience: Audience, channel: str, by: Actor) -> Prospect:
    by.require(Right.SEND)
    with reading() as session:
        return preview.prospect(session, preview.drafted(session, fields), audience, channel, now=now())


def _send_form(fields: dict[str, Any], audience: Audience, channel: str, press: Press, by: Actor) -> int:
    with reading() as session:
        draft = preview.drafted(session, fields)
    return sending.send_one_shot(draft, audience, press, by, channel_name=channel).id


def _of_schedule(campaign_id: int, wall: str, by: Actor) -> tuple[Prospect, Appointment, str]:
    """The moment must be right; an audience that is empty today may be full on that day."""
    by.require(Right.SEND)
    with reading() as session:
        zone = read_shop(session).zone
        when = calendar.appointment(wall, zone, now=now())
        found = preview.of_campaign(session, campaign_id, even_nobody=True, now=now())
        return found, when, words.moment_in_full(when.instant, zone)


def _schedule(campaign_id: int, wall: str, version: int | None, by: Actor) -> None:
    with unit() as session:
        when = calendar.appointment(wall, read_shop(session).zone, now=now())
        schedules.schedule(session, campaign_id, when, by=by, now=now(), version=version)
