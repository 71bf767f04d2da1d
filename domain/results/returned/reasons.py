"""From a server's words and codes to the reason, and to whether the address is dead.

Only one in three "5.x.x" means that nobody should write to the address again: so the reason decides, never the code
alone. A full mailbox, a spam filter, a message that is too big or a server that did not answer for days is no death.
"""

import re
from typing import Final

from domain.ledger.causes import DEAD, Cause
from domain.ledger.replies import cause_of
from domain.results.returned.returned import Action

STATUS: Final = re.compile(r"(?<![\d.])([45]\.\d\.\d{1,3})(?![\d.]*\d)")
REPLY_CODE: Final = re.compile(r"(?<![\d.:/#-])([45][0-7]\d)(?=[ \-:.,;)\]#]|$)(?![.,]\d)")


def judge(status: str, diagnostic: str, action: Action, notice: str = "") -> tuple[Cause, bool]:
    """The reason and `permanent`. The words tell most; the status and the rest of the notice help where they don't."""
    cause = cause_in(diagnostic)
    if cause is Cause.REFUSED and status:
        cause = cause_of(0, status)
    if cause is Cause.REFUSED and notice:
        cause = _in_lines(notice)
    if cause is Cause.REFUSED and status.startswith("4"):
        cause = Cause.THEIR_TROUBLE
    return cause, action is Action.FAILED and cause in DEAD and not _is_passing(status, diagnostic, cause)


def cause_in(words: str) -> Cause:
    """The server's reply within the words, or what the words themselves say."""
    if not words.strip():
        return Cause.REFUSED
    code = REPLY_CODE.search(words)
    found = cause_of(int(code[1]), words[code.end() :].lstrip(" -:.,;)]")) if code else Cause.REFUSED
    if found is Cause.REFUSED:
        found = cause_of(0, words)
    if found in DEAD and BEFORE_THEM.search(words) and not RCPT.search(words):
        return Cause.NOT_TRUSTED
    return Cause.NOT_WANTED if found is Cause.NOT_ALLOWED and RELAY.search(words) else found


BEFORE_THEM: Final = re.compile(
    r"(?i)\b(after|in reply to|in response to|during) (the )?(mail from|ehlo|helo|initial connection|starttls|auth)\b"
    r"|>>> ?(mail|ehlo|helo)\b|refused to talk to me"
)  # the server had not heard yet for whom the message is: so what it does not know is the sender
RCPT: Final = re.compile(r"(?i)\brcpt\b")


RELAY: Final = re.compile(
    r"(?i)relay|rcpthosts"
)  # said by their server, not by ours: it does not know the domain as its own


def status_in(words: str) -> str:
    found = STATUS.search(words)
    return found[1] if found else ""


def _in_lines(notice: str) -> Cause:
    """Lines with a server's code first: the others are the notice's own courtesy."""
    lines = [" ".join(line.split()) for line in notice.splitlines() if line.strip()][:80]
    for line in sorted(lines, key=lambda one: not REPLY_CODE.search(one)):
        if (cause := cause_in(line)) is not Cause.REFUSED:
            return cause
    return cause_of(0, " ".join(lines))


def _is_passing(status: str, diagnostic: str, cause: Cause) -> bool:
    """A server that says "for now" about a person; a name that could not be looked up may be there tomorrow."""
    code = REPLY_CODE.search(diagnostic)
    said = code[1] if code else ""
    if said.startswith("5"):
        return False
    return said.startswith("4") or (status.startswith("4") and cause is not Cause.NO_SUCH_ADDRESS)
