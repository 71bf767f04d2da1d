"""Why many could not be reached, and what helps: the most frequent causes of a send in words (S4-45)."""

from sqlalchemy.orm import Session

from domain.ledger import replies, second_tries
from domain.ledger.causes import TOLD
from domain.sending.reports import Report
from ui import words

LOOKED_AT = 1_000  # answers; more would say the same
TOLD_AT_MOST = 3  # causes; the rest stands in the list


def said(session: Session, report: Report) -> str:
    """A line for each of the most frequent ones, such as "8 with a full mailbox. Try these again in a few days." """
    found = replies.counted(second_tries.refusals(session, report.dispatch.id, most=LOOKED_AT))
    told = [
        f"{words.number(count)} {TOLD[cause].many}. {TOLD[cause].advice}"
        for cause, count in list(found.items())[:TOLD_AT_MOST]
    ]
    rest = report.books.failed - sum(list(found.values())[:TOLD_AT_MOST])
    if rest > 0:
        told.append(f"{words.number(rest)} for other reasons: see the list.")
    return "\n".join(told)
