"""The consent ledger in plain words: what somebody said, and how it came about. For the card and for the proof sheet."""

import re
from typing import Final

from sqlalchemy.orm import Session

from domain.book import measuring
from domain.book.message_types import EVERY_TYPE
from domain.book.proof import Consent
from domain.refusal import Refusal
from domain.sending import dispatches
from ui import words

OF_A_SEND: Final = re.compile(r"dispatch (\d{1,18})")
CHANNELS: Final = {"email": "email", "whatsapp": "WhatsApp"}
HOW: Final = {
    "link": "by the link in a message",
    "mail": "by a letter to the shop’s inbox",
    "one_click": "with the mail program’s unsubscribe button",
    "staff": "noted by staff",
    "import": "from an imported list",
    "form": "on a form",
    "api": "through another program",
    "sample": "in the sample shop",
    "provider": "at the mail provider",
    "complaint": "by reporting a message as unwanted",
    "whatsapp_reply": "by a message to the shop on WhatsApp",
    "whatsapp_app": "in WhatsApp itself",
    "click_to_chat": "by a link or code that opens WhatsApp",
    "practice_reply": "by a message on a practice phone",
    "practice_app": "in the settings of a practice phone",
    "practice_chat": "by the words of the link, on a practice phone",
}


def what(line: Consent) -> str:
    """ "Said no to newsletters by email"."""
    said = "Said yes to" if line.allowed else "Said no to"
    if line.message_type == measuring.SCOPE:
        return f"{said} having opens and clicks counted"
    if line.message_type == EVERY_TYPE:
        return f"{said} {'marketing' if line.allowed else 'all marketing'}"
    kind = words.MESSAGE_TYPE.get(line.message_type, line.message_type).lower()
    return f"{said} {kind} by {CHANNELS.get(line.channel, line.channel)}"


def how(line: Consent) -> str:
    told = HOW.get(line.how, line.how)
    if line.how == "staff" and line.by_name:
        told = f"noted by {line.by_name}"
    return f"{told[0].upper()}{told[1:]}"


def source(session: Session, source: str) -> str:
    """A send is told by its name."""
    found = OF_A_SEND.fullmatch(source)
    if not found:
        return source
    try:
        sent = dispatches.get(session, int(found[1]))
    except Refusal:
        return f"Send {found[1]}"
    return f"Send {found[1]}, “{sent.name or sent.subject}”"
