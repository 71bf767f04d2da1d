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
    came_back: str = "came back"
    why: Mapping[str, str] = field(default_factory=dict)  # reasons that read otherwise


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
    came_back="not delivered",
    why={
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
)
BY_CHANNEL: Final[Mapping[str, ChannelWords]] = {"whatsapp": WHATSAPP}


def of(channel: str) -> ChannelWords:
    return BY_CHANNEL.get(channel, EMAIL)
