"""Why many could not be reached, and what helps: the most frequent causes of a send in words (S4-45)."""

from collections import Counter

from sqlalchemy.orm import Session

from domain.ledger import hearing, replies, second_tries
from domain.ledger.causes import TOLD, Cause
from domain.sending.reports import Report
from ui import words

LOOKED_AT = 1_000  # answers; more would say the same
TOLD_AT_MOST = 3  # causes; the rest stands in the list


def said(session: Session, report: Report, came_back: int = 0, *, refused: int) -> str:
    """A line for each of the most frequent ones, such as "8 with a full mailbox. Try these again in a few days."

    Refused at once and come back since, together: the shop does the same about either. Whom WhatsApp held back is told apart.
    """
    found = Counter(replies.counted(second_tries.refusals(session, report.dispatch.id, most=LOOKED_AT)))
    if came_back:
        found.update(hearing.why_returned(session, report.dispatch.id))
    found.pop(Cause.HELD_BY_WHATSAPP, None)
    most = found.most_common(TOLD_AT_MOST)
    told = [f"{words.number(count)} {TOLD[cause].many}. {TOLD[cause].advice}" for cause, count in most]
    rest = refused + came_back - sum(count for _, count in most)
    if rest > 0:
        told.append(f"{words.number(rest)} for other reasons: see the list.")
    return "\n".join(told)
