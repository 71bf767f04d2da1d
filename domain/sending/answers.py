"""What an answer of the mail server means: for the row, for the address, for the account. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from data.smtp import Answer, Fate, Stage
from domain.ledger.causes import DEAD
from domain.ledger.deliveries import State
from domain.ledger.replies import cause_of
from domain.ledger.steps import Claim, Result
from domain.sending.dispatches import Hold

BARS: Final[Mapping[Stage, Hold]] = {"content": Hold.CONTENT, "account": Hold.ACCOUNT}
NO_SUCH_ADDRESS = "no_such_address"
FIRST_RETRY, LONGEST_RETRY = (
    timedelta(minutes=5),
    timedelta(minutes=67),
)  # of a recipient the server put off (F2)
GIVE_UP_AFTER = timedelta(hours=24)
FEWEST_TRIES = 3  # also where that day was over before the first: the shop's computer was off
SAYS_NOBODY = {
    "5.1.1",
    "5.1.2",
    "5.1.3",
    "5.1.10",
    "5.2.1",
}  # enhanced codes that speak about the address itself
# Without such a code only plain words count: "550 relay not permitted" would mark the whole book as gone.
NOBODY_THERE = re.compile(
    r"no such|unrouteable|(user|mailbox|recipient|address|account)\b.*\b(unknown|not found|not exist|n't exist|invalid)"
    r"|(unknown|invalid|no|not a valid) (user|mailbox|recipient|address|account)\b",
    re.IGNORECASE,
)


def result(claim: Claim, answer: Answer, *, since: datetime, now: datetime) -> Result:
    """How the row stands after an answer that is about this recipient. `since`: when the dispatch was launched."""
    if answer.fate is Fate.ACCEPTED:
        return outcome(claim, State.SENT, None, answer)
    if answer.fate is Fate.UNKNOWN:
        return outcome(claim, State.UNKNOWN, "no_answer", answer)
    if answer.stage == "left_out":
        return outcome(claim, State.SKIPPED, answer.reason, answer)
    if answer.fate is Fate.REFUSED:
        usual = NO_SUCH_ADDRESS if is_dead(answer) else "refused"
        return outcome(claim, State.FAILED, answer.reason or usual, answer)
    next_at = next_try(claim.tries + 1, since, now, answer.again)
    if next_at is None:
        return outcome(claim, State.FAILED, answer.reason or "gave_up", answer)
    return Result(claim.id, claim.attempt, State.DEFERRED, "later", answer.code, answer.text, next_at)


def outcome(claim: Claim, state: State, reason: str | None, answer: Answer) -> Result:
    return Result(claim.id, claim.attempt, state, reason, answer.code or None, answer.text)


def is_about_the_account(answer: Answer) -> bool:
    """The server leaves, or does not want this sender at all: no recipient is to blame."""
    return answer.fate in (Fate.REFUSED, Fate.DEFERRED) and (answer.code == 421 or answer.stage == "mail")


def is_dead(answer: Answer) -> bool:
    """Nobody has this address, and nobody will.

    At our own door a server must say so outright, by code or in plain words; and what else it says must not speak
    against it, as in "5.1.1 mailbox full".
    """
    if answer.fate is not Fate.REFUSED or answer.stage != "rcpt":
        return False
    first = answer.text.split(" ", 1)[0]
    in_words = answer.code in (550, 553) and not first.startswith("5.") and NOBODY_THERE.search(answer.text)
    return bool(first in SAYS_NOBODY or in_words) and cause_of(answer.code, answer.text) in DEAD


def account_sentence(answer: Answer, sender: str) -> str:
    said = f"{answer.code} {answer.text}".strip()
    if answer.code == 552:  # by the size that MAIL announced (RFC 1870)
        return f"The message is too big for the mail server. It said: {said}"
    if answer.stage == "mail" and answer.code != 421:
        return f"The mail server did not accept {sender} as the sender. It said: {said}"
    return f"The mail server is not taking mail just now. It said: {said}"


def next_try(tries: int, since: datetime, now: datetime, again: timedelta | None = None) -> datetime | None:
    """None: the server has said "later" often enough. `again` is how long it wants to be left alone."""
    pause = again or min(FIRST_RETRY * 2 ** min(tries - 1, 8), LONGEST_RETRY)
    in_time = tries < FEWEST_TRIES or now + pause - since <= GIVE_UP_AFTER
    return now + pause if in_time else None
