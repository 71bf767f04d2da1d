"""The questions before a second try, and the decision about a message of which nobody knows whether it arrived.

Each asks, acts, and answers whether anything was changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data.database import now, reading
from domain.channels.email import message_id
from domain.ledger import deliveries
from domain.ledger.deliveries import Line, State
from domain.refusal import missing
from domain.sending import dispatches, resending
from domain.sending.resending import Prospect, Retried, Which
from domain.shop.shop import read as read_shop
from jobs import sending
from ui import channel_words, words
from ui.channel_words import ChannelWords
from ui.frame import current_actor
from ui.parts.basics import box, button, facts, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, toast
from ui.parts.send_controls import something_moved

FROZEN = "They get the same message as everybody else on this send."
TWICE = "It may arrive twice: nobody knows whether the first one did."
LEAVE = "Not now"
EMAIL = "email"


@dataclass(frozen=True)
class Doubt:
    """What there is to know about a message that may have arrived."""

    line: Line
    pairs: list[tuple[str, str]]
    words: ChannelWords


def label_of(term: str, count: int) -> str:
    """The words of the button for all of them; the number is how many it would do something for."""
    number = words.number(count)
    if term == Which.FAILED:
        return f"Try the {number} failed again" if count != 1 else "Try the one that failed again"
    if term == Which.NOT_SURE:
        return f"Decide about {number}"
    return f"Send to the {number} called off" if count != 1 else "Send to the one called off"


def icon_of(term: str) -> str:
    """To decide sends nothing yet."""
    return "question" if term == Which.NOT_SURE else "send"


async def for_all(dispatch_id: int, term: str) -> bool:
    """What the button for a whole term of the equation does."""
    which = Which(term)
    return await (_decide_about_all(dispatch_id) if which is Which.NOT_SURE else _again(dispatch_id, which))


async def for_one(delivery_id: int) -> bool:
    """What the button in a row does."""
    doubt = await io(_doubt, delivery_id)
    if doubt.line.state is Which.NOT_SURE.state:
        return await _decide(doubt)
    return await _one_again(doubt.line)


async def _again(dispatch_id: int, which: Which) -> bool:
    seen = await io(_prospect, dispatch_id, which)
    sure = not seen.ready or await confirm(
        f"Send it to {words.people(seen.ready)} {'again' if which is Which.FAILED else 'now'}?",
        f"{FROZEN} {_left_behind(seen)}".strip(),
        confirm_label="Try again" if which is Which.FAILED else "Send",
        icon="send",
    )
    if not sure:
        return False
    by = await current_actor()
    return _told(await io(sending.retry, dispatch_id, which, by))  # where nobody can be tried, it says why


async def _one_again(line: Line) -> bool:
    who, never_sent = line.name or line.address, line.state is State.CANCELLED
    sure = await confirm(
        f"Send it to {who} {'now' if never_sent else 'again'}?",
        f"The message of this send goes to {line.address}, or to the address that stands in the customer book by now.",
        confirm_label="Send now" if never_sent else "Send again",
        icon="send",
    )
    return sure and await _resend(line)


async def _resend(line: Line, *, even_if_twice: bool = False) -> bool:
    by = await current_actor()
    await io(_resent, line.id, by, even_if_twice)
    _moved(f"On its way to {line.name or line.address}")
    return True


async def _decide(doubt: Doubt) -> bool:
    line = doubt.line
    who = line.name or line.address
    choice = await _choice(
        f"Did it reach {who}?",
        doubt.words.to_look_for,
        doubt.pairs,
        again="Send again",
        counted="Count as sent",
    )
    if choice == "sent":
        by = await current_actor()
        await io(sending.count_as_sent, line.id, by)
        _moved("Counted as sent")
        return True
    return choice == "again" and await _sure_twice(1) and await _resend(line, even_if_twice=True)


async def _decide_about_all(dispatch_id: int) -> bool:
    seen = await io(_prospect, dispatch_id, Which.NOT_SURE)
    number, said = await io(_all_in_doubt, dispatch_id)
    choice = await _choice(
        f"Did it reach these {words.people(number)}?" if number != 1 else "Did it reach this person?",
        said.to_look_for_all,
        [],
        again=f"Send to {words.people(seen.ready)} again" if seen.ready else "",
        counted="Count as sent" if number == 1 else f"Count all {words.number(number)} as sent",
        note=" ".join(filter(None, [_left_behind(seen), seen.obstacle])),
    )
    if choice == "sent":
        by = await current_actor()
        counted = await io(sending.count_all_as_sent, dispatch_id, by)
        _moved(f"{words.people(counted)} counted as sent")
        return True
    if choice != "again" or not await _sure_twice(seen.ready):
        return False
    by = await current_actor()
    return _told(await io(sending.retry, dispatch_id, Which.NOT_SURE, by))


async def _choice(
    title: str, body: str, pairs: list[tuple[str, str]], *, again: str, counted: str, note: str = ""
) -> Any:
    """ "again", "sent", or None."""
    with sheet(title, wide=not pairs) as dialog:
        text(body, "body", "p")
        if pairs:
            facts(pairs, left=True, testid="doubt")
        if note:
            text(note, "hb-help")
        with box("actions"):
            button(LEAVE, _answer(dialog, None), kind="ghost", testid="cancel")
            if again:
                button(again, _answer(dialog, "again"), icon="send", testid="send-again")
            button(counted, _answer(dialog, "sent"), kind="primary", icon="check", testid="count-as-sent")
    return await ask(dialog)


async def _sure_twice(count: int) -> bool:
    return await confirm(
        "Send it again all the same?" if count == 1 else f"Send it to {words.people(count)} all the same?",
        TWICE if count == 1 else "It may arrive twice: nobody knows whether the first ones did.",
        confirm_label="Send again",
        kind="danger",
        icon="send",
    )


def _answer(dialog: Any, value: str | None) -> Callable[[], None]:
    return lambda: dialog.submit(value)


def _told(retried: Retried) -> bool:
    left = Prospect(retried.queued, retried.left)
    rest = f" Not tried: {left.why}." if left.left else ""
    _moved(f"On its way to {words.people(retried.queued)}.{rest}")
    return True


def _moved(sentence: str) -> None:
    something_moved.emit()
    toast(sentence)


def _left_behind(seen: Prospect) -> str:
    return f"Not tried: {seen.why}." if seen.left else ""


def _resent(delivery_id: int, by: Any, even_if_twice: bool) -> None:
    sending.resend(delivery_id, by, even_if_twice=even_if_twice)


def _prospect(dispatch_id: int, which: Which) -> Prospect:
    with reading() as session:
        return resending.prospect(session, dispatch_id, which)


def _all_in_doubt(dispatch_id: int) -> tuple[int, ChannelWords]:
    with reading() as session:
        said = channel_words.of(dispatches.get(session, dispatch_id).channel)
        return deliveries.books(session, dispatch_id).not_sure, said


def _doubt(delivery_id: int) -> Doubt:
    moment = now()
    with reading() as session:
        line = deliveries.by_id(session, delivery_id)
        if line is None:
            raise missing("message")
        dispatch, zone = dispatches.get(session, line.dispatch_id), read_shop(session).zone
    by_mail = dispatch.channel == EMAIL
    number = message_id(dispatch.from_email, dispatch.id, line.id, line.attempts) if by_mail else ""
    pairs = [
        ("Address" if by_mail else "Number", line.address),
        ("Handed over", words.when(line.at, zone, moment) if line.at else ""),
        ("Message-ID", number),
        ("Heard last", line.reply or ""),
    ]
    known = [(name, value) for name, value in pairs if value]
    return Doubt(line, known, channel_words.of(dispatch.channel))
