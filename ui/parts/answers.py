"""What one customer answered to our messages: the first lines of each letter, in plain words."""

from dataclasses import dataclass
from typing import Final

from data.database import now, reading
from domain.audience.audience import Audience, Who
from domain.book.message_types import MessageType
from domain.ledger import received, windows
from domain.ledger.received import ReceivedMail
from domain.sending.listening import listening
from domain.shop.people import Right
from domain.shop.shop import read as read_shop
from ui.frame import current_actor
from ui.parts.basics import alert, box, card, link_button, text
from ui.parts.feedback import io
from ui.words import counted, when, within

MEDIA: Final = {"Photo", "Video", "Voice message", "Sound", "Document", "Sticker"}
MOST: Final = 20  # letters
MOST_LINES, MOST_LETTERS = 8, 600  # of one letter
FREELY: Final = (
    "To answer them. After that only a template that WhatsApp has approved, until they write again."
)
NOT_AGREED: Final = (
    "But they have not said yes to WhatsApp, so the shop does not write to them. Where they asked you to, note their yes under "
    "Preferences first."
)
THERE: Final = "Pictures, files and voice messages stay at WhatsApp; here it is only noted that they came."
HELP: Final = "What came back from this person, newest first. Whole letters lie in your inbox."


@dataclass(frozen=True)
class Answer:
    subject: str
    words: str
    when: str


async def answers_card(customer_id: int) -> None:
    """Nothing, where nothing was answered."""
    room = box("full")
    by = await current_actor()
    found, total, until, may_write = await io(_found, customer_id)
    if not found or room.is_deleted:
        return
    has_media = any(one.subject.partition(" by WhatsApp")[0] in MEDIA for one in found)
    with room, card("Answers", f"{HELP} {THERE}" if has_media else HELP, testid="answers"):
        if until:
            alert(
                f"You may write freely by WhatsApp until {until}",
                FREELY if may_write else NOT_AGREED,
                tone="good" if may_write else "warn",
                actions=(lambda: _answering(customer_id)) if may_write and by.may(Right.SEND) else None,
                testid="window-open",
            )
        for one in found:
            _letter(one)
        if total > len(found):
            text(f"And {counted(total - len(found), 'older one')}.", "hb-help")


def _answering(customer_id: int) -> None:
    link_button(
        "Answer them", f"/marketing/whatsapp-campaigns?to={customer_id}", icon="chat", testid="answer-them"
    )


def _letter(one: Answer) -> None:
    with box("hb-answer", "article", testid="answer"):
        with box("hb-row wrap"):
            text(one.subject, "grow", "b")
            text(one.when, "hb-help", "span")
        text(one.words, "pre")


def _found(customer_id: int) -> tuple[list[Answer], int, str, bool]:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        found = received.of(session, customer_id, MOST)
        total = received.how_many(session, customer_id)
        end = windows.open_until(session, customer_id, now=moment)
        may_write = bool(end and listening(session, _only(customer_id), MessageType.OPERATIONAL, now=moment))
    until = within(when(end, zone, moment)) if end else ""
    return [_told(one, when(one.received_at, zone, moment)) for one in found], total, until, may_write


def _only(customer_id: int) -> Audience:
    return Audience(Who.MANUAL, customer_ids=(customer_id,))


def _by_whatsapp(note: str) -> str:
    """What came that is no text: "Voice message by WhatsApp", "Document by WhatsApp: ring.pdf"."""
    kind, _, name = note.partition(": ")
    if not kind or "WhatsApp" in kind:
        return note or "By WhatsApp"
    return f"{kind} by WhatsApp: {name}" if name else f"{kind} by WhatsApp"


def _told(one: ReceivedMail, at: str) -> Answer:
    lines = one.words.splitlines()
    shown = "\n".join(lines[:MOST_LINES])[:MOST_LETTERS].rstrip()
    is_cut = len(shown) < len(one.words.rstrip())
    if one.channel == "whatsapp":
        return Answer(_by_whatsapp(one.note), f"{shown} …" if is_cut else shown, at)
    return Answer(one.subject or "(no subject)", f"{shown} …" if is_cut else shown or "(no words)", at)
