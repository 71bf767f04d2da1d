"""What became of one message at whoever carries it, and where that was decided."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from data.dialogue import Reply
from data.mail_account import words

# "left_out": our own books say that this one may not get it, and nobody was asked.
Stage = Literal["mail", "rcpt", "data", "body", "final", "content", "account", "left_out"]


class Fate(StrEnum):
    """UNSENT: no byte of the body has left, so trying again is safe. UNKNOWN: it has, and no answer was heard."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """`stage` is where the matter was decided; `code` is 0 where the words are ours and not the server's.

    "mail" is about the sender or the account, "rcpt" about the recipient, "data" and "final" about the message,
    and "body" means that the gate stayed closed. Code 421 at any stage: the server is leaving, use a new session.
    "content" and "account" hold up everybody: nobody can get these words now, or the shop itself is kept from sending.
    `reason` is the ledger's word where it is known better than by the code; `again` is how long "later" is at least.
    """

    fate: Fate
    code: int
    text: str
    stage: Stage
    reason: str = ""
    again: timedelta | None = None


HELD_BACK: Final = Answer(Fate.UNSENT, 0, "Held back before it was handed over.", "body")
_FATES: Final = {2: Fate.ACCEPTED, 4: Fate.DEFERRED, 5: Fate.REFUSED}


def answer(reply: Reply, stage: Stage, fate: Fate | None = None) -> Answer:
    """The server's words; its code decides the fate where it is not known better."""
    return Answer(fate or _FATES[reply.code // 100], reply.code, words(reply.raw), stage)
