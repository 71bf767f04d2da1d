"""What the report of a send says otherwise for each channel: who took the message, and how one knows that it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class ChannelWords:
    taker: str  # who takes a message from the shop
    opened: str
    on_opening: str  # how far that can be believed
    taken: str  # what "sent" means
    opening: str  # and what "opened" means
    answers: str
    in_doubt: str
    to_look_for: str  # of one such message
    to_look_for_all: str
    final: str = "Who was sent to is final."
    on_the_way: str = (
        "They opted out, or were changed or deleted, after Send was pressed and before their turn came."
    )
    why: Mapping[str, str] = field(default_factory=dict)  # reasons that read otherwise
    heard: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # and what came back


EMAIL: Final = ChannelWords(
    taker="The mail server",
    opened="Opened",
    on_opening=(
        "An open is noticed when the mail program loads the pictures of a message. Some never do, and some do it for "
        "everybody before anyone reads: those count as machines. Clicks are the surer sign."
    ),
    taken="The mail server took it.",
    opening="People whose mail program showed the pictures of the message.",
    answers="Answers come to your usual mailbox, most of them within a day.",
    in_doubt=(
        "Their message was handed to the mail server, but its answer never reached Handbill. Most such messages do "
        "arrive. They are never sent again by themselves, so nobody gets it twice. To know for certain, ask the person, or "
        "look in the mail server’s log for the Message-ID that stands in the list below."
    ),
    to_look_for=(
        "The message was handed to the mail server, and no answer came. Ask the person, or look for the Message-ID in "
        "the mail server’s log at that time."
    ),
    to_look_for_all=(
        "Their messages were handed to the mail server, and no answer came. Most such messages do arrive. The time and "
        "the Message-ID to look for stand beside each of them in the list."
    ),
)
WHATSAPP: Final = ChannelWords(
    taker="WhatsApp",
    opened="Read",
    on_opening=(
        "WhatsApp tells when somebody has read a message, unless they switched that off: then it says no more than that "
        "it was delivered."
    ),
    taken="WhatsApp took it.",
    opening="People of whom WhatsApp says that they have read it.",
    answers="Who answers stands on their own page, and may then be written to freely for 24 hours.",
    in_doubt=(
        "Their message was handed to WhatsApp, but its answer never reached Handbill. Most such messages do arrive, and "
        "mostly WhatsApp says so within minutes. They are never sent again by themselves, so nobody gets it twice."
    ),
    to_look_for=(
        "The message was handed to WhatsApp, and no answer came. If it went through, WhatsApp mostly says so within "
        "minutes, and then this settles by itself. Else look into the chat with this person, or ask them."
    ),
    to_look_for_all=(
        "Their messages were handed to WhatsApp, and no answer came. Most such messages do arrive; where WhatsApp reports "
        "one, it settles by itself. Wait some minutes before you decide."
    ),
    why={
        "window_closed": "Has not written to you within 24 hours, so WhatsApp takes only a template for them.",
        "refused": "WhatsApp refused the message.",
        "gave_up": "WhatsApp kept saying “later” for a day.",
        "later": "WhatsApp said “later”. Handbill tries again by itself.",
        "no_answer": "Handed over, but WhatsApp’s answer never came.",
        "no_address": "Has no phone number.",
        "bad_address": "WhatsApp can’t reach this number.",
        "suppressed": "Not to be written to: this number asked for no more.",
        "address_changed": "The number was changed after Send was pressed.",
        "duplicate": "Somebody else on the list has the same number.",
        "bounced": "It could not be delivered.",
        "proved": "Arrived: it was read, answered, or reported as delivered.",
    },
    final="Who was sent to is final: what WhatsApp took, and then could not deliver or held back, stays among them.",
    on_the_way=(
        "Before their turn came they opted out, were changed or deleted, or it was more than 24 hours since they wrote, "
        "where these are free words."
    ),
    heard={
        "returned": ("Not delivered for now", "bad"),
        "bounced": ("Not delivered", "bad"),
    },
)
HELD: Final = ("Held by WhatsApp", "info")
LOOK_AT_WHATSAPP: Final = (
    "If it went through, WhatsApp mostly says so within minutes, and then this settles by itself. "
    "Else the chat with this person shows it."
)
BY_CHANNEL: Final[Mapping[str, ChannelWords]] = {"whatsapp": WHATSAPP}


def by(channel: str) -> str:
    """Of a send in a list, where most go by email."""
    return "" if channel not in BY_CHANNEL else f"By {BY_CHANNEL[channel].taker}"


def of(channel: str) -> ChannelWords:
    return BY_CHANNEL.get(channel, EMAIL)
