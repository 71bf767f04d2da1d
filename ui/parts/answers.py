"""What one customer answered to our messages: the first lines of each letter, in plain words."""

from dataclasses import dataclass
from typing import Final

from data.database import now, reading
from domain.ledger import received, windows
from domain.ledger.received import ReceivedMail
from domain.shop.shop import read as read_shop
from ui.parts.basics import alert, box, card, text
from ui.parts.feedback import io
from ui.words import counted, when

MOST: Final = 20  # letters
MOST_LINES, MOST_LETTERS = 8, 600  # of one letter
FREELY: Final = (
    "To answer them. After that only a template that WhatsApp has approved, until they write again."
)
HELP: Final = "What came back from this person, newest first. Whole letters lie in your inbox."


@dataclass(frozen=True)
class Answer:
    subject: str
    words: str
    when: str


async def answers_card(customer_id: int) -> None:
    """Nothing, where nothing was answered."""
    room = box("full")
    found, total, until = await io(_found, customer_id)
    if not found or room.is_deleted:
        return
    with room, card("Answers", HELP, testid="answers"):
        if until:
            alert(
                f"You may write freely by WhatsApp until {until}", FREELY, tone="good", testid="window-open"
            )
        for one in found:
            _letter(one)
        if total > len(found):
            text(f"And {counted(total - len(found), 'older one')}.", "hb-help")


def _letter(one: Answer) -> None:
    with box("hb-answer", "article", testid="answer"):
        with box("hb-row wrap"):
            text(one.subject, "grow", "b")
            text(one.when, "hb-help", "span")
        text(one.words, "pre")


def _found(customer_id: int) -> tuple[list[Answer], int, str]:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        found = received.of(session, customer_id, MOST)
        total = received.how_many(session, customer_id)
        end = windows.open_until(session, customer_id, now=moment)
    until = when(end, zone, moment) if end else ""
    return [_told(one, when(one.received_at, zone, moment)) for one in found], total, _within(until)


def _within(said: str) -> str:
    """In the middle of a sentence; the name of a month keeps its capital."""
    return said[0].lower() + said[1:] if said.startswith("To") else said


def _told(one: ReceivedMail, at: str) -> Answer:
    lines = one.words.splitlines()
    shown = "\n".join(lines[:MOST_LINES])[:MOST_LETTERS].rstrip()
    is_cut = len(shown) < len(one.words.rstrip())
    if one.channel == "whatsapp":
        subject = f"By WhatsApp: {one.note[0].lower()}{one.note[1:]}" if one.note else "By WhatsApp"
        return Answer(subject, f"{shown} …" if is_cut else shown, at)
    return Answer(one.subject or "(no subject)", f"{shown} …" if is_cut else shown or "(no words)", at)
