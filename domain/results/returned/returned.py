"""What one returned mail means."""

from dataclasses import dataclass
from enum import StrEnum

from domain.ledger.causes import TOLD, Cause
from domain.message.marks import OUR_OWN


class Kind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    REPLY = "reply"
    OTHER = "other"


class Action(StrEnum):
    """What became of the message (RFC 3464, 2.3.3); only a final one is an end."""

    FAILED = "failed"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the report is about. `permanent`: nobody should write to this address again."""

    address: str
    permanent: bool | None
    cause: Cause | None  # None in a person's complaint: nothing is wrong with the mailbox
    status: str = ""  # RFC 3463, such as 5.1.1
    diagnostic: str = ""  # the server's own words
    action: Action = Action.FAILED
    reached: str = ""  # where a forwarded message ended, where that is another address than ours

    @property
    def reason(self) -> str:
        return TOLD[self.cause].sentence if self.cause else REPORTED_AS_SPAM


REPORTED_AS_SPAM = "This person reported the message as spam."


@dataclass(frozen=True, slots=True)
class Original:
    """What the report tells of the message that was sent: enough to find it again."""

    message_id: str = ""  # without brackets
    to: tuple[str, ...] = ()
    sender: str = ""
    subject: str = ""
    unsubscribe: str = (
        ""  # List-Unsubscribe as it stands; our address in it names the person when all else is blacked out
    )
    marks: tuple[tuple[str, str], ...] = ()  # its X- headers, names in lower case

    @property
    def mark(self) -> str:
        """Ours, which names the delivery."""
        return dict(self.marks).get(OUR_OWN.casefold(), "")


@dataclass(frozen=True, slots=True)
class Returned:
    kind: Kind
    recipients: tuple[Person, ...] = ()
    original: Original = Original()
    sender: str = ""
    subject: str = ""
    answers: tuple[str, ...] = ()  # message ids this mail answers to, the nearest first
    delivered_to: tuple[
        str, ...
    ] = ()  # our own addresses it came to: a marked return address names the delivery
    words: str = ""  # what a person (or their auto-reply) wrote, without what they quote
    feedback: str = ""  # the complaint's own word: abuse, fraud, opt-out
