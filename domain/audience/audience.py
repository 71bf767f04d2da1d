"""The questions one asks about an audience: how many, who exactly, why not, in which words."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, case, func, insert, literal, select
from sqlalchemy.orm import Session

from data.base import Instant
from domain.audience.judging import EVERYBODY, Only, judge, not_reached
from domain.audience.meaning import condition
from domain.audience.numbers import how_many_living
from domain.audience.tally import MATCHED, tally
from domain.audience.verdict import Verdict, explain
from domain.audience.who import Audience, Who
from domain.audience.wording import describe
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.ledger.deliveries import Delivery, State

__all__ = [
    "EVERYBODY",
    "Audience",
    "Count",
    "Only",
    "Verdict",
    "Who",
    "count",
    "describe",
    "enlist",
    "explain",
    "first_names",
    "matching",
    "not_reached",
    "size",
]


@dataclass(frozen=True, slots=True)
class Count:
    matched: int
    reachable: int
    left_out: dict[str, int] = field(default_factory=dict)  # only the LeftOut words that occur
    channel: str = "email"

    def sentence(self) -> str:
        if not self.matched:
            return "Nobody matches"
        matched = "1 matches" if self.matched == 1 else f"{self.matched:,} match"
        return f"{matched} \u00b7 {self.why}" if self.left_out else matched

    @property
    def why(self) -> str:
        """Such as "13 without an email · 30 opted out"; empty where nobody is left out."""
        return " \u00b7 ".join(self._said(word, number) for word, number in self.left_out.items())

    def _said(self, word: str, number: int) -> str:
        one, more = LEFT_OUT_WORDS[LeftOut(word)]
        address = "an email" if self.channel == "email" else "a phone number"
        return f"{number:,} {(one if number == 1 else more).format(address=address)}"


LEFT_OUT_WORDS: Final[dict[LeftOut, tuple[str, str]]] = {
    LeftOut.NO_ADDRESS: ("without {address}", "without {address}"),
    LeftOut.BAD_ADDRESS: ("with an address that does not work", "with addresses that do not work"),
    LeftOut.OPTED_OUT: ("opted out", "opted out"),
    LeftOut.NO_YES: ("who never said yes to it", "who never said yes to it"),
    LeftOut.SUPPRESSED: ("not to be written to", "not to be written to"),
    LeftOut.ENOUGH: ("got enough lately", "got enough lately"),
    LeftOut.DUPLICATE: ("shares an address", "share an address"),
}


def count(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    not_reached_by: int | None = None,
    only: Only = EVERYBODY,
    heeding_limit: bool = True,
) -> Count:
    """How many match, how many get it, and why the others do not.

    Not `heeding_limit`: how many could be reached at all, whatever they got lately.
    """
    asked = partial(
        judge, session, audience, reach, message_type, now=now, not_reached_by=not_reached_by, only=only
    )
    judged, each = (asked(heeding_limit=heeding_limit, of_many=of_many) for of_many in (True, False))
    by_reason = tally(session, judged, each)
    matched = by_reason[MATCHED]
    left_out = {str(word): by_reason[word] for word in LEFT_OUT_WORDS if by_reason.get(word)}
    return Count(matched, matched - sum(left_out.values()), left_out, reach.channel)


def enlist(
    session: Session,
    dispatch_id: int,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    next_at: datetime,
    not_reached_by: int | None = None,
    only: Only = EVERYBODY,
) -> int:
    """Write a delivery for everybody who matches, queued or skipped with the reason. Returns how many are queued."""
    judged = judge(session, audience, reach, message_type, now=now, not_reached_by=not_reached_by, only=only)
    found = judged.people().order_by(Customer.id).cte("found")
    state = case((found.c.reason.is_(None), str(State.QUEUED)), else_=str(State.SKIPPED))
    rows = select(
        literal(dispatch_id),
        found.c.id,
        found.c.address,
        state,
        found.c.reason,
        literal(0),
        literal(0),
        literal(next_at, Instant),
    ).order_by(found.c.id)
    columns = ["dispatch_id", "customer_id", "address_key", "state", "reason", "attempts", "tries", "next_at"]
    session.execute(insert(Delivery).from_select(columns, rows, include_defaults=False))
    queued = select(func.count()).where(Delivery.dispatch_id == dispatch_id, Delivery.state == State.QUEUED)
    return session.scalar(queued) or 0


def first_names(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    most: int = 3,
    not_reached_by: int | None = None,
    only: Only = EVERYBODY,
) -> list[str]:
    """A few of those who get it, for "Ana, Ben and 340 others"."""
    judged = judge(session, audience, reach, message_type, now=now, not_reached_by=not_reached_by, only=only)
    some = _first(session, judged.recipients(), most)
    people = session.scalars(select(Customer).where(Customer.id.in_(some)).order_by(Customer.id))
    return [person.first_name or person.shown_name for person in people]


def _first(session: Session, recipients: Select[Any], most: int) -> list[int]:
    """Read only as far as needed. Of one address the first in the book gets it."""
    found: dict[str, int] = {}
    with session.execute(recipients, execution_options={"yield_per": 20}) as rows:
        for customer_id, address in rows:
            found.setdefault(address, customer_id)
            if len(found) == most:
                break
    return list(found.values())


def matching(session: Session, audience: Audience, *, now: datetime) -> Select[int]:
    """Ids of the live customers it means, whether they may be written to or not."""
    return select(Customer.id).where(Customer.deleted_at.is_(None), condition(session, audience, now=now))


def size(session: Session, audience: Audience, *, now: datetime) -> int:
    """How many match, without asking who may be written to."""
    asked = (condition(session, audience, now=now, of_many=of_many) for of_many in (True, False))
    return how_many_living(session, *asked)
